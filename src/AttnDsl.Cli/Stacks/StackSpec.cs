using System;
using System.Globalization;
using System.Reflection;

namespace AttnDsl.Cli.Stacks;

/// <summary>The generated <c>Spec</c> class of a layer, read once: widths, sizes and cost formulas.</summary>
internal sealed class StackSpec
{
    private readonly Type _spec;
    private readonly Func<long, long> _prefillFlops;
    private readonly Func<long, long>? _decodeFlops;
    private readonly Func<long, long>? _decodeBytes;

    /// <summary>Reads <paramref name="spec"/>, the nested class of the annotated type.</summary>
    public StackSpec(Type spec)
    {
        _spec = spec;
        Dim = Int(nameof(Dim));
        Heads = Int(nameof(Heads));
        QueryHeads = Int(nameof(QueryHeads));
        KeyHeads = Int(nameof(KeyHeads));
        ValueHeads = Int(nameof(ValueHeads));
        ScoreHeads = Int(nameof(ScoreHeads));
        HeadDim = Int(nameof(HeadDim));
        KeyWidth = Int(nameof(KeyWidth));
        ValueWidth = Int(nameof(ValueWidth));
        ParameterCount = Long(nameof(ParameterCount));
        CacheScalarsPerToken = Long(nameof(CacheScalarsPerToken));
        CacheBytesPerToken = Long(nameof(CacheBytesPerToken));
        ConstantStateScalars = Long(nameof(ConstantStateScalars));
        _prefillFlops = Formula(nameof(PrefillFlops)) ?? throw new MissingMethodException(spec.FullName, nameof(PrefillFlops));
        _decodeFlops = Formula(nameof(DecodeFlops));
        _decodeBytes = Formula(nameof(DecodeBytes));
    }

    /// <summary>Channels of the layer's input and output.</summary>
    public int Dim { get; }

    /// <summary>Heads as declared, before any reduction.</summary>
    public int Heads { get; }

    /// <summary>Heads of q.</summary>
    public int QueryHeads { get; }

    /// <summary>Heads of k.</summary>
    public int KeyHeads { get; }

    /// <summary>Heads of v.</summary>
    public int ValueHeads { get; }

    /// <summary>Score maps.</summary>
    public int ScoreHeads { get; }

    /// <summary>Width of a head as declared.</summary>
    public int HeadDim { get; }

    /// <summary>Channels of one query or key head.</summary>
    public int KeyWidth { get; }

    /// <summary>Channels of one value head.</summary>
    public int ValueWidth { get; }

    /// <summary>Scalars in all weights.</summary>
    public long ParameterCount { get; }

    /// <summary>Scalars kept per token.</summary>
    public long CacheScalarsPerToken { get; }

    /// <summary>Bytes kept per token in the cache's element type.</summary>
    public long CacheBytesPerToken { get; }

    /// <summary>Scalars kept per sequence whatever its length.</summary>
    public long ConstantStateScalars { get; }

    /// <summary>FLOPs of one pass over that many tokens.</summary>
    /// <exception cref="OverflowException">The number does not fit 64 bits.</exception>
    public long PrefillFlops(long tokens) => _prefillFlops(tokens);

    /// <summary>FLOPs of one new token that sees that many; null where the layer has no step-by-step form.</summary>
    /// <exception cref="OverflowException">The number does not fit 64 bits.</exception>
    public long? DecodeFlops(long context) => _decodeFlops?.Invoke(context);

    /// <summary>Bytes one new token that sees that many must read; null where the layer has no step-by-step form.</summary>
    /// <exception cref="OverflowException">The number does not fit 64 bits.</exception>
    public long? DecodeBytes(long context) => _decodeBytes?.Invoke(context);

    private int Int(string name) => checked((int)Long(name));

    private long Long(string name) => Convert.ToInt64(Constant(name), CultureInfo.InvariantCulture);

    private object Constant(string name) =>
        _spec.GetField(name, BindingFlags.Public | BindingFlags.Static)?.GetRawConstantValue()
        ?? throw new MissingFieldException(_spec.FullName, name);

    private Func<long, long>? Formula(string name) =>
        _spec.GetMethod(name, BindingFlags.Public | BindingFlags.Static, [typeof(long)])?.CreateDelegate<Func<long, long>>();
}
