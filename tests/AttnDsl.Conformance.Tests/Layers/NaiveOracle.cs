using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;

namespace AttnDsl.Conformance.Tests.Layers;

/// <summary>How an oracle normalises queries and keys.</summary>
/// <param name="OnePlus">The stored gain is what is added to 1.</param>
/// <param name="Eps">Added to the mean square.</param>
internal sealed record NaiveNorm(bool OnePlus, double Eps);

/// <summary>Keys and values from one latent a token.</summary>
/// <param name="Rank">Channels of the latent.</param>
/// <param name="Rope">Channels of the rotary key that all heads share.</param>
/// <param name="Nope">Other channels of a query or key head.</param>
/// <param name="Value">Channels of a value head.</param>
internal sealed record NaiveLatent(int Rank, int Rope, int Nope, int Value)
{
    /// <summary>ε of the latent's norm; null: it has none.</summary>
    public double? Eps { get; init; } = 1e-6;

    /// <summary>Latents of a token where heads share several, each with weights of its own under the names of the class that has them; null: one.</summary>
    public int? Groups { get; init; }

    public string Down => Groups is null ? "kv_a_proj_with_mqa" : "W_dKV";

    public string Norm(int group) => (Groups is null ? "kv_a_layernorm" : "kv_norm_" + (group + 1)) + ".weight";

    public string Up(int group) => Groups is null ? "kv_b_proj" : "W_ukv_" + (group + 1);
}

/// <summary>
/// Attention written by hand from the mechanisms' formulas, one sequence and one query at a time: what generated layers are compared with, because a wrong plan would agree with itself.
/// It shares no code with the compiler and none with the generated layers.
/// </summary>
/// <param name="Dim">Channels of input and output.</param>
/// <param name="QueryHeads">Projected query heads.</param>
/// <param name="KvHeads">Key heads, and value heads unless they have a number of their own; more than the query heads: queries are tiled.</param>
/// <param name="Width">Channels of a query or key head, and of a value head unless a latent says otherwise.</param>
internal sealed record NaiveOracle(int Dim, int QueryHeads, int KvHeads, int Width)
{
    public double? Scale { get; init; }

    /// <summary>Value heads where they are not as many as the key heads.</summary>
    public int? OwnValueHeads { get; init; }

    public int ValueHeads => OwnValueHeads ?? KvHeads;

    /// <summary>Channels of a projected key that one matrix widens, or null.</summary>
    public int? NarrowKeys { get; init; }

    /// <summary>The query passes through a gated feed-forward.</summary>
    public bool Augmented { get; init; }

    public NaiveRotation? Rotation { get; init; }

    public NaiveNorm? Norm { get; init; }

    /// <summary>Keys and values come from one latent a token; null: from x.</summary>
    public NaiveLatent? Latent { get; init; }

    /// <summary>Last channels of a key head that are one rotary key for all heads, the others being the value's; null: keys and values are projected apart.</summary>
    public int? Tied { get; init; }

    /// <summary>Tokens of the convolutions over every channel and over every head, or null.</summary>
    public (int Seq, int Head)? Convolutions { get; init; }

    /// <summary>Queries and keys share their mean.</summary>
    public bool Mean { get; init; }

    /// <summary>Half of the value channels are late by a token.</summary>
    public bool Shift { get; init; }

    /// <summary>Queries and keys of length √width, keys times a temperature.</summary>
    public bool UnitLength { get; init; }

    public double? Cap { get; init; }

    public bool Alibi { get; init; }

    public bool Sink { get; init; }

    /// <summary>How many probabilities of a query count, or null for all.</summary>
    public int? Keep { get; init; }

    /// <summary>Receives, for every choice of a query and head, how far the last score that counts is above the first that does not.</summary>
    public Action<double>? Gaps { get; init; }

    public bool Causal { get; init; }

    /// <summary>Keys visible before the query's own, or null for all.</summary>
    public int? Left { get; init; }

    /// <summary>Keys visible after the query's own, or null for all.</summary>
    public int? Right { get; init; }

    public int ScoreHeads => Math.Max(QueryHeads, KvHeads);

    /// <summary>The layer, row by row; padding is left 0.</summary>
    public double[] Forward(AttentionWeights<double> weights, double[] x, Block block)
    {
        var result = new double[x.Length];
        for (int row = 0; row < block.Lengths.Length; row++)
        {
            int start = row * block.Tokens;
            int length = block.Lengths[row];
            double[][] tokens = [.. Enumerable.Range(start, length).Select(t => x[(t * Dim)..((t + 1) * Dim)])];
            int[] positions = block.Positions?[start..(start + length)] ?? [.. Enumerable.Range(0, length)];
            int[] segments = block.Segments?[start..(start + length)] ?? new int[length];
            double[][] outputs = Sequence(weights, tokens, positions, segments);
            for (int t = 0; t < length; t++)
            {
                outputs[t].CopyTo(result, (start + t) * Dim);
            }
        }

        return result;
    }

    /// <summary>Keys and values as a cache holds them, of one sequence without position ids: [tokens][heads][width]. Narrow keys are held as projected, a tied layer holds states, one of several latents those, and the shared key in place of values.</summary>
    public (double[][][] Keys, double[][][] Values) Cached(AttentionWeights<double> weights, double[][] tokens)
    {
        int[] positions = [.. Enumerable.Range(0, tokens.Length)];
        if (Tied is not null)
        {
            (double[] States, double[] Shared)[] kept = [.. tokens.Select((token, t) => TiedOf(weights, token, t))];
            return ([.. kept.Select(token => (double[][])[token.States])], [.. kept.Select(token => (double[][])[token.Shared])]);
        }

        if (Latent is not null)
        {
            (double[] C, double[] R)[] rows = [.. tokens.Select((token, t) => LatentOf(weights, token, t))];
            return ([.. rows.Select(token => (double[][])[token.C])], [.. rows.Select(token => (double[][])[token.R])]);
        }

        return (
            NarrowKeys is { } narrow ? [.. tokens.Select(token => (double[][])[.. Affine(weights, "k_proj", token).Chunk(narrow)])] : Keys(weights, tokens, positions),
            Values(weights, tokens));
    }

    /// <summary>One query of the core: its probabilities over the keys, its output and its log-sum-exp, for one score head.</summary>
    /// <param name="query">[width].</param>
    /// <param name="keys">[keys][width].</param>
    /// <param name="values">[keys][width].</param>
    /// <param name="head">Score head.</param>
    /// <param name="at">Place of the query among the keys.</param>
    /// <param name="sink">The head's extra logit, or null.</param>
    /// <param name="same">Whether a key lies in the query's segment.</param>
    public (double[] Probabilities, double[] Output, double Lse) Attend(
        double[] query, double[][] keys, double[][] values, int head, int at, double? sink, Func<int, bool>? same = null)
    {
        var scores = new Dictionary<int, double>();
        for (int j = 0; j < keys.Length; j++)
        {
            bool hidden = (Causal && j > at) || (Left is { } left && j < at - left) || (Right is { } right && j > at + right) || (same is not null && !same(j));
            if (!hidden)
            {
                scores[j] = Score(query, keys[j], head, at - j);
            }
        }

        var probabilities = new double[keys.Length];
        var output = new double[values.Length == 0 ? Width : values[0].Length];
        if (scores.Count == 0)
        {
            return (probabilities, output, double.NegativeInfinity);
        }

        double shift = Math.Max(scores.Values.Max(), sink ?? double.NegativeInfinity);
        double visible = scores.Values.Sum(s => Math.Exp(s - shift));
        double total = visible + (sink is { } logit ? Math.Exp(logit - shift) : 0);
        HashSet<int> kept = [.. scores.Keys];
        if (Keep is { } keep && keep < scores.Count)
        {
            // A stable sort: the keys came in their order.
            int[] order = [.. scores.Keys.Order().OrderByDescending(j => scores[j])];
            kept = [.. order[..keep]];
            Gaps?.Invoke(scores[order[keep - 1]] - scores[order[keep]]);
        }

        foreach ((int j, double score) in scores.Where(pair => kept.Contains(pair.Key)))
        {
            probabilities[j] = Math.Exp(score - shift) / total;
            for (int c = 0; c < output.Length; c++)
            {
                output[c] += probabilities[j] * values[j][c];
            }
        }

        double top = scores.Values.Max();
        return (probabilities, output, top + Math.Log(scores.Values.Sum(s => Math.Exp(s - top))));
    }

    /// <summary>Key head that a score head reads.</summary>
    public int KeyHead(int head) => QueryHeads >= KvHeads ? head / (QueryHeads / KvHeads) : head;

    /// <summary>Value head that a score head reads.</summary>
    public int ValueHead(int head) => QueryHeads >= ValueHeads ? head / (QueryHeads / ValueHeads) : head;

    /// <summary>Query head that a score head reads: tiled when there are more key heads.</summary>
    public int QueryHead(int head) => head % QueryHeads;

    private double[][] Sequence(AttentionWeights<double> weights, double[][] tokens, int[] positions, int[] segments)
    {
        double[][][] q = Queries(weights, tokens, positions);
        (double[] C, double[] R)[] latents = Latent is null ? [] : [.. tokens.Select((token, t) => LatentOf(weights, token, positions[t]))];
        double[][][] k = Latent is null
            ? Keys(weights, tokens, positions)
            : [.. latents.Select(latent => Expanded(weights, latent.C).Select(head => (double[])[.. head[..Latent.Nope], .. latent.R]).ToArray())];
        double[][][] v = Latent is null
            ? Values(weights, tokens)
            : [.. latents.Select(latent => Expanded(weights, latent.C).Select(head => head[Latent.Nope..]).ToArray())];
        return [.. tokens.Select((_, i) =>
        {
            IEnumerable<double> heads = Enumerable.Range(0, ScoreHeads).SelectMany(head => Attend(
                q[i][QueryHead(head)],
                [.. k.Select(key => key[KeyHead(head)])],
                [.. v.Select(value => value[ValueHead(head)])],
                head,
                i,
                Sink ? weights["sinks"].Data[head] : null,
                j => segments[j] == segments[i]).Output);
            return Affine(weights, "o_proj", [.. heads]);
        })];
    }

    private double[][][] Queries(AttentionWeights<double> weights, double[][] tokens, int[] positions) => [.. tokens.Select((token, t) => Latent is { } latent
        ? [.. Project(weights, "q", token).Select(head => (double[])[.. head[..latent.Nope], .. Turned(head[latent.Nope..], positions[t])])]
        : Tied is { } shared
        ? [.. Project(weights, "q", token).Select(head => (double[])[.. Plain(weights, "q", head[..^shared]), .. Turned(head[^shared..], positions[t])])]
        : Positioned(weights, "q", [.. Shared(weights, tokens, t).Take(QueryHeads)], positions[t]))];

    /// <summary>Names of the queries' bottleneck, where there is one.</summary>
    private static (string Down, string Norm, string Up)? LowRank(AttentionWeights<double> weights) =>
        weights.Tensors.Any(t => t.Name == "q_a_proj.weight") ? ("q_a_proj", "q_a_layernorm", "q_b_proj")
        : weights.Tensors.Any(t => t.Name == "W_dQ.weight") ? ("W_dQ", "q_norm", "W_uQ_rope")
        : null;

    /// <summary>What a token leaves in the cache: the normalised latent, and the rotary key after its rotation.</summary>
    public (double[] C, double[] R) LatentOf(AttentionWeights<double> weights, double[] token, int position)
    {
        double[] low = Affine(weights, Latent!.Down, token);
        int latents = (Latent.Groups ?? 1) * Latent.Rank;
        return ([.. low[..latents].Chunk(Latent.Rank).SelectMany((c, g) => Latent.Eps is { } eps ? Normalised(c, weights[Latent.Norm(g)].Data, eps) : c)], Turned(low[latents..], position));
    }

    private double[][] Expanded(AttentionWeights<double> weights, double[] latent) => [.. latent.Chunk(Latent!.Rank).SelectMany((c, g) => Affine(weights, Latent.Up(g), c).Chunk(Latent.Nope + Latent.Value))];

    private double[] Turned(double[] head, int position) => Rotation is null ? head : Rotation.Turn(head, position);

    private static double[] Normalised(double[] values, double[] gain, double eps)
    {
        double root = Math.Sqrt(values.Select(u => u * u).Average() + eps);
        return [.. values.Select((u, c) => u / root * gain[c])];
    }

    /// <summary>What a tied layer keeps of a token: the states, and the shared key after its rotation.</summary>
    public (double[] States, double[] Shared) TiedOf(AttentionWeights<double> weights, double[] token, int position) =>
        (Affine(weights, "kv_proj", token), Turned(Affine(weights, "W_rope_k", token), position));

    private double[] Plain(AttentionWeights<double> weights, string role, double[] head) => Norm is null ? head : Normalised(head, weights[role + "_norm.weight"].Data);

    private double[][] TiedKeys(AttentionWeights<double> weights, double[] token, int position)
    {
        (double[] states, double[] shared) = TiedOf(weights, token, position);
        return [.. states.Chunk(Width).Select(state => (double[])[.. Plain(weights, "k", state[..^shared.Length]), .. shared])];
    }

    private double[][][] Keys(AttentionWeights<double> weights, double[][] tokens, int[] positions) => Tied is not null
        ? [.. tokens.Select((token, t) => TiedKeys(weights, token, positions[t]))]
        : [.. tokens.Select((_, t) => Positioned(weights, "k", [.. Shared(weights, tokens, t).Skip(QueryHeads)], positions[t]))];

    private double[][][] Values(AttentionWeights<double> weights, double[][] tokens) => [.. tokens.Select((token, t) => Shift
        ? [.. Affine(weights, "v_proj_current", token).Concat(Affine(weights, "v_proj_delayed", t == 0 ? new double[Dim] : tokens[t - 1])).Chunk(Width)]
        : Tied is not null ? [.. Affine(weights, "kv_proj", token).Chunk(Width)] : Project(weights, "v", token))];

    /// <summary>Query heads and key heads of one token after what they go through together: convolutions, then the mean of what went into them.</summary>
    private double[][] Shared(AttentionWeights<double> weights, double[][] tokens, int t)
    {
        double[][] first = Both(t);
        double[][] heads = Convolutions is { } lengths ? [.. Enumerable.Range(0, first.Length).Select(h => Convolved(h, lengths))] : first;
        if (!Mean)
        {
            return heads;
        }

        double[][] means = [.. Enumerable.Range(0, QueryHeads).Select(h => first[h].Zip(first[QueryHeads + KeyHead(h)], (a, b) => (a + b) / 2).ToArray())];
        return [.. heads.Select((head, h) => head.Select((u, c) => u + (h < QueryHeads
            ? means[h][c]
            : Enumerable.Range(0, QueryHeads).Where(query => KeyHead(query) == h - QueryHeads).Average(query => means[query][c]))).ToArray())];

        double[][] Both(int at) => at < 0
            ? [.. Enumerable.Range(0, QueryHeads + KvHeads).Select(_ => new double[Width])]
            : [.. Project(weights, "q", tokens[at]), .. Project(weights, "k", tokens[at])];

        // What the first convolution gives of channel c of head h at a token, tokens before the first included.
        double Slow(int h, int c, int at, int length)
        {
            int channel = (h * Width) + c;
            double[] taps = weights["conv_seq.weight"].Data;
            return weights["conv_seq.bias"].Data[channel] + Enumerable.Range(0, length).Sum(j => taps[(channel * length) + j] * Both(at - length + 1 + j)[h][c]);
        }

        double[] Convolved(int h, (int Seq, int Head) lengths) => [.. Enumerable.Range(0, Width).Select(o =>
        {
            int row = (h * Width) + o;
            double[] taps = weights["conv_head.weight"].Data;
            return weights["conv_head.bias"].Data[row] + Enumerable.Range(0, Width).Sum(c => Enumerable.Range(0, lengths.Head).Sum(
                j => taps[(((row * Width) + c) * lengths.Head) + j] * Slow(h, c, t - lengths.Head + 1 + j, lengths.Seq)));
        })];
    }

    private double[][] Positioned(AttentionWeights<double> weights, string role, double[][] heads, int position) => [.. heads
        .Select(head => Norm is null ? head : Normalised(head, weights[role + "_norm.weight"].Data))
        .Select((head, h) => UnitLength ? Stretched(weights, role, head, h) : head)
        .Select(head => Turned(head, position))];

    private double[] Stretched(AttentionWeights<double> weights, string role, double[] head, int h)
    {
        double factor = Math.Sqrt(Width) / Math.Max(Math.Sqrt(head.Sum(u => u * u)), Math.Pow(2, -52));
        if (role == "k")
        {
            double[]? logarithms = weights.Tensors.FirstOrDefault(tensor => tensor.Name == "log_temp")?.Data;
            factor *= logarithms is null ? weights["temp"].Data[h] : Math.Exp(logarithms[h]);
        }

        return [.. head.Select(u => u * factor)];
    }

    private double[][] Project(AttentionWeights<double> weights, string role, double[] token)
    {
        double[] all = role == "q" && LowRank(weights) is { } narrowed
            ? Affine(weights, narrowed.Up, Normalised(Affine(weights, narrowed.Down, token), weights[narrowed.Norm + ".weight"].Data, (Latent?.Groups is null ? null : Latent.Eps) ?? 1e-6))
            : Affine(weights, role + "_proj", token);
        if (role == "q" && Augmented)
        {
            double[] gate = Affine(weights, "q_gate_proj", all);
            all = Affine(weights, "q_down_proj", [.. Affine(weights, "q_up_proj", all).Select((up, r) => up * gate[r] / (1 + Math.Exp(-gate[r])))]);
        }

        return role == "k" && NarrowKeys is { } narrow
            ? [.. all.Chunk(narrow).Select(key => Affine(weights, "k_expand", key))]
            : [.. all.Chunk(Width)];
    }

    private double[] Normalised(double[] head, double[] gain)
    {
        double root = Math.Sqrt(head.Select(u => u * u).Average() + Norm!.Eps);
        return [.. head.Select((u, c) => u / root * (Norm.OnePlus ? 1 + gain[c] : gain[c]))];
    }

    private double Score(double[] query, double[] key, int head, int distance)
    {
        double score = query.Zip(key, (a, b) => a * b).Sum() * (Scale ?? Math.Pow(Width, -0.5));
        score = Cap is { } cap ? cap * Math.Tanh(score / cap) : score;
        return Alibi ? score - (Slope(head) * Math.Abs(distance)) : score;
    }

    /// <summary>As published: a series that starts at its own ratio for a power of two; the heads beyond take every other term of the series of twice as many heads.</summary>
    private double Slope(int head)
    {
        int power = (int)BitOperations.RoundUpToPowerOf2((uint)ScoreHeads + 1) / 2;
        return head < power ? Math.Pow(SeriesRatio(power), head + 1) : Math.Pow(SeriesRatio(2 * power), (2 * (head - power)) + 1);
    }

    private static double SeriesRatio(int heads) => Math.Pow(2, -Math.Pow(2, -(Math.Log2(heads) - 3)));

    private static double[] Affine(AttentionWeights<double> weights, string name, double[] x)
    {
        double[] matrix = weights[name + ".weight"].Data;
        double[]? bias = weights.Tensors.FirstOrDefault(t => t.Name == name + ".bias")?.Data;
        return [.. matrix.Chunk(x.Length).Select((row, r) => row.Zip(x, (w, u) => w * u).Sum() + (bias?[r] ?? 0))];
    }
}
