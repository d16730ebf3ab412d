using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>Unusable arguments: refused by name, with what was expected and what came, before anything is written.</summary>
[Collection(CpuTests.Name)]
public sealed class RefusalTests
{
    private const int Dim = 12;

    private static readonly CpuCase s_plain = CpuCase.Of(typeof(Plain));
    private static readonly CpuCase s_topLeft = CpuCase.Of(typeof(TopLeft));
    private static readonly TokenRows s_rows = TokenRows.Uniform(2, 3);
    private static readonly float[] s_x = CpuCalls.Random(800, 2 * 3 * Dim);

    private readonly AttentionWeights<float> _weights = s_plain.Weights(seed: 801).Narrow;
    private readonly AttentionWeights<float> _gradients = CpuCalls.NanWeights(s_plain);
    private readonly float[] _y = CpuCalls.Nans(2 * 3 * Dim);
    private readonly float[] _dk = CpuCalls.Nans(2 * 5 * Dim);
    private readonly float[] _dv = CpuCalls.Nans(2 * 5 * Dim);
    private readonly KvCache _cache = Filled();

    [Fact]
    public void A_length_that_does_not_fit_the_rows()
    {
        const string X = "x: expected [2, 3, 12] = 72 elements, got 71";
        const string Output = "output: expected [2, 3, 12] = 72 elements, got 71";
        Refused("x", X, () => s_plain.Cpu.Forward(_weights, s_x.AsSpan(1), _y, s_rows));
        Refused("output", Output, () => s_plain.Cpu.Forward(_weights, s_x, _y.AsSpan(1), s_rows));
        Refused("x", X, () => s_plain.Cpu.Backward(_weights, s_x.AsSpan(1), s_x, _y, _gradients, s_rows));
        Refused("outputGradient", "outputGradient: expected [2, 3, 12] = 72 elements, got 0", () => s_plain.Cpu.Backward(_weights, s_x, [], _y, _gradients, s_rows));
        Refused("inputGradient", "inputGradient: expected [2, 3, 12] = 72 elements, got 71", () => s_plain.Cpu.Backward(_weights, s_x, s_x, _y.AsSpan(1), _gradients, s_rows));
        Refused("x", X, () => s_plain.Cpu.Prefill(_weights, s_x.AsSpan(1), _y, _cache, s_rows));
        Refused("output", Output, () => s_plain.Cpu.Prefill(_weights, s_x, _y.AsSpan(1), _cache, s_rows));
        Refused("x", "x: expected [2, 1, 12] = 24 elements, got 72", () => s_plain.Cpu.Decode(_weights, s_x, _y.AsSpan(0, 2 * Dim), _cache));
        Refused("output", "output: expected [2, 1, 12] = 24 elements, got 72", () => s_plain.Cpu.Decode(_weights, s_x.AsSpan(0, 2 * Dim), _y, _cache));
        Refused("x", "do not fit in one array", () => s_plain.Cpu.Forward(_weights, s_x, _y, TokenRows.Uniform(100_000, 100_000)));
        AssertUntouched();
    }

    [Fact]
    public void A_length_that_does_not_fit_the_core()
    {
        TokenRows rows = TokenRows.Core(2, 3, 5);
        float[] k = CpuCalls.Random(802, 2 * 5 * Dim);
        float[] lse = CpuCalls.Nans(2 * 3 * 3);
        Refused("query", "query: expected [2, 3, 3, 4]", () => s_plain.Cpu.Core(_weights, k, k, k, _y, lse, rows));
        Refused("key", "key: expected [2, 5, 3, 4]", () => s_plain.Cpu.Core(_weights, s_x, s_x, k, _y, lse, rows));
        Refused("value", "value: expected [2, 5, 3, 4]", () => s_plain.Cpu.Core(_weights, s_x, k, s_x, _y, lse, rows));
        Refused("output", "output: expected [2, 3, 3, 4]", () => s_plain.Cpu.Core(_weights, s_x, k, k, _y.AsSpan(1), lse, rows));
        Refused("lse", "lse: expected [2, 3, 3]", () => s_plain.Cpu.Core(_weights, s_x, k, k, _y, lse.AsSpan(1), rows));
        Refused("query", "query: expected [2, 3, 3, 4]", () => s_plain.Cpu.CoreBackward(_weights, k, k, k, s_x, _y, _dk, _dv, _gradients, rows));
        Refused("key", "key: expected [2, 5, 3, 4]", () => s_plain.Cpu.CoreBackward(_weights, s_x, s_x, k, s_x, _y, _dk, _dv, _gradients, rows));
        Refused("value", "value: expected [2, 5, 3, 4]", () => s_plain.Cpu.CoreBackward(_weights, s_x, k, s_x, s_x, _y, _dk, _dv, _gradients, rows));
        Refused("outputGradient", "outputGradient: expected [2, 3, 3, 4]", () => s_plain.Cpu.CoreBackward(_weights, s_x, k, k, k, _y, _dk, _dv, _gradients, rows));
        Refused("queryGradient", "queryGradient: expected [2, 3, 3, 4]", () => s_plain.Cpu.CoreBackward(_weights, s_x, k, k, s_x, _y.AsSpan(1), _dk, _dv, _gradients, rows));
        Refused("keyGradient", "keyGradient: expected [2, 5, 3, 4]", () => s_plain.Cpu.CoreBackward(_weights, s_x, k, k, s_x, _y, _dk.AsSpan(1), _dv, _gradients, rows));
        Refused("valueGradient", "valueGradient: expected [2, 5, 3, 4]", () => s_plain.Cpu.CoreBackward(_weights, s_x, k, k, s_x, _y, _dk, _dv.AsSpan(1), _gradients, rows));
        Assert.All(lse, number => Assert.True(float.IsNaN(number)));
        AssertUntouched();
    }

    [Fact]
    public void Ragged_rows_without_segments()
    {
        foreach (TokenRows ragged in new[]
        {
            TokenRows.Ragged([3, 2], 3),
            TokenRows.Ragged([3, 3], 3, positions: [0, 1, 2, 0, 1, 2]),
            TokenRows.Ragged([3, 3], 3, segments: [0, 0, 0, 0, 0, 0]),
        })
        {
            Refused("rows", "rows: expected rows of equal length without position or segment ids; ragged rows need [Segments]", () => s_plain.Cpu.Forward(_weights, s_x, _y, ragged));
            Refused("rows", "[Segments]", () => s_plain.Cpu.Backward(_weights, s_x, s_x, _y, _gradients, ragged));
            Refused("rows", "[Segments]", () => s_plain.Cpu.Core(_weights, s_x, s_x, s_x, _y, default, ragged));
            Refused("rows", "[Segments]", () => s_plain.Cpu.CoreBackward(_weights, s_x, s_x, s_x, s_x, _y, _dk, _dv, _gradients, ragged));
            Refused("block", "block: expected rows of equal length", () => s_plain.Cpu.Prefill(_weights, s_x, _y, _cache, ragged));
        }

        AssertUntouched();
    }

    [Fact]
    public void Rows_of_another_kind()
    {
        TokenRows core = TokenRows.Core(2, 3, 5);
        TokenRows extended = Filled().Extend(s_rows);
        foreach (TokenRows rows in new[] { core, extended })
        {
            Refused("rows", "rows: expected a block of new tokens, from TokenRows.Uniform or TokenRows.Ragged, got rows of 3 queries over 5 keys", () => s_plain.Cpu.Forward(_weights, s_x, _y, rows));
            Refused("rows", "expected a block of new tokens", () => s_plain.Cpu.Backward(_weights, s_x, s_x, _y, _gradients, rows));
            Refused("block", "block: expected a block of new tokens", () => s_plain.Cpu.Prefill(_weights, s_x, _y, _cache, rows));
        }

        AssertUntouched();
    }

    [Fact]
    public void Rows_aligned_otherwise_than_the_layer()
    {
        TokenRows bottomRight = TokenRows.Core(2, 3, 5);
        TokenRows topLeft = TokenRows.Core(2, 3, 5, CausalAlign.TopLeft);
        float[] k = CpuCalls.Random(803, 2 * 5 * Dim);
        Refused(
            "rows", "rows: expected the first query of row 0 at key 2, as the layer's [Causal] is aligned (BottomRight), got it at key 0", () => s_plain.Cpu.Core(_weights, s_x, k, k, _y, default, topLeft));
        Refused("rows", "(BottomRight)", () => s_plain.Cpu.CoreBackward(_weights, s_x, k, k, s_x, _y, _dk, _dv, _gradients, topLeft));
        Refused("rows", "(TopLeft), got it at key 2", () => s_topLeft.Cpu.Core(s_topLeft.Single.Zeros(), s_x, k, k, _y, default, bottomRight));
        Refused("rows", "(TopLeft)", () => s_topLeft.Cpu.CoreBackward(s_topLeft.Single.Zeros(), s_x, k, k, s_x, _y, _dk, _dv, s_topLeft.Single.Create(1), bottomRight));
        AssertUntouched();
    }

    [Fact]
    public void Gradients_in_the_weights_themselves()
    {
        Refused("gradients", "gradients: expected another object than the weights", () => s_plain.Cpu.Backward(_weights, s_x, s_x, _y, _weights, s_rows));
        Refused("gradients", "gradients: expected another object than the weights", () => s_plain.Cpu.CoreBackward(_weights, s_x, s_x, s_x, s_x, _y, _dk, _dv, _weights, s_rows));
        AssertUntouched();
    }

    [Fact]
    public void Nothing_at_all()
    {
        ICpuLayer cpu = s_plain.Cpu;
        Assert.Throws<ArgumentNullException>("weights", () => cpu.Forward(null!, s_x, _y, s_rows));
        Assert.Throws<ArgumentNullException>("rows", () => cpu.Forward(_weights, s_x, _y, null!));
        Assert.Throws<ArgumentNullException>("weights", () => cpu.Backward(null!, s_x, s_x, _y, _gradients, s_rows));
        Assert.Throws<ArgumentNullException>("gradients", () => cpu.Backward(_weights, s_x, s_x, _y, null!, s_rows));
        Assert.Throws<ArgumentNullException>("rows", () => cpu.Backward(_weights, s_x, s_x, _y, _gradients, null!));
        Assert.Throws<ArgumentNullException>("weights", () => cpu.Core(null!, s_x, s_x, s_x, _y, default, s_rows));
        Assert.Throws<ArgumentNullException>("rows", () => cpu.Core(_weights, s_x, s_x, s_x, _y, default, null!));
        Assert.Throws<ArgumentNullException>("gradients", () => cpu.CoreBackward(_weights, s_x, s_x, s_x, s_x, _y, _dk, _dv, null!, s_rows));
        Assert.Throws<ArgumentNullException>("weights", () => cpu.Prefill(null!, s_x, _y, _cache, s_rows));
        Assert.Throws<ArgumentNullException>("cache", () => cpu.Prefill(_weights, s_x, _y, null!, s_rows));
        Assert.Throws<ArgumentNullException>("block", () => cpu.Prefill(_weights, s_x, _y, _cache, null!));
        Assert.Throws<ArgumentNullException>("weights", () => cpu.Decode(null!, s_x, _y, _cache));
        Assert.Throws<ArgumentNullException>("cache", () => cpu.Decode(_weights, s_x, _y, null!));
        AssertUntouched();
    }

    [Fact]
    public void A_cache_of_another_batch()
    {
        KvCache cache = s_plain.Cpu.CreateCache(3);
        Refused("block", "block: expected 3 rows as in the cache, got 2", () => s_plain.Cpu.Prefill(_weights, s_x, _y, cache, s_rows));
        Refused("x", "x: expected [3, 1, 12] = 36 elements, got 24", () => s_plain.Cpu.Decode(_weights, s_x.AsSpan(0, 2 * Dim), _y.AsSpan(0, 2 * Dim), cache));
        Assert.Throws<ArgumentOutOfRangeException>("batch", () => s_plain.Cpu.CreateCache(0));
        Assert.Equal(0, cache.Length(0));
        AssertUntouched();
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1025)]
    public void A_number_of_threads_that_makes_no_sense(int threads)
    {
        ICpuLayer cpu = s_plain.Cpu;
        Assert.Throws<ArgumentOutOfRangeException>("threads", () => cpu.Forward(_weights, s_x, _y, s_rows, threads));
        Assert.Throws<ArgumentOutOfRangeException>("threads", () => cpu.Backward(_weights, s_x, s_x, _y, _gradients, s_rows, threads));
        Assert.Throws<ArgumentOutOfRangeException>("threads", () => cpu.Core(_weights, s_x, s_x, s_x, _y, default, s_rows, threads));
        Assert.Throws<ArgumentOutOfRangeException>("threads", () => cpu.Prefill(_weights, s_x, _y, _cache, s_rows, threads));
        Assert.Throws<ArgumentOutOfRangeException>("threads", () => cpu.Decode(_weights, s_x.AsSpan(0, 2 * Dim), _y.AsSpan(0, 2 * Dim), _cache, threads));
        AssertUntouched();
    }

    private static void Refused(string parameter, string message, Action call)
    {
        ArgumentException exception = Assert.ThrowsAny<ArgumentException>(call);
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
        Assert.Equal(parameter, exception.ParamName);
    }

    /// <summary>A cache with two tokens a row.</summary>
    private static KvCache Filled()
    {
        KvCache cache = s_plain.Cpu.CreateCache(2);
        s_plain.Prefill(s_plain.Weights(seed: 801).Narrow, s_x[..(2 * 2 * Dim)], cache, TokenRows.Uniform(2, 2));
        return cache;
    }

    private void AssertUntouched()
    {
        Assert.Equal(CpuCalls.All(s_plain.Weights(seed: 801).Narrow), CpuCalls.All(_weights));
        Assert.All(CpuCalls.All(_gradients).Concat(_y).Concat(_dk).Concat(_dv), number => Assert.True(float.IsNaN(number)));
        KvCache filled = Filled();
        Assert.Equal([2, 2], new[] { _cache.Length(0), _cache.Length(1) });
        Assert.Equal(filled.Read(0), _cache.Read(0));
        Assert.Equal(filled.Read(1), _cache.Read(1));
    }
}
