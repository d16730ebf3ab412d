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
        Width = (int)((root["headDim"] ?? root["HeadDim"])?.Whole ?? Dim / declared);
        Bias = root["Bias"]?.Number == 1;
        OutputBias = root["OutputBias"]?.Number == 1;
        QueryHeads = Query(stack, declared);
        KeyHeads = Key(stack);
        Tiled = stack.Has("ReverseSparseQuery");
        Latent = stack.Find("LatentKV") is { } latent ? new LatentFacts(latent, Width, stack.Has("Rope"), stack.Has("QkNorm")) : null;
        if (stack.Find("LowRankQuery") is { } low)
        {
            QueryRank = (int)low["rank"]!.Whole;
            QueryEps = low["Eps"]?.Number ?? 1e-6;
        }

        Rotation = stack.Has("Rope") ? new Rotation(stack, Latent?.Rope ?? Width) : null;
        Ring = stack.Find("RingCache") is { } ring ? new RingFacts(ring) : null;
        RoundedCache = stack.Find("KvCache")?["Element"]?.Member == "BFloat16";
        ReadMask(stack);
        ReadScores(stack);
    }

    public int Dim { get; }

    public int Width { get; }

    /// <summary>Keys and values come from one latent; null: from x.</summary>
    public LatentFacts? Latent { get; }

    /// <summary>Channels of the queries' bottleneck, or null.</summary>
    public int? QueryRank { get; }

    public double QueryEps { get; }

    /// <summary>Channels of a query or key head.</summary>
    public int KeyWidth => Latent is { } latent ? latent.Nope + latent.Rope : Width;

    public int ValueWidth => Latent?.Value ?? Width;

    /// <summary>Channels of a head that a norm sees.</summary>
    public int NormedWidth => Latent?.Nope ?? Width;

    /// <summary>Scalars that a cached token takes.</summary>
    public long CacheScalars => !HasCache ? 0 : Latent is { } latent ? (long)latent.Rank + latent.Rope : KeyHeads * ((long)KeyWidth + ValueWidth);

    public int QueryHeads { get; }

    public int KeyHeads { get; }

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
        long d = Dim;
        (string Name, long Rows, long Columns, bool Bias, bool Gain)[] queries = QueryRank is { } rank
            ? [("q_a_proj", rank, d, Bias, false), ("q_a_layernorm", rank, 0, false, true), ("q_b_proj", (long)QueryHeads * KeyWidth, rank, false, false)]
            : [("q_proj", (long)QueryHeads * KeyWidth, d, Bias && Latent is null, false)];
        (string Name, long Rows, long Columns, bool Bias, bool Gain)[] sources = Latent is { } latent
            ?
            [
                ("kv_a_proj_with_mqa", (long)latent.Rank + latent.Rope, d, Bias, false),
                .. latent.Eps is null ? [] : new[] { ("kv_a_layernorm", (long)latent.Rank, 0L, false, true) },
                ("kv_b_proj", QueryHeads * ((long)latent.Nope + latent.Value), latent.Rank, false, false),
            ]
            : [("k_proj", (long)KeyHeads * Width, d, Bias, false), ("v_proj", (long)KeyHeads * Width, d, Bias, false)];
        foreach ((string name, long rows, long columns, bool bias, bool gain) in queries.Concat(sources).Append(("o_proj", d, (long)ScoreHeads * ValueWidth, OutputBias, false)))
        {
            yield return (name + ".weight", gain ? rows : rows * columns);
            if (bias)
            {
                yield return (name + ".bias", rows);
            }
        }

        if (NormEps is not null)
        {
            yield return ("q_norm.weight", NormedWidth);
            yield return ("k_norm.weight", NormedWidth);
        }

        if (Sink)
        {
            yield return ("sinks", ScoreHeads);
        }
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

    private int Key(Stack stack) =>
        stack.Has("MultiQuery") ? 1 : (int)((stack.Find("GroupedQuery") ?? stack.Find("ReverseSparseQuery"))?["kv"]!.Whole ?? QueryHeads);

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
