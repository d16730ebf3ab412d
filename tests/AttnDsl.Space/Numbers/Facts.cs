using System;
using System.Collections.Generic;
using System.Linq;
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
        KeptKeyWidth = (int)(stack.Find("KeyWidth")?["width"]!.Whole ?? Width);
        Augmented = (int?)stack.Find("AugmentedQuery")?["width"]!.Whole;
        Tiled = stack.Has("ReverseSparseQuery");
        bool seen = Bias && stack.Has("GroupedLatentKV") && (stack.Has("LogitSoftCap") || stack.Has("AttentionSink"));
        Latent = (stack.Find("LatentKV") ?? stack.Find("GroupedLatentKV")) is { } latent ? new LatentFacts(latent, Width, stack.Has("Rope"), stack.Has("QkNorm") || seen) : null;
        Tied = (int?)stack.Find("TiedKV")?["ropeDim"]!.Whole;
        TiedBias = stack.Find("TiedKV")?["RopeBias"]?.Number != 0;
        if (stack.Find("LowRankQuery") is { } low)
        {
            QueryRank = (int)low["rank"]!.Whole;
            QueryEps = low["Eps"]?.Number ?? (Latent?.Groups is null ? null : Latent.Eps) ?? 1e-6;
        }

        Rotation = stack.Has("Rope") ? new Rotation(stack, Latent?.Rope ?? Tied ?? Width) : null;
        Ring = stack.Find("RingCache") is { } ring ? new RingFacts(ring) : null;
        (KeyBytes, ValueBytes) = (Bytes(stack, "KeyElement"), Bytes(stack, "ValueElement"));
        Keep = stack.Find("SelectiveValue")?["top"]!.Whole;
        ReadMask(stack);
        ReadScores(stack);
    }

    /// <summary>How many probabilities of a query count; null: all.</summary>
    public long? Keep { get; }

    public int Dim { get; }

    public int Width { get; }

    /// <summary>Keys and values come from one latent; null: from x.</summary>
    public LatentFacts? Latent { get; }

    /// <summary>Last channels of a key head that are one rotary key for all heads, the others being the value's; null: keys and values are apart.</summary>
    public int? Tied { get; }

    /// <summary>The map to that rotary key has a bias.</summary>
    public bool TiedBias { get; }

    /// <summary>First channel of a head that positions turn.</summary>
    public int TurnsFrom => Latent?.Nope ?? (Width - (Tied ?? Width));

    /// <summary>Channels of the queries' bottleneck, or null.</summary>
    public int? QueryRank { get; }

    public double QueryEps { get; }

    /// <summary>Names of the bottleneck's weights.</summary>
    public (string Down, string Norm, string Up) Bottleneck => Latent?.Groups is null ? ("q_a_proj", "q_a_layernorm", "q_b_proj") : ("W_dQ", "q_norm", "W_uQ_rope");

    /// <summary>Channels of a query or key head.</summary>
    public int KeyWidth => Latent is { } latent ? latent.Nope + latent.Rope : Width;

    public int ValueWidth => Latent?.Value ?? Width;

    /// <summary>Channels of a head that a norm sees.</summary>
    public int NormedWidth => Latent?.Nope ?? (Width - (Tied ?? 0));

    /// <summary>Something is normalised that has a single channel.</summary>
    public bool NormsOneChannel => (NormEps is not null && NormedWidth == 1) || QueryRank == 1 || Latent is { Eps: not null, Rank: 1 };

    /// <summary>Scalars of a cached token's keys, or of what a latent or tied layer keeps of it.</summary>
    public long KeyScalars => !HasCache ? 0 : Latent is { } latent ? ((long)latent.Count * latent.Rank) + latent.Rope : ((long)KeyHeads * KeptKeyWidth) + (Tied ?? 0);

    /// <summary>Scalars of a cached token's values.</summary>
    public long ValueScalars => !HasCache || Latent is not null || Tied is not null ? 0 : (long)ValueHeads * ValueWidth;

    /// <summary>Scalars that a cached token takes.</summary>
    public long CacheScalars => KeyScalars + ValueScalars;

    public int QueryHeads { get; }

    public int KeyHeads { get; }

    public int ValueHeads { get; }

    /// <summary>Channels of a key as projected and kept; <see cref="Width"/> unless one matrix widens it.</summary>
    public int KeptKeyWidth { get; }

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

    /// <summary>What the cache keeps of a row; null for everything.</summary>
    public RingFacts? Ring { get; }

    /// <summary>Bytes of a cached scalar of the keys, or of a latent.</summary>
    public int KeyBytes { get; }

    /// <summary>Bytes of a cached scalar of the values.</summary>
    public int ValueBytes { get; }

    /// <summary>The cache keeps bfloat16.</summary>
    public bool RoundedCache => KeyBytes == 2 || ValueBytes == 2;

    public double Scale { get; private set; }

    public double? Cap { get; private set; }

    public bool Alibi { get; private set; }

    public bool Sink { get; private set; }

    public double? NormEps { get; private set; }

    public bool OnePlus { get; private set; }

    /// <summary>Numbers so far from usual that float32 overflows or a finite difference says nothing.</summary>
    public bool IsExtreme => QueryRank == 1 || Latent is { Eps: not null, Rank: 1 } || Scale is > 100 or < 1e-4 || Cap is > 1e6 || Rotation?.Magnitude > 100;

    /// <summary>Names and element counts of the weights in the order of a checkpoint.</summary>
    public IEnumerable<(string Name, long Count)> Weights()
    {
        foreach ((string name, long rows, long columns) in Matrices())
        {
            yield return (name + ".weight", rows * columns);
            if (IsBiased(name))
            {
                yield return (name + ".bias", rows);
            }
        }

        if (NormEps is not null)
        {
            yield return ("q_norm.weight", NormedWidth);
            yield return ("k_norm.weight", NormedWidth);
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

    /// <summary>Whether a matrix has a bias beside it; nothing of a latent layer has one behind a bottleneck, nor has its q_proj.</summary>
    public bool IsBiased(string name) => name switch
    {
        "o_proj" => OutputBias,
        "q_proj" => Bias && (Latent is null || Latent.Groups is not null),
        _ when Latent?.Groups is not null && name.StartsWith("W_", StringComparison.Ordinal) => Bias,
        "q_a_proj" or "kv_a_proj_with_mqa" or "k_proj" or "v_proj" or "v_proj_current" or "v_proj_delayed" or "kv_proj" => Bias,
        "W_rope_k" => TiedBias,
        "conv_seq" or "conv_head" => true,
        _ => false,
    };

    // Gains of bottlenecks stand among them, as one column.
    private IEnumerable<(string Name, long Rows, long Columns)> Matrices()
    {
        long query = (long)QueryHeads * KeyWidth;
        if (QueryRank is { } rank)
        {
            yield return (Bottleneck.Down, rank, Dim);
            yield return (Bottleneck.Norm, rank, 1);
            yield return (Bottleneck.Up, query, rank);
        }
        else
        {
            yield return ("q_proj", query, Dim);
        }

        if (Augmented is { } hidden)
        {
            yield return ("q_gate_proj", hidden, query);
            yield return ("q_up_proj", hidden, query);
            yield return ("q_down_proj", query, hidden);
        }

        foreach ((string Name, long Rows, long Columns) source in Latent is { } latent ? Latents(latent) : Tied is { } shared ? States(shared) : Projections())
        {
            yield return source;
        }

        yield return ("o_proj", Dim, (long)ScoreHeads * ValueWidth);
    }

    private IEnumerable<(string Name, long Rows, long Columns)> Latents(LatentFacts latent)
    {
        yield return (latent.Down, ((long)latent.Count * latent.Rank) + latent.Rope, Dim);
        for (int group = 0; group < latent.Count && latent.Eps is not null; group++)
        {
            yield return (latent.Norm(group), latent.Rank, 1);
        }

        for (int group = 0; group < latent.Count; group++)
        {
            yield return (latent.Up(group), (long)QueryHeads / latent.Count * (latent.Nope + latent.Value), latent.Rank);
        }
    }

    private IEnumerable<(string Name, long Rows, long Columns)> States(int shared) => [("kv_proj", (long)KeyHeads * Width, Dim), ("W_rope_k", shared, Dim)];

    private IEnumerable<(string Name, long Rows, long Columns)> Projections()
    {
        yield return ("k_proj", (long)KeyHeads * KeptKeyWidth, Dim);
        if (KeptKeyWidth < Width)
        {
            yield return ("k_expand", Width, KeptKeyWidth);
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

    private static int Bytes(Stack stack, string own) => (stack.Find("KvCache")?[own] ?? stack.Find("KvCache")?["Element"])?.Member == "BFloat16" ? 2 : 4;

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
        Scale = scale?["Scale"]?.Number ?? Math.Pow(scale?["preAttnScalar"]?.Number ?? KeyWidth, -0.5);
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
