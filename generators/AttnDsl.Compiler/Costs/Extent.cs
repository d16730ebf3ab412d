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

/// <summary>Once per new token and for a fixed number of rows before them.</summary>
/// <param name="Before">Rows before the new tokens.</param>
public sealed record PerRecentToken(long Before) : Extent
{
    public override string Symbol => string.Format(CultureInfo.InvariantCulture, "({0}+T)", Before);

    public override long Prefill(long tokens) => tokens == 0 ? 0 : Before + tokens;

    public override long Decode(long context) => Before + 1;

    public override string PrefillCode => string.Format(CultureInfo.InvariantCulture, "(tokens == 0 ? 0L : {0} + tokens)", Before);

    public override string DecodeCode => string.Format(CultureInfo.InvariantCulture, "{0}L", Before + 1);
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

/// <summary>Once per call, whatever its length: work on weights alone.</summary>
public sealed record Once : Extent
{
    public static Once Instance { get; } = new();

    public override string Symbol => "1";

    public override long Prefill(long tokens) => 1;

    public override long Decode(long context) => 1;

    public override string PrefillCode => "1L";

    public override string DecodeCode => "1L";
}

/// <summary>Once per whole window over the visible tokens, those of earlier calls included: work that a decode step repeats.</summary>
public sealed record PerVisibleWindow(long Length, long Stride) : Extent
{
    public override string Symbol => WindowCount.Symbol("windows", Length, Stride);

    public override long Prefill(long tokens) => WindowCount.Of(tokens, Length, Stride);

    public override long Decode(long context) => Prefill(context);

    public override string PrefillCode => WindowCount.Code("tokens", Length, Stride);

    public override string DecodeCode => WindowCount.Code("context", Length, Stride);
}

/// <summary>Once per window that the new tokens complete: a decoded token completes one or none.</summary>
public sealed record PerNewWindow(long Length, long Stride) : Extent
{
    public override string Symbol => WindowCount.Symbol("completed", Length, Stride);

    public override long Prefill(long tokens) => WindowCount.Of(tokens, Length, Stride);

    public override long Decode(long context) => context >= Length && (context - Length) % Stride == 0 ? 1 : 0;

    public override string PrefillCode => WindowCount.Code("tokens", Length, Stride);

    public override string DecodeCode => string.Format(CultureInfo.InvariantCulture, "(context >= {0} && (context - {0}) % {1} == 0 ? 1L : 0L)", Length, Stride);
}

/// <summary>Once per causal pair with a ring: fresh tokens all see each other, a later one sees at most <paramref name="Kept"/> kept tokens and itself.</summary>
public sealed record PerKeptPair(long Kept) : Extent
{
    public override string Symbol => string.Format(CultureInfo.InvariantCulture, "kept({0})", Kept);

    public override long Prefill(long tokens) => new PerVisiblePair(null, 0).Prefill(tokens);

    public override long Decode(long context) => new PerVisiblePair(Kept, 0).Decode(context);

    public override string PrefillCode => new PerVisiblePair(null, 0).PrefillCode;

    public override string DecodeCode => new PerVisiblePair(Kept, 0).DecodeCode;
}

/// <summary>Once per pair that is left when every query keeps at most <paramref name="Most"/> of its pairs.</summary>
/// <param name="Pairs">The pairs before: visible ones, or those with a ring.</param>
/// <param name="Most">At least 1.</param>
public sealed record PerSelectedPair(Extent Pairs, long Most) : Extent
{
    public override string Symbol => string.Format(CultureInfo.InvariantCulture, "largest({0},{1})", Most, Pairs.Symbol);

    public override long Prefill(long tokens)
    {
        if (tokens == 0)
        {
            return 0;
        }

        // A query's pairs rise by one a token from 1 + right, stay where both sides are whole, and fall to 1 + left.
        PerVisiblePair visible = Visible;
        long left = Math.Min(visible.Left ?? tokens, tokens - 1);
        long right = Math.Min(visible.Right ?? tokens, tokens - 1);
        long whole = Math.Min(1 + left + right, tokens);
        return (2 * UpTo(whole - 1)) - UpTo(left) - UpTo(right) + ((tokens - (2 * (whole - 1)) + left + right) * Math.Min(Most, whole));
    }

    public override long Decode(long context) => Math.Min(Pairs.Decode(context), Most);

    public override string PrefillCode => string.Format(CultureInfo.InvariantCulture, "Selected(tokens, {0}, {1}, {2})", Side(Visible.Left), Side(Visible.Right), Most);

    public override string DecodeCode => string.Format(CultureInfo.InvariantCulture, "global::System.Math.Min({0}, {1}L)", Pairs.DecodeCode, Most);

    private PerVisiblePair Visible => Pairs switch
    {
        PerVisiblePair visible => visible,
        PerKeptPair => new PerVisiblePair(null, 0),
        _ => throw new NotSupportedException("no count of the largest among " + Pairs.Symbol),
    };

    /// <summary>Sum of min(Most, n) over n from 1 to a count.</summary>
    private long UpTo(long count) => count <= Most ? count * (count + 1) / 2 : (Most * (Most + 1) / 2) + ((count - Most) * Most);

    private static string Side(long? side) => side is { } value ? value.ToString(CultureInfo.InvariantCulture) : "tokens";
}

/// <summary>Once per (query, pooled window) pair whose window of <paramref name="Length"/> tokens, one every <paramref name="Stride"/>, lies wholly in the past.</summary>
public sealed record PerPooledPair(long Length, long Stride) : Extent
{
    public override string Symbol => string.Format(CultureInfo.InvariantCulture, "pooled({0},{1})", Length, Stride);

    public override long Prefill(long tokens)
    {
        long windows = WindowCount.Of(tokens, Length, Stride);

        // Window c is visible to the tokens from its last one on: tokens - (c * stride + length - 1) of them.
        return (windows * (tokens - Length + 1)) - (Stride * windows * (windows - 1) / 2);
    }

    public override long Decode(long context) => WindowCount.Of(context, Length, Stride);

    public override string PrefillCode => string.Format(
        CultureInfo.InvariantCulture, "({0} * (tokens - {1}) - {2} * {0} * ({0} - 1) / 2)", WindowCount.Code("tokens", Length, Stride), Length - 1, Stride);

    public override string DecodeCode => WindowCount.Code("context", Length, Stride);
}

/// <summary>
/// Once per (query, listed key) pair: <paramref name="Units"/> units of <paramref name="Unit"/> keys a query, fewer if fewer exist, its own unit up to itself always among them.
/// A list that may leave out a query's own unit shows it up to <paramref name="Unit"/> - 1 keys more.
/// </summary>
public sealed record PerListedPair(long Units, long Unit) : Extent
{
    private PerVisiblePair Earlier => new(Units - 1, 0);

    public override string Symbol => string.Format(CultureInfo.InvariantCulture, "listed({0},{1})", Units, Unit);

    public override long Prefill(long tokens)
    {
        long whole = tokens / Unit;
        long rest = tokens % Unit;

        // Whole earlier units first (a query in unit u sees min(u, Units - 1) of them), then the own unit up to the query.
        long earlier = (Unit * (Earlier.Prefill(whole) - whole)) + (rest * Math.Min(whole, Units - 1));
        return (Unit * earlier) + (whole * (Unit * (Unit + 1) / 2)) + (rest * (rest + 1) / 2);
    }

    public override long Decode(long context) => (Math.Min((context - 1) / Unit, Units - 1) * Unit) + ((context - 1) % Unit) + 1;

    public override string PrefillCode => string.Format(
        CultureInfo.InvariantCulture,
        "({0} * ({0} * {1} + {2} * global::System.Math.Min({3}, {4}L)) + {3} * {5} + {2} * ({2} + 1) / 2)",
        Unit,
        Units == 1 ? "0" : string.Format(CultureInfo.InvariantCulture, "Reach(tokens / {0}, {1})", Unit, Units - 1),
        string.Format(CultureInfo.InvariantCulture, "(tokens % {0})", Unit),
        string.Format(CultureInfo.InvariantCulture, "(tokens / {0})", Unit),
        Units - 1,
        Unit * (Unit + 1) / 2);

    public override string DecodeCode => string.Format(
        CultureInfo.InvariantCulture, "(global::System.Math.Min((context - 1) / {0}, {1}L) * {0} + (context - 1) % {0} + 1)", Unit, Units - 1);
}

/// <summary>Whole windows of a length, one every so many tokens.</summary>
internal static class WindowCount
{
    public static long Of(long tokens, long length, long stride) => tokens < length ? 0 : ((tokens - length) / stride) + 1;

    public static string Code(string tokens, long length, long stride) =>
        string.Format(CultureInfo.InvariantCulture, "({0} < {1} ? 0L : ({0} - {1}) / {2} + 1)", tokens, length, stride);

    public static string Symbol(string name, long length, long stride) => string.Format(CultureInfo.InvariantCulture, "{0}({1},{2})", name, length, stride);
}
