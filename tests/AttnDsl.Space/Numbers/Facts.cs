using System;
using System.Collections.Generic;
using AttnDsl.Space.Stacks;

namespace AttnDsl.Space.Numbers;

/// <summary>A legal stack's numbers, read off the attributes by hand.</summary>
internal sealed class Facts
{
    public Facts(Stack stack)
    {
        Use root = stack.Find("Attention")!;
        Dim = (int)root["dim"]!.Whole;
        int declared = (int)root["heads"]!.Whole;
        Use? compressed = stack.Find("Compressed");
        Width = (int)((root["headDim"] ?? root["HeadDim"])?.Whole ?? Dim / (declared * ((compressed?["factor"] ?? compressed?["QueryFactor"])?.Whole ?? 1)));
        Bias = root["Bias"]?.Number == 1;
        OutputBias = root["OutputBias"]?.Number == 1;
        QueryHeads = Query(stack, declared);
        KeyHeads = Key(stack, "keyHeads");
        ValueHeads = Key(stack, "valueHeads");
        if (compressed?["KvFactor"] is { } kv)
        {
            KeyHeads = ValueHeads = (int)(Dim / (kv.Whole * Width));
        }

        ReadParts(stack, compressed);
        KeyWidth = (int)(stack.Find("KeyWidth")?["width"]!.Whole ?? Width);
        Augmented = (int?)stack.Find("AugmentedQuery")?["width"]!.Whole;
        Tiled = stack.Has("ReverseSparseQuery");
        Rotation = stack.Has("Rope") ? new Rotation(stack, Width) : null;
        RoundedCache = stack.Find("KvCache")?["Element"]?.Member == "BFloat16";
        ReadMask(stack);
        ReadScores(stack);
    }

    public int Dim { get; }

    public int Width { get; }

    public int QueryHeads { get; }

    public int KeyHeads { get; }

    public int ValueHeads { get; }

    /// <summary>Channels of a key as projected and kept.</summary>
    public int KeyWidth { get; }

    /// <summary>Hidden channels of the query's feed-forward, or null.</summary>
    public int? Augmented { get; }

    /// <summary>Tokens of the convolutions over channels and over heads, or null.</summary>
    public (int Seq, int Head)? Convolutions { get; private set; }

    public bool SharesMeans { get; private set; }

    public bool Shifts { get; private set; }

    public bool UnitLength { get; private set; }

    public bool RawTemperature { get; private set; }

    /// <summary>Channels of queries and keys side by side.</summary>
    public long Channels => (long)(QueryHeads + KeyHeads) * Width;

    /// <summary>Scalars that the cache keeps of a sequence whatever its length.</summary>
    public long State => (Convolutions is { } k ? (k.Seq + k.Head - 2) * Channels : 0) + (Shifts ? (long)ValueHeads * Width / 2 : 0);

    /// <summary>Scalars that the cache keeps of a token.</summary>
    public long Cached => ((long)KeyHeads * KeyWidth) + ((long)ValueHeads * Width);

    public int ScoreHeads => Math.Max(QueryHeads, KeyHeads);

    public bool Tiled { get; }

    public bool Bias { get; }

    public bool OutputBias { get; }

    public Rotation? Rotation { get; }

    public CausalAlign? Causal { get; private set; }

    /// <summary>Keys visible before the query's own; null for all.</summary>
    public long? Left { get; private set; }

    /// <summary>Keys visible after the query's own; null for all.</summary>
    public long? Right { get; private set; }

    public bool Segments { get; private set; }

    public bool HasCache => Causal == CausalAlign.BottomRight;

    /// <summary>The cache keeps bfloat16.</summary>
    public bool RoundedCache { get; }

    public double Scale { get; private set; }

    public double? Cap { get; private set; }

    public bool Alibi { get; private set; }

    public bool Sink { get; private set; }

    public double? NormEps { get; private set; }

    public bool OnePlus { get; private set; }

    /// <summary>Numbers so far from usual that float32 overflows or a finite difference says nothing.</summary>
    public bool IsExtreme => Scale is > 100 or < 1e-4 || Cap is > 1e6 || Rotation?.Magnitude > 100;

    /// <summary>Names and element counts of the weights in the order of a checkpoint.</summary>
    public IEnumerable<(string Name, long Count)> Weights()
    {
        foreach ((string name, long rows, long columns) in Matrices())
        {
            yield return (name + ".weight", rows * columns);
            if (name switch { "o_proj" => OutputBias, "q_proj" or "k_proj" or "v_proj" or "v_proj_current" or "v_proj_delayed" => Bias, "conv_seq" or "conv_head" => true, _ => false })
            {
                yield return (name + ".bias", rows);
            }
        }

        if (NormEps is not null)
        {
            yield return ("q_norm.weight", Width);
            yield return ("k_norm.weight", Width);
        }

        if (UnitLength)
        {
            yield return (RawTemperature ? "temp" : "log_temp", KeyHeads);
        }

        if (Sink)
        {
            yield return ("sinks", ScoreHeads);
        }
    }

    private IEnumerable<(string Name, long Rows, long Columns)> Matrices()
    {
        long query = (long)QueryHeads * Width;
        yield return ("q_proj", query, Dim);
        if (Augmented is { } hidden)
        {
            yield return ("q_gate_proj", hidden, query);
            yield return ("q_up_proj", hidden, query);
            yield return ("q_down_proj", query, hidden);
        }

        yield return ("k_proj", (long)KeyHeads * KeyWidth, Dim);
        if (KeyWidth < Width)
        {
            yield return ("k_expand", Width, KeyWidth);
        }

        long values = (long)ValueHeads * Width;
        if (Shifts)
        {
            yield return ("v_proj_current", values / 2, Dim);
            yield return ("v_proj_delayed", values / 2, Dim);
        }
        else
        {
            yield return ("v_proj", values, Dim);
        }

        if (Convolutions is { } k)
        {
            yield return ("conv_seq", Channels, k.Seq);
            yield return ("conv_head", Channels, (long)Width * k.Head);
        }

        yield return ("o_proj", Dim, (long)ScoreHeads * Width);
    }

    private void ReadParts(Stack stack, Use? compressed)
    {
        bool On(string part, string attribute) => stack.Has(attribute) || (compressed is not null && compressed[part]?.Number != 0);
        if (On("Convolution", "QKConv"))
        {
            Use? alone = stack.Find("QKConv");
            Convolutions = ((int)((alone?["seq"] ?? compressed?["SeqKernel"])?.Whole ?? 2), (int)((alone?["head"] ?? compressed?["HeadKernel"])?.Whole ?? 2));
        }

        SharesMeans = On("QKMean", "QKMean");
        Shifts = On("ValueShift", "ValueShift");
        UnitLength = On("L2Norm", "QKL2Norm");
        RawTemperature = (stack.Find("QKL2Norm")?["temperature"] ?? compressed?["Temperature"])?.Member == "Raw";
    }

    private static int Query(Stack stack, int declared)
    {
        if ((stack.Find("SparseQuery") ?? stack.Find("ExtremeSparseQuery")) is { } sparse)
        {
            return sparse["ratio"] is { } ratio ? declared / (int)ratio.Whole : (int)sparse["Heads"]!.Whole;
        }

        return stack.Has("SymmetricSparseQuery") ? declared / 2
            : stack.Find("ReverseSparseQuery") is { } reverse ? (int)reverse["heads"]!.Whole
            : declared;
    }

    private int Key(Stack stack, string own)
    {
        Use? setter = stack.Find("GroupedQuery") ?? stack.Find("ReverseSparseQuery");
        return stack.Has("MultiQuery") ? 1 : (int)((setter?["kv"] ?? setter?[own])?.Whole ?? QueryHeads);
    }

    private void ReadMask(Stack stack)
    {
        Causal = stack.Find("Causal") is { } causal ? (CausalAlign)(causal["align"]?.Whole ?? 0) : null;
        Segments = stack.Has("Segments");
        if (stack.Find("SlidingWindow") is { } window)
        {
            Left = window["left"]?.Whole ?? (window["size"]!.Whole - 1);
            Right = window["right"]?.Whole ?? 0;
        }

        Right = Causal is null ? Right : 0;
    }

    private void ReadScores(Stack stack)
    {
        Use? scale = stack.Find("QueryScale");
        Scale = scale?["Scale"]?.Number ?? Math.Pow(scale?["preAttnScalar"]?.Number ?? Width, -0.5);
        Scale *= Rotation?.OnSoftmax ?? 1;
        Cap = stack.Find("LogitSoftCap")?["cap"]!.Number;
        Alibi = stack.Has("Alibi");
        Sink = stack.Has("AttentionSink");
        if (stack.Find("QkNorm") is { } norm)
        {
            NormEps = norm["Eps"]?.Number ?? 1e-6;
            OnePlus = norm["Form"]?.Member == "OnePlus";
        }
    }
}
