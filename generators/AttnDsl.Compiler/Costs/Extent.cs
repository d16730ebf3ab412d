using System;
using System.Globalization;

namespace AttnDsl.Compiler.Costs;

/// <summary>How often a cost is paid: per new token, per visible pair, ... Evaluated for a prefill of T tokens and for one decoded token at context S (the token itself included).</summary>
public abstract record Extent
{
    /// <summary>Short form for dumps and docs.</summary>
    public abstract string Symbol { get; }

    public abstract long Prefill(long tokens);

    public abstract long Decode(long context);

    /// <summary>C# expression over <c>long tokens</c>.</summary>
    public abstract string PrefillCode { get; }

    /// <summary>C# expression over <c>long context</c>.</summary>
    public abstract string DecodeCode { get; }
}

/// <summary>Once per new token.</summary>
public sealed record PerToken : Extent
{
    public static PerToken Instance { get; } = new();

    public override string Symbol => "T";

    public override long Prefill(long tokens) => tokens;

    public override long Decode(long context) => 1;

    public override string PrefillCode => "tokens";

    public override string DecodeCode => "1L";
}

/// <summary>Once per visible (query, key) pair, a query seeing the keys from <paramref name="Left"/> before it to <paramref name="Right"/> after it.</summary>
/// <param name="Left">Keys before the query's own position, or null for all.</param>
/// <param name="Right">Keys after it, or null for all.</param>
public sealed record PerVisiblePair(long? Left, long? Right) : Extent
{
    public override string Symbol => "pairs(" + Side(Left) + "," + Side(Right) + ")";

    public override long Prefill(long tokens) => tokens + Reach(tokens, Left) + Reach(tokens, Right);

    public override long Decode(long context) => Left is { } left ? Math.Min(context, left + 1) : context;

    public override string PrefillCode => "(tokens + " + ReachCode(Left) + " + " + ReachCode(Right) + ")";

    public override string DecodeCode => Left is { } left
        ? "global::System.Math.Min(context, " + (left + 1).ToString(CultureInfo.InvariantCulture) + "L)"
        : "context";

    /// <summary>Sum over the positions i of a row of min(i, reach).</summary>
    private static long Reach(long tokens, long? reach) => reach is { } r && r < tokens - 1
        ? (r * (r + 1) / 2) + ((tokens - 1 - r) * r)
        : tokens * (tokens - 1) / 2;

    private static string ReachCode(long? reach) => reach is null
        ? "(tokens * (tokens - 1) / 2)"
        : reach == 0 ? "0" : "Reach(tokens, " + reach.Value.ToString(CultureInfo.InvariantCulture) + ")";

    private static string Side(long? side) => side is { } value ? value.ToString(CultureInfo.InvariantCulture) : "all";
}

/// <summary>Once per visible token, cached ones included: work that a decode step repeats over its context.</summary>
public sealed record PerVisibleToken : Extent
{
    public static PerVisibleToken Instance { get; } = new();

    public override string Symbol => "S";

    public override long Prefill(long tokens) => tokens;

    public override long Decode(long context) => context;

    public override string PrefillCode => "tokens";

    public override string DecodeCode => "context";
}

/// <summary>Once per (query, pooled window) pair whose window of <paramref name="Length"/> tokens, one every <paramref name="Stride"/>, lies wholly in the past.</summary>
public sealed record PerPooledPair(long Length, long Stride) : Extent
{
    public override string Symbol => string.Format(CultureInfo.InvariantCulture, "pooled({0},{1})", Length, Stride);

    public override long Prefill(long tokens)
    {
        long windows = Decode(tokens);

        // Window c is visible to the tokens from its last one on: tokens - (c * stride + length - 1) of them.
        return (windows * (tokens - Length + 1)) - (Stride * windows * (windows - 1) / 2);
    }

    public override long Decode(long context) => context < Length ? 0 : ((context - Length) / Stride) + 1;

    public override string PrefillCode => string.Format(CultureInfo.InvariantCulture, "PooledPairs(tokens, {0}, {1})", Length, Stride);

    public override string DecodeCode => string.Format(CultureInfo.InvariantCulture, "(context < {0} ? 0L : (context - {0}) / {1} + 1)", Length, Stride);
}

/// <summary>Once per (query, listed key) pair, at most <paramref name="Keys"/> keys a query, never more than the causal ones.</summary>
public sealed record PerListedPair(long Keys) : Extent
{
    private PerVisiblePair Window => new(Keys - 1, 0);

    public override string Symbol => string.Format(CultureInfo.InvariantCulture, "listed({0})", Keys);

    public override long Prefill(long tokens) => Window.Prefill(tokens);

    public override long Decode(long context) => Window.Decode(context);

    public override string PrefillCode => Window.PrefillCode;

    public override string DecodeCode => Window.DecodeCode;
}
