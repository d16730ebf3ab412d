using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;
using AttnDsl.Cpu;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>The core split as automatic differentiation splits it: the same bits as the whole, without a weights object.</summary>
public sealed class CoreContractTests
{
    [Fact]
    public void With_learned_logits_the_halves_are_the_whole() => Halves<AlibiSink.Cpu, AlibiSink.Weights<float>>(weights => weights.Sinks.Data, weights => weights.Sinks.Data);

    [Fact]
    public void Without_them_the_halves_are_the_whole() => Halves<Interleaved.Cpu, Interleaved.Weights<float>>(_ => [], _ => []);

    [Fact]
    public void A_soft_cap_and_a_window_are_part_of_it() => Halves<Everything.Cpu, Everything.Weights<float>>(weights => weights.Sinks.Data, weights => weights.Sinks.Data);

    [Fact]
    public void Over_a_cache_it_is_the_core_over_what_the_cache_holds()
    {
        OverACache<Everything.Cpu, Everything.Cache>(new Everything.Cache(2), new float[Everything.Cpu.Shape.ScoreHeads]);
        OverACache<Halved.Cpu, Halved.Cache>(new Halved.Cache(2), []);
    }

    [Fact]
    public void Lengths_that_do_not_fit_are_refused_by_name()
    {
        TokenRows rows = TokenRows.Core(1, 2, 3);
        var (q, k, o) = (new float[2 * 6 * 3], new float[3 * 3 * 3], new float[2 * 6 * 3]);
        Assert.Contains("logits: expected [6]", Assert.Throws<ArgumentException>(() => AlibiSink.Cpu.CoreForward([], q, Rows(k, 3, 3, 3), Rows(k, 3, 3, 3), o, default, rows)).Message, StringComparison.Ordinal);
        Assert.Contains("query: expected [1, 2, 6, 3]", Assert.Throws<ArgumentException>(() => AlibiSink.Cpu.CoreForward(new float[6], k, Rows(k, 3, 3, 3), Rows(k, 3, 3, 3), o, default, rows)).Message, StringComparison.Ordinal);
        Assert.Contains("logitGradient", Assert.Throws<ArgumentException>(() => AlibiSink.Cpu.CoreGradient(new float[6], q, k, k, o, new float[12], o, q, k, k, [], rows)).Message, StringComparison.Ordinal);
        Assert.Contains("lse", Assert.Throws<ArgumentException>(() => AlibiSink.Cpu.CoreGradient(new float[6], q, k, k, o, new float[11], o, q, k, k, new float[6], rows)).Message, StringComparison.Ordinal);
    }

    private static HeadRows<float> Rows(float[] values, int tokens, int heads, int width) => HeadRows<float>.Dense(values, tokens, heads, width);

    private static void Halves<TCpu, TWeights>(Func<TWeights, float[]> logits, Func<TWeights, float[]> logitGradient)
        where TCpu : IAttentionBackend<TWeights>, IAttentionCore
        where TWeights : AttentionWeights<float>
    {
        TestLayer layer = CoveringCases.Of(typeof(TCpu).DeclaringType!.Name);
        var weights = (TWeights)layer.Single.Create(3);
        foreach (WeightTensor<float> tensor in weights.Tensors)
        {
            Narrow(Numbers.Random(4, tensor.Data.Length)).CopyTo(tensor.Data, 0);
        }

        LayerShape s = layer.Reference.Shape;
        TokenRows rows = TokenRows.Core(2, 9, 21);
        float[] q = Narrow(Numbers.Random(5, 2 * 9 * s.QueryHeads * s.KeyWidth));
        float[] k = Narrow(Numbers.Random(6, 2 * 21 * s.KeyHeads * s.KeyWidth));
        float[] v = Narrow(Numbers.Random(7, 2 * 21 * s.ValueHeads * s.ValueWidth));
        float[] g = Narrow(Numbers.Random(8, 2 * 9 * s.ScoreHeads * s.ValueWidth));
        var (o, lse) = (new float[g.Length], new float[2 * 9 * s.ScoreHeads]);
        TCpu.Core(weights, q, k, v, o, lse, rows);
        var (dq, dk, dv, gradients) = (new float[q.Length], new float[k.Length], new float[v.Length], (TWeights)layer.Single.Zeros());
        TCpu.CoreBackward(weights, q, k, v, g, dq, dk, dv, gradients, rows);

        var (o2, lse2) = (new float[o.Length], new float[lse.Length]);
        TCpu.CoreForward(logits(weights), q, HeadRows<float>.Dense(k, 21, s.KeyHeads, s.KeyWidth), HeadRows<float>.Dense(v, 21, s.ValueHeads, s.ValueWidth), o2, lse2, rows);
        Assert.Equal(o, o2);
        Assert.Equal(lse, lse2);
        var (dq2, dk2, dv2, dl2) = (new float[q.Length], new float[k.Length], new float[v.Length], new float[logits(weights).Length]);
        TCpu.CoreGradient(logits(weights), q, k, v, o2, lse2, g, dq2, dk2, dv2, dl2, rows);
        Assert.Equal(dq, dq2);
        Assert.Equal(dk, dk2);
        Assert.Equal(dv, dv2);
        Assert.Equal(logitGradient(gradients), dl2);
    }

    private static void OverACache<TCpu, TCache>(TCache cache, float[] logits)
        where TCpu : ICachedAttentionCore<TCache>
        where TCache : KvCache
    {
        LayerShape s = TCpu.Shape;
        foreach (int tokens in (int[])[11, 1, 4])
        {
            TokenRows rows = cache.Extend(TokenRows.Uniform(2, tokens));
            float[] q = Narrow(Numbers.Random(tokens, 2 * tokens * s.QueryHeads * s.KeyWidth));
            cache.Append(0, Narrow(Numbers.Random(30 + tokens, 2 * tokens * s.KeyHeads * s.KeyWidth)), rows);
            cache.Append(1, Narrow(Numbers.Random(60 + tokens, 2 * tokens * s.ValueHeads * s.ValueWidth)), rows);
            var (o, lse) = (new float[2 * tokens * s.ScoreHeads * s.ValueWidth], new float[2 * tokens * s.ScoreHeads]);
            TCpu.CoreForward(logits, q, cache, o, lse, rows);
            Assert.Contains("query", Assert.Throws<ArgumentException>(() => TCpu.CoreForward(logits, q[1..], cache, o, lse, rows)).Message, StringComparison.Ordinal);
            cache.Commit(rows);

            int keys = cache.Length(0);
            var (o2, lse2) = (new float[o.Length], new float[lse.Length]);
            TCpu.CoreForward(logits, q, Rows(cache.Read(0), keys, s.KeyHeads, s.KeyWidth), Rows(cache.Read(1), keys, s.ValueHeads, s.ValueWidth), o2, lse2, TokenRows.Core(2, tokens, keys));
            Numbers.Close([.. o2.Select(x => (double)x)], [.. o.Select(x => (double)x)], 1e-6, "o");
            Numbers.Close([.. lse2.Select(x => (double)x)], [.. lse.Select(x => (double)x)], 1e-6, "lse");
        }
    }

    private static float[] Narrow(double[] values) => [.. values.Select(value => (float)value)];
}
