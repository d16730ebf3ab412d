using System;
using System.Linq;
using System.Threading;
using AttnDsl.Conformance.Tests.Layers;

namespace AttnDsl.Conformance.Tests.Identities;

/// <summary>Unusable arguments: refused by name, with what was expected and what came, before anything is written.</summary>
public sealed class RefusalTests
{
    private const int Dim = 12;

    private static readonly ILayer<double> s_plain = CoveringCases.Of(nameof(Plain)).Reference;
    private static readonly ILayer<double> s_topLeft = RelatedCases.PlainTopLeft;
    private static readonly ILayer<double> s_segmented = CoveringCases.Of(nameof(Segmented)).Reference;
    private static readonly TokenRows s_rows = TokenRows.Uniform(2, 3);
    private static readonly double[] s_x = Numbers.Random(121, 2 * 3 * Dim);

    private readonly AttentionWeights<double> _weights = Numbers.RandomWeights(s_plain, seed: 122);
    private readonly AttentionWeights<double> _gradients = Numbers.RandomWeights(s_plain, seed: 123);

    [Fact]
    public void A_length_that_does_not_fit_the_rows()
    {
        ReferenceCache<double> cache = Filled();
        const string X = "x: expected [2, 3, 12] = 72 elements, got 71";
        Refused("x", X, () => s_plain.Forward(_weights, s_x.AsSpan(1), s_rows));
        Refused("x", X, () => s_plain.Backward(_weights, s_x.AsSpan(1), s_x, _gradients, s_rows));
        Refused("outputGradient", "outputGradient: expected [2, 3, 12] = 72 elements, got 0", () => s_plain.Backward(_weights, s_x, [], _gradients, s_rows));
        Refused("x", X, () => s_plain.Prefill(_weights, s_x.AsSpan(1), cache, s_rows));
        Refused("x", "x: expected [2, 1, 12] = 24 elements, got 72", () => s_plain.Decode(_weights, s_x, cache));
        Refused("x", "do not fit in one array", () => s_plain.Forward(_weights, s_x, TokenRows.Uniform(100_000, 100_000)));
        AssertUntouched(cache);
    }

    [Fact]
    public void A_length_that_does_not_fit_the_core()
    {
        TokenRows rows = TokenRows.Core(1, 2, 3);
        double[] q = Numbers.Random(124, 2 * 12);
        double[] k = Numbers.Random(125, 3 * 12);
        Refused("query", "query: expected [1, 2, 3, 4] = 24 elements, got 36", () => s_plain.Core(_weights, k, k, k, rows));
        Refused("key", "key: expected [1, 3, 3, 4] = 36 elements, got 24", () => s_plain.Core(_weights, q, q, k, rows));
        Refused("value", "value: expected [1, 3, 3, 4] = 36 elements, got 24", () => s_plain.Core(_weights, q, k, q, rows));
        Refused("query", "query: expected [1, 2, 3, 4]", () => s_plain.CoreBackward(_weights, k, k, k, q, _gradients, rows));
        Refused("key", "key: expected [1, 3, 3, 4]", () => s_plain.CoreBackward(_weights, q, q, k, q, _gradients, rows));
        Refused("value", "value: expected [1, 3, 3, 4]", () => s_plain.CoreBackward(_weights, q, k, q, q, _gradients, rows));
        Refused("outputGradient", "outputGradient: expected [1, 2, 3, 4] = 24 elements, got 36", () => s_plain.CoreBackward(_weights, q, k, k, k, _gradients, rows));
        AssertUntouched();
    }

    [Fact]
    public void Ragged_rows_without_segments()
    {
        ReferenceCache<double> cache = Filled();
        foreach (TokenRows ragged in new[]
        {
            TokenRows.Ragged([3, 2], 3),
            TokenRows.Ragged([3, 3], 3, positions: [0, 1, 2, 0, 1, 2]),
            TokenRows.Ragged([3, 3], 3, segments: [0, 0, 0, 0, 0, 0]),
        })
        {
            Refused("rows", "rows: expected rows of equal length without position or segment ids; ragged rows need [Segments]", () => s_plain.Forward(_weights, s_x, ragged));
            Refused("rows", "[Segments]", () => s_plain.Backward(_weights, s_x, s_x, _gradients, ragged));
            Refused("rows", "[Segments]", () => s_plain.Core(_weights, s_x, s_x, s_x, ragged));
            Refused("rows", "[Segments]", () => s_plain.CoreBackward(_weights, s_x, s_x, s_x, s_x, _gradients, ragged));
            Refused("block", "block: expected rows of equal length", () => s_plain.Prefill(_weights, s_x, cache, ragged));
        }

        AssertUntouched(cache);

        // Ragged in name only.
        Assert.Equal(s_plain.Forward(_weights, s_x, s_rows), s_plain.Forward(_weights, s_x, TokenRows.Ragged([3, 3], 3)));
    }

    [Fact]
    public void Rows_of_another_kind()
    {
        ReferenceCache<double> cache = Filled();
        TokenRows core = TokenRows.Core(2, 3, 5);
        TokenRows extended = cache.Extend(s_rows);
        foreach (TokenRows rows in new[] { core, extended })
        {
            Refused("rows", "rows: expected a block of new tokens, from TokenRows.Uniform or TokenRows.Ragged, got rows of 3 queries over 5 keys", () => s_plain.Forward(_weights, s_x, rows));
            Refused("rows", "expected a block of new tokens", () => s_plain.Backward(_weights, s_x, s_x, _gradients, rows));
            Refused("block", "block: expected a block of new tokens", () => s_plain.Prefill(_weights, s_x, cache, rows));
        }

        AssertUntouched(cache);
    }

    [Fact]
    public void Rows_aligned_otherwise_than_the_layer()
    {
        TokenRows bottomRight = TokenRows.Core(2, 3, 5);
        TokenRows topLeft = TokenRows.Core(2, 3, 5, CausalAlign.TopLeft);
        double[] keys = Numbers.Random(126, 2 * 5 * Dim);
        Refused("rows", "rows: expected the first query of row 0 at key 2, as the layer's [Causal] is aligned (BottomRight), got it at key 0", () => s_plain.Core(_weights, s_x, keys, keys, topLeft));
        Refused("rows", "(BottomRight)", () => s_plain.CoreBackward(_weights, s_x, keys, keys, s_x, _gradients, topLeft));
        Refused("rows", "rows: expected the first query of row 0 at key 0, as the layer's [Causal] is aligned (TopLeft), got it at key 2", () => s_topLeft.Core(s_topLeft.Zeros(), s_x, keys, keys, bottomRight));
        Refused("rows", "(TopLeft)", () => s_topLeft.CoreBackward(s_topLeft.Zeros(), s_x, keys, keys, s_x, s_topLeft.Create(1), bottomRight));
        AssertUntouched();
    }

    [Fact]
    public void Gradients_in_the_weights_themselves()
    {
        double[] before = All(_weights);
        Refused("gradients", "gradients: expected another object than the weights", () => s_plain.Backward(_weights, s_x, s_x, _weights, s_rows));
        Refused("gradients", "gradients: expected another object than the weights", () => s_plain.CoreBackward(_weights, s_x, s_x, s_x, s_x, _weights, s_rows));
        Assert.Equal(before, All(_weights));
    }

    [Fact]
    public void Nothing_at_all()
    {
        ReferenceCache<double> cache = Filled();
        Assert.Throws<ArgumentNullException>("weights", () => s_plain.Forward(null!, s_x, s_rows));
        Assert.Throws<ArgumentNullException>("rows", () => s_plain.Forward(_weights, s_x, null!));
        Assert.Throws<ArgumentNullException>("weights", () => s_plain.Backward(null!, s_x, s_x, _gradients, s_rows));
        Assert.Throws<ArgumentNullException>("gradients", () => s_plain.Backward(_weights, s_x, s_x, null!, s_rows));
        Assert.Throws<ArgumentNullException>("rows", () => s_plain.Backward(_weights, s_x, s_x, _gradients, null!));
        Assert.Throws<ArgumentNullException>("weights", () => s_plain.Core(null!, s_x, s_x, s_x, s_rows));
        Assert.Throws<ArgumentNullException>("rows", () => s_plain.Core(_weights, s_x, s_x, s_x, null!));
        Assert.Throws<ArgumentNullException>("gradients", () => s_plain.CoreBackward(_weights, s_x, s_x, s_x, s_x, null!, s_rows));
        Assert.Throws<ArgumentNullException>("weights", () => s_plain.Prefill(null!, s_x, cache, s_rows));
        Assert.Throws<ArgumentNullException>("cache", () => s_plain.Prefill(_weights, s_x, null!, s_rows));
        Assert.Throws<ArgumentNullException>("block", () => s_plain.Prefill(_weights, s_x, cache, null!));
        Assert.Throws<ArgumentNullException>("weights", () => s_plain.Decode(null!, s_x, cache));
        Assert.Throws<ArgumentNullException>("cache", () => s_plain.Decode(_weights, s_x, null!));
        AssertUntouched(cache);
    }

    [Fact]
    public void A_cache_of_another_batch()
    {
        ReferenceCache<double> cache = s_plain.CreateCache(3);
        Refused("block", "block: expected 3 rows as in the cache, got 2", () => s_plain.Prefill(_weights, s_x, cache, s_rows));
        Assert.Throws<ArgumentOutOfRangeException>("batch", () => s_plain.CreateCache(0));
    }

    [Fact]
    public void A_cache_of_another_layer()
    {
        foreach (ReferenceCache<double> cache in new ReferenceCache<double>[]
        {
            s_segmented.CreateCache(2),
            new(2, new CacheStream("k", 3, 4)),
            new(2, new CacheStream("k", 3, 4), new CacheStream("v", 4, 3)),
            new(2, new CacheStream("v", 3, 4), new CacheStream("k", 3, 4)),
            new(2, new CacheStream("k", 3, 4), new CacheStream("v", 3, 4), new CacheStream("more", 1, 1)),
        })
        {
            Refused("cache", "cache: expected the layer's streams k [3, 4], v [3, 4], got ", () => s_plain.Prefill(_weights, s_x, cache, s_rows));
            Refused("cache", "cache: expected the layer's streams k [3, 4], v [3, 4], got ", () => s_plain.Decode(_weights, s_x.AsSpan(0, 2 * Dim), cache));
            Assert.Equal(0, cache.Length(0));
        }
    }

    [Fact]
    public void A_cancelled_call_leaves_no_trace()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        ReferenceCache<double> cache = Filled();
        double[] expected = s_plain.Decode(_weights, s_x.AsSpan(0, 2 * Dim), Filled());
        Assert.Throws<OperationCanceledException>(() => s_plain.Forward(_weights, s_x, s_rows, source.Token));
        Assert.Throws<OperationCanceledException>(() => s_plain.Backward(_weights, s_x, s_x, _gradients, s_rows, source.Token));
        Assert.Throws<OperationCanceledException>(() => s_plain.Core(_weights, s_x, s_x, s_x, s_rows, source.Token));
        Assert.Throws<OperationCanceledException>(() => s_plain.CoreBackward(_weights, s_x, s_x, s_x, s_x, _gradients, s_rows, source.Token));
        Assert.Throws<OperationCanceledException>(() => s_plain.Prefill(_weights, s_x, cache, s_rows, source.Token));
        Assert.Throws<OperationCanceledException>(() => s_plain.Decode(_weights, s_x.AsSpan(0, 2 * Dim), cache, source.Token));
        AssertUntouched(cache);
        Assert.Equal(expected, s_plain.Decode(_weights, s_x.AsSpan(0, 2 * Dim), cache));
    }

    private static void Refused(string parameter, string message, Action call)
    {
        ArgumentException exception = Assert.ThrowsAny<ArgumentException>(call);
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
        Assert.Equal(parameter, exception.ParamName);
    }

    private static double[] All(AttentionWeights<double> weights) => [.. weights.Tensors.SelectMany(tensor => tensor.Data)];

    /// <summary>A cache with two tokens a row.</summary>
    private ReferenceCache<double> Filled()
    {
        ReferenceCache<double> cache = s_plain.CreateCache(2);
        s_plain.Prefill(_weights, s_x.AsSpan(0, 2 * 2 * Dim), cache, TokenRows.Uniform(2, 2));
        return cache;
    }

    private void AssertUntouched(ReferenceCache<double>? cache = null)
    {
        Assert.Equal(All(Numbers.RandomWeights(s_plain, seed: 122)), All(_weights));
        Assert.Equal(All(Numbers.RandomWeights(s_plain, seed: 123)), All(_gradients));
        if (cache is not null)
        {
            Assert.Equal([2, 2], new[] { cache.Length(0), cache.Length(1) });
            Assert.Equal(Filled().Read(0), cache.Read(0));
            Assert.Equal(Filled().Read(1), cache.Read(1));
        }
    }
}
