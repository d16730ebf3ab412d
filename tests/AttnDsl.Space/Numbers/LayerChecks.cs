using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using AttnDsl.Cli.Layers;
using AttnDsl.Cli.Stacks;
using AttnDsl.Space.Stacks;

namespace AttnDsl.Space.Numbers;

/// <summary>Runs a compiled layer on small random inputs and compares every path with the hand-written layer or with another path.</summary>
internal sealed class LayerChecks
{
    private const int Tokens = 6;

    private readonly Facts _facts;
    private readonly (string Name, ILayer<float> Layer)[] _singles;
    private readonly ILayer<double> _layer;
    private readonly AttentionWeights<double> _weights;
    private readonly Random _random;
    private readonly List<string> _complaints = [];

    private LayerChecks(Stack stack, CompiledStack compiled, int seed, bool thorough)
    {
        _facts = new Facts(stack);
        _singles = thorough ? [("float", compiled.ReferenceSingle), ("cpu", compiled.Cpu)] : [("cpu", compiled.Cpu)];
        _layer = compiled.Reference;
        _weights = _layer.ZeroWeights();
        _random = new Random(seed);
        Figures.Fill(_weights, _random);
    }

    /// <summary>What is wrong with the layer's numbers; nothing when all paths agree.</summary>
    /// <param name="stack">The stack.</param>
    /// <param name="compiled">Its layer.</param>
    /// <param name="seed">Of inputs and weights.</param>
    /// <param name="thorough">The layer was compiled with its float form, which is then compared too.</param>
    public static IReadOnlyList<string> Run(Stack stack, CompiledStack compiled, int seed, bool thorough)
    {
        var checks = new LayerChecks(stack, compiled, seed, thorough);
        checks.Run();
        return checks._complaints;
    }

    private void Run()
    {
        TokenRows rows = _facts.Segments ? Ragged() : TokenRows.Uniform(2, Tokens);
        double[] x = Figures.Normal(_random, rows.Batch * Tokens * _facts.Dim);
        Pad(x, rows, double.NaN);
        double[] y = _layer.Forward(_weights, x, rows);
        var hand = new HandLayer(_facts, _weights);
        double[] expected = hand.Forward(x, rows);
        if (IsTie(hand))
        {
            return;
        }

        Same("forward", expected, y);
        if (_facts.Segments)
        {
            RowByRow(x, rows, y);
        }
        else
        {
            Refuses(x);
        }

        if (_layer is ICachedLayer<double> cached)
        {
            InChunks(cached, x, rows, y);
            TokenByToken(cached);
        }
        else if (_facts.HasCache)
        {
            _complaints.Add("the layer is causal and has no cache");
        }

        Core();
        if (!_facts.IsExtreme)
        {
            if (_facts.Keep is null)
            {
                Gradients(x, rows);
            }
            else
            {
                HasNoGradient(x, rows);
            }

            foreach ((string name, ILayer<float> layer) in _singles)
            {
                _complaints.AddRange(SingleChecks.Run(name, _facts, _layer, layer, _weights, x, rows, _random.Next()));
            }
        }
    }

    /// <summary>Scores that are equal but for rounding: either choice is right, and two computations need not make the same.</summary>
    private static bool IsTie(HandLayer hand) => hand.LeastGap < Tolerances.Tie;

    private void HasNoGradient(double[] x, TokenRows rows)
    {
        try
        {
            _layer.Backward(_weights, x, Figures.Normal(_random, x.Length), _layer.ZeroWeights(), rows);
            _complaints.Add("a layer that selects values computed a gradient");
        }
        catch (NotSupportedException refusal) when (refusal.Message == "the layer has no gradient: " + _layer.Shape.NoGradient)
        {
        }
    }

    /// <summary>Rows of unequal length, one of them empty, with position ids and segments.</summary>
    private TokenRows Ragged() => TokenRows.Ragged(
        [Tokens, 3, 0],
        Tokens,
        [.. Enumerable.Range(0, 3 * Tokens).Select(_ => _random.Next(50))],
        [.. Enumerable.Range(0, 3 * Tokens).Select(at => at % Tokens / (at < Tokens ? 2 : 3))]);

    private void Pad(double[] values, TokenRows rows, double padding)
    {
        int channels = values.Length / (rows.Batch * rows.Tokens);
        for (int b = 0; b < rows.Batch; b++)
        {
            values.AsSpan(((b * rows.Tokens) + rows.Count(b)) * channels, (rows.Tokens - rows.Count(b)) * channels).Fill(padding);
        }
    }

    private void RowByRow(double[] x, TokenRows rows, double[] y)
    {
        int d = _facts.Dim;
        for (int b = 0; b < rows.Batch; b++)
        {
            int count = rows.Count(b);
            if (count > 0)
            {
                TokenRows alone = TokenRows.Ragged(
                    [count], count, [.. Enumerable.Range(0, count).Select(t => rows.Position(b, t))], [.. Enumerable.Range(0, count).Select(t => rows.QuerySegment(b, t))]);
                int at = b * Tokens * d;
                Same($"row {b} alone", y[at..(at + (count * d))], _layer.Forward(_weights, x[at..(at + (count * d))], alone));
            }
        }
    }

    private void Refuses(double[] x)
    {
        try
        {
            _layer.Forward(_weights, x, TokenRows.Ragged([Tokens, Tokens - 1], Tokens));
            _complaints.Add("ragged rows were taken without [Segments]");
        }
        catch (ArgumentException refusal) when (refusal.ParamName == "rows")
        {
        }
    }

    /// <summary>Blocks of 1, 3 and 2 tokens, cut out of the rows.</summary>
    private void InChunks(ICachedLayer<double> layer, double[] x, TokenRows rows, double[] y)
    {
        int d = _facts.Dim;
        ILayerCache<double> cache = layer.CreateCache(rows.Batch);
        var all = new double[y.Length];
        int from = 0;
        foreach (int size in new[] { 1, 3, 2 })
        {
            int[] counts = [.. Enumerable.Range(0, rows.Batch).Select(b => Math.Clamp(rows.Count(b) - from, 0, size))];
            int start = from;
            IEnumerable<(int Row, int Token)> cells = from b in Enumerable.Range(0, rows.Batch) from t in Enumerable.Range(start, size) select (b, t);
            TokenRows block = _facts.Segments
                ? TokenRows.Ragged(counts, size, [.. cells.Select(c => rows.Position(c.Row, c.Token))], [.. cells.Select(c => rows.QuerySegment(c.Row, c.Token))])
                : TokenRows.Uniform(rows.Batch, size);
            double[] part = [.. cells.SelectMany(c => x[(((c.Row * Tokens) + c.Token) * d)..(((c.Row * Tokens) + c.Token + 1) * d)])];
            double[] output = layer.Prefill(_weights, part, cache, block);
            int n = 0;
            foreach ((int row, int token) in cells)
            {
                output.AsSpan(n++ * d, d).CopyTo(all.AsSpan(((row * Tokens) + token) * d));
            }

            from += size;
        }

        int[] firsts = [0, 1, 1, 1, 4, 4];
        int[] ends = [1, 4, 4, 4, 6, 6];
        if (InSteps(x, rows, y, (b, t) => (firsts[t], Math.Min(rows.Count(b), ends[t]) - firsts[t])) is { } expected)
        {
            Same("chunks of 1, 3 and 2 tokens", expected, all);
        }

        Equal("cached scalars per token", _facts.CacheScalars, cache.ScalarsPerToken);
    }

    private void TokenByToken(ICachedLayer<double> layer)
    {
        int d = _facts.Dim;
        double[] x = Figures.Normal(_random, 2 * Tokens * d);
        double[] y = layer.Forward(_weights, x, TokenRows.Uniform(2, Tokens));
        ILayerCache<double> cache = layer.CreateCache(2);
        var all = new double[y.Length];
        for (int t = 0; t < Tokens; t++)
        {
            double[] output = layer.Decode(_weights, [.. x[(t * d)..((t + 1) * d)], .. x[((Tokens + t) * d)..((Tokens + t + 1) * d)]], cache);
            output.AsSpan(0, d).CopyTo(all.AsSpan(t * d));
            output.AsSpan(d, d).CopyTo(all.AsSpan((Tokens + t) * d));
        }

        if (InSteps(x, TokenRows.Uniform(2, Tokens), y, (_, t) => (t, 1)) is { } expected)
        {
            Same("token by token", expected, all);
        }
    }

    /// <summary>What a cache that lets go of tokens makes of y, which it is otherwise; null where a choice is a tie.</summary>
    private double[]? InSteps(double[] x, TokenRows rows, double[] y, Func<int, int, (int First, int Count)> stepOf)
    {
        if (_facts.Ring is null && _facts.Keep is null)
        {
            return y;
        }

        HandLayer hand = _facts.Ring is null ? new HandLayer(_facts, _weights) : new HandLayer(_facts, _weights) { StepOf = stepOf };
        double[] made = hand.Forward(x, rows);
        return IsTie(hand) ? null : _facts.Ring is null ? y : made;
    }

    /// <summary>More keys than queries and the other way round; what no query sees is NaN.</summary>
    private void Core()
    {
        foreach ((int queries, int keys) in new[] { (3, 5), (5, 3) })
        {
            TokenRows rows = TokenRows.Core(2, queries, keys, _facts.Causal ?? CausalAlign.BottomRight);
            var hand = new HandLayer(_facts, _weights);
            double[] q = Figures.Normal(_random, 2 * queries * _facts.QueryHeads * _facts.KeyWidth);
            double[] k = Figures.Normal(_random, 2 * keys * _facts.KeyHeads * _facts.KeyWidth);
            double[] v = Figures.Normal(_random, 2 * keys * _facts.ValueHeads * _facts.ValueWidth);
            (double[] hiddenK, double[] hiddenV) = ((double[])k.Clone(), (double[])v.Clone());
            foreach ((int b, int j) in from b in Enumerable.Range(0, 2) from j in Enumerable.Range(0, keys) select (b, j))
            {
                if (!Enumerable.Range(0, queries).Any(t => hand.Sees(rows, b, t, j)))
                {
                    int channels = _facts.KeyHeads * _facts.KeyWidth;
                    int values = _facts.ValueHeads * _facts.ValueWidth;
                    hiddenK.AsSpan(((b * keys) + j) * channels, channels).Fill(double.NaN);
                    hiddenV.AsSpan(((b * keys) + j) * values, values).Fill(double.NaN);
                }
            }

            CoreResult<double> expected = hand.Core(q, k, v, rows);
            if (IsTie(hand))
            {
                continue;
            }

            CoreResult<double> actual = _layer.Core(_weights, q, hiddenK, hiddenV, rows);
            string shape = string.Create(CultureInfo.InvariantCulture, $"core of {queries} queries over {keys} keys");
            Same(shape, expected.Output, actual.Output);
            Same(shape + ", lse", expected.Lse, actual.Lse);
            if (!_facts.IsExtreme && _facts.Keep is null)
            {
                CoreGradients(shape, rows, q, k, v);
            }
        }
    }

    private void CoreGradients(string shape, TokenRows rows, double[] q, double[] k, double[] v)
    {
        double[] g = Figures.Normal(_random, rows.Batch * rows.Tokens * _facts.ScoreHeads * _facts.ValueWidth);
        AttentionWeights<double> gradients = _layer.ZeroWeights();
        CoreGradients<double> analytic = _layer.CoreBackward(_weights, q, k, v, g, gradients, rows);
        double[] uq = Figures.Normal(_random, q.Length);
        double[] uk = Figures.Normal(_random, k.Length);
        double[] uv = Figures.Normal(_random, v.Length);
        AttentionWeights<double> direction = Direction();
        double Loss(double step) => Figures.Dot(
            g, new HandLayer(_facts, Moved(direction, step)).Core(Figures.Moved(q, uq, step), Figures.Moved(k, uk, step), Figures.Moved(v, uv, step), rows).Output);

        // Only the weights that live in the core move it; the gradients of all others are 0.
        double actual = Figures.Dot(uq, analytic.Query) + Figures.Dot(uk, analytic.Key) + Figures.Dot(uv, analytic.Value) + Dot(direction, gradients);
        Slope(shape, Loss, actual, Figures.Dot(g, g));
    }

    private void Gradients(double[] x, TokenRows rows)
    {
        double[] g = Figures.Normal(_random, x.Length);
        double[] u = Figures.Normal(_random, x.Length);
        Pad(u, rows, 0);
        AttentionWeights<double> direction = Direction();
        AttentionWeights<double> gradients = _layer.CreateWeights(3);
        double[] dx = _layer.Backward(_weights, x, g, gradients, rows);
        double Loss(double step) => Figures.Dot(g, _layer.Forward(Moved(direction, step), Figures.Moved(x, u, step), rows));
        Slope("layer", Loss, Figures.Dot(u, dx) + Dot(direction, gradients), Figures.Dot(g, g));
    }

    private AttentionWeights<double> Direction()
    {
        AttentionWeights<double> direction = _layer.ZeroWeights();
        foreach (WeightTensor<double> tensor in direction.Tensors)
        {
            Figures.Normal(_random, tensor.Data.Length, tensor.Shape.Length == 2 ? 1 / Math.Sqrt(tensor.Shape[1]) : 0.3).CopyTo(tensor.Data, 0);
        }

        return direction;
    }

    private AttentionWeights<double> Moved(AttentionWeights<double> direction, double step)
    {
        AttentionWeights<double> moved = _layer.ZeroWeights();
        for (int i = 0; i < moved.Tensors.Count; i++)
        {
            Figures.Moved(_weights.Tensors[i].Data, direction.Tensors[i].Data, step).CopyTo(moved.Tensors[i].Data, 0);
        }

        return moved;
    }

    private static double Dot(AttentionWeights<double> a, AttentionWeights<double> b) =>
        a.Tensors.Zip(b.Tensors, (x, y) => Figures.Dot(x.Data, y.Data)).Sum();

    /// <summary>A directional derivative against difference quotients of four points, whose error falls with the fourth power of the step. A norm near 0 bends so sharply that only a small step will do.</summary>
    private void Slope(string what, Func<double, double> loss, double actual, double energy)
    {
        double quotient = 0;
        foreach (double h in new[] { 1e-3, 1e-4, 1e-5 })
        {
            quotient = ((8 * (loss(h) - loss(-h))) - (loss(2 * h) - loss(-2 * h))) / (12 * h);
            if (Math.Abs(quotient - actual) <= Tolerances.Gradient * (1 + Math.Abs(quotient) + Math.Sqrt(energy)))
            {
                return;
            }
        }

        _complaints.Add(string.Create(CultureInfo.InvariantCulture, $"gradient of the {what}: {actual:R} along a direction, the difference quotient is {quotient:R}"));
    }

    private void Same(string what, double[] expected, double[] actual)
    {
        double error = Figures.Error(expected, actual);
        if (!(error <= Tolerances.Same))
        {
            Complain(what, error, Tolerances.Same);
        }
    }

    private void Complain(string what, double error, double limit) =>
        _complaints.Add(string.Create(CultureInfo.InvariantCulture, $"{what}: off by {error:G3} (limit {limit:G3})"));

    private void Equal(string what, long expected, long actual)
    {
        if (expected != actual)
        {
            _complaints.Add(string.Create(CultureInfo.InvariantCulture, $"{what}: {actual}, expected {expected}"));
        }
    }
}
