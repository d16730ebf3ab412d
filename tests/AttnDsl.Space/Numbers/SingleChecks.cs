using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using AttnDsl.Cli.Layers;

namespace AttnDsl.Space.Numbers;

/// <summary>A backend in single precision against the double reference, on inputs and weights rounded to float first: forward, over a cache, the core alone, and the gradients of both.</summary>
internal sealed class SingleChecks
{
    private readonly string _name;
    private readonly Facts _facts;
    private readonly ILayer<double> _reference;
    private readonly ILayer<float> _layer;
    private readonly AttentionWeights<double> _exact;
    private readonly AttentionWeights<float> _weights;
    private readonly Random _random;
    private readonly List<string> _complaints = [];

    private SingleChecks(string name, Facts facts, ILayer<double> reference, ILayer<float> layer, AttentionWeights<double> weights, int seed)
    {
        _name = name;
        _facts = facts;
        _reference = reference;
        _layer = layer;
        _weights = layer.ZeroWeights();
        weights.CopyTo(_weights);
        _exact = reference.ZeroWeights();
        _weights.CopyTo(_exact);
        _random = new Random(seed);
    }

    /// <param name="name">Names the backend.</param>
    /// <param name="facts">The stack's numbers.</param>
    /// <param name="reference">The truth.</param>
    /// <param name="layer">The backend.</param>
    /// <param name="weights">Weights, rounded here.</param>
    /// <param name="x">[B, T, dim], rounded here; padding may hold anything.</param>
    /// <param name="rows">The block's rows.</param>
    /// <param name="seed">Of the other inputs.</param>
    /// <returns>What is wrong; nothing when all is well.</returns>
    public static IReadOnlyList<string> Run(
        string name, Facts facts, ILayer<double> reference, ILayer<float> layer, AttentionWeights<double> weights, double[] x, TokenRows rows, int seed)
    {
        var checks = new SingleChecks(name, facts, reference, layer, weights, seed);
        checks.Layer(Narrow(x), rows);
        checks.Cached();
        checks.Core(3, 5);
        checks.Core(5, 3);
        return checks._complaints;
    }

    private void Layer(float[] x, TokenRows rows)
    {
        double[] wide = Wide(x);
        float[] y = _layer.Forward(_weights, x, rows);
        if (Differs(hand => hand.Forward(wide, rows)))
        {
            Same("forward", _reference.Forward(_exact, wide, rows), y, Tolerances.Single);
        }

        if (_facts.Keep is not null)
        {
            return;
        }

        float[] g = Narrow(Figures.Normal(_random, x.Length));
        AttentionWeights<double> expected = _reference.ZeroWeights();
        AttentionWeights<float> actual = _layer.CreateWeights(3);
        double[] dx = _reference.Backward(_exact, wide, Wide(g), expected, rows);
        float[] narrow = _layer.Backward(_weights, x, g, actual, rows);
        Same("gradient of x", dx, narrow, Slope);
        foreach (WeightTensor<double> tensor in expected.Tensors)
        {
            Same("gradient of " + tensor.Name, tensor.Data, actual[tensor.Name].Data, Slope);
        }
    }

    /// <summary>Whether no choice among scores hangs on the rounding of floats.</summary>
    private bool Differs(Action<HandLayer> run)
    {
        if (_facts.Keep is null)
        {
            return true;
        }

        var hand = new HandLayer(_facts, _exact);
        run(hand);
        return hand.LeastGap >= Tolerances.SingleTie;
    }

    // The norm of one channel is all but its sign: what is left of its slope is the difference of two nearly equal terms. Errors of longer sums grow with the root of their terms,
    // and those of exponentials with their arguments; unit vectors that share a mean are nearly parallel, so that scores come near the temperature's √d.
    private double Slope => Tolerances.SingleGradient
        * (_facts.NormsOneChannel ? 4 : 1)
        * (_facts.UnitLength ? 2 : 1)
        * Math.Max(1, Math.Sqrt(_facts.ScoreHeads * (double)Math.Max(_facts.KeyWidth, _facts.ValueWidth) / Tolerances.Terms))
        * Math.Max(1, _facts.Scale * Math.Sqrt(_facts.KeyWidth));

    /// <summary>Four tokens at once, then token by token.</summary>
    private void Cached()
    {
        if (_layer is not ICachedLayer<float> layer)
        {
            if (_facts.HasCache)
            {
                _complaints.Add(_name + ": the layer is causal and has no cache");
            }

            return;
        }

        if (_facts.Keep is not null)
        {
            CachedChoices(layer);
            return;
        }

        const int AtOnce = 4;
        const int Steps = 3;
        int d = _facts.Dim;
        var reference = (ICachedLayer<double>)_reference;
        ILayerCache<float> cache = layer.CreateCache(2);
        ILayerCache<double> exact = reference.CreateCache(2);
        double tolerance = _facts.RoundedCache ? Tolerances.Rounded : Tolerances.Single;
        float[] prompt = Narrow(Figures.Normal(_random, 2 * AtOnce * d));
        TokenRows rows = TokenRows.Uniform(2, AtOnce);
        Same("prefill", reference.Prefill(_exact, Wide(prompt), exact, rows), layer.Prefill(_weights, prompt, cache, rows), tolerance);
        for (int step = 0; step < Steps; step++)
        {
            float[] token = Narrow(Figures.Normal(_random, 2 * d));
            Same(FormattableString.Invariant($"token {step} after the prefill"), reference.Decode(_exact, Wide(token), exact), layer.Decode(_weights, token, cache), tolerance);
        }
    }

    /// <summary>Token by token against the block: what a cache rounds, or lets go of, may change a choice, and with it anything.</summary>
    private void CachedChoices(ICachedLayer<float> layer)
    {
        const int Tokens = 6;
        float[] x = Narrow(Figures.Normal(_random, Tokens * _facts.Dim));
        TokenRows rows = TokenRows.Uniform(1, Tokens);
        ILayerCache<float> cache = layer.CreateCache(1);
        float[] y = [.. x.Chunk(_facts.Dim).SelectMany(token => layer.Decode(_weights, token, cache))];
        if (!_facts.RoundedCache && _facts.Ring is null && Differs(hand => hand.Forward(Wide(x), rows)))
        {
            Same("token by token", _reference.Forward(_exact, Wide(x), rows), y, Tolerances.Single);
        }
    }

    /// <summary>What no query sees is NaN for the backend.</summary>
    private void Core(int queries, int keys)
    {
        TokenRows rows = TokenRows.Core(2, queries, keys, _facts.Causal ?? CausalAlign.BottomRight);
        string shape = FormattableString.Invariant($"core of {queries} queries over {keys} keys");
        float[] q = Narrow(Figures.Normal(_random, 2 * queries * _facts.QueryHeads * _facts.KeyWidth));
        float[] k = Narrow(Figures.Normal(_random, 2 * keys * _facts.KeyHeads * _facts.KeyWidth));
        float[] v = Narrow(Figures.Normal(_random, 2 * keys * _facts.ValueHeads * _facts.ValueWidth));
        float[] g = Narrow(Figures.Normal(_random, 2 * queries * _facts.ScoreHeads * _facts.ValueWidth));
        CoreResult<double> expected = _reference.Core(_exact, Wide(q), Wide(k), Wide(v), rows);
        bool differs = Differs(hand => hand.Core(Wide(q), Wide(k), Wide(v), rows));
        AttentionWeights<double> exact = _reference.ZeroWeights();
        CoreGradients<double>? slopes = _facts.Keep is null ? _reference.CoreBackward(_exact, Wide(q), Wide(k), Wide(v), Wide(g), exact, rows) : null;
        Hide(rows, k, v);
        CoreResult<float> actual = _layer.Core(_weights, q, k, v, rows);
        if (!differs)
        {
            return;
        }

        Same(shape, expected.Output, actual.Output, Tolerances.Single);
        Same(shape + ", lse", expected.Lse, actual.Lse, Tolerances.Single);
        if (slopes is not { } slope)
        {
            return;
        }

        AttentionWeights<float> gradients = _layer.ZeroWeights();
        CoreGradients<float> found = _layer.CoreBackward(_weights, q, k, v, g, gradients, rows);
        Same(shape + ", gradient of q", slope.Query, found.Query, Slope);
        Same(shape + ", gradient of k", slope.Key, found.Key, Slope);
        Same(shape + ", gradient of v", slope.Value, found.Value, Slope);
        if (_facts.Sink)
        {
            Same(shape + ", gradient of sinks", exact["sinks"].Data, gradients["sinks"].Data, Slope);
        }
    }

    private void Hide(TokenRows rows, float[] k, float[] v)
    {
        var hand = new HandLayer(_facts, _exact);
        int channels = _facts.KeyHeads * _facts.KeyWidth;
        int values = _facts.ValueHeads * _facts.ValueWidth;
        for (int b = 0; b < rows.Batch; b++)
        {
            for (int j = 0; j < rows.Keys; j++)
            {
                if (!Enumerable.Range(0, rows.Tokens).Any(t => hand.Sees(rows, b, t, j)))
                {
                    k.AsSpan(((b * rows.Keys) + j) * channels, channels).Fill(float.NaN);
                    v.AsSpan(((b * rows.Keys) + j) * values, values).Fill(float.NaN);
                }
            }
        }
    }

    private void Same(string what, double[] expected, float[] actual, double limit)
    {
        double error = Figures.Error(expected, actual);
        if (!(error <= limit))
        {
            _complaints.Add(string.Create(CultureInfo.InvariantCulture, $"{_name}, {what}: off by {error:G3} (limit {limit:G3})"));
        }
    }

    private static float[] Narrow(double[] values) => [.. values.Select(value => (float)value)];

    private static double[] Wide(float[] values) => [.. values.Select(value => (double)value)];
}
