using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Cpu;
using AttnDsl.Conformance.Tests.Layers;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Goldens;

/// <summary>What the recordings of latent attention hold beside the layer: decoding after a prefill, the cache, and the same function computed over the latents themselves.</summary>
[Collection(GoldenTests.Name)]
public sealed class LatentGoldenTests(ITestOutputHelper output)
{
    /// <summary>Recording, annotated class, and the tokens it was prefilled with.</summary>
    public static TheoryData<string, Type, int> Recordings => new()
    {
        { "mla-qlora", typeof(MlaLowRank), 19 },
        { "mla-qlora", typeof(MlaLowRankAbsorbed), 19 },
        { "mla-qlora", typeof(MlaLowRankExpanded), 19 },
        { "mla-noqlora-odd", typeof(MlaDirect), 32 },
        { "mla-yarn", typeof(MlaYarn), 30 },
        { "mla-yarn", typeof(MlaYarnAbsorbed), 30 },
    };

    [Theory]
    [MemberData(nameof(Recordings))]
    public void Decoding_after_a_prefill_and_the_cache_are_the_recorded_ones(string file, Type annotated, int prefill)
    {
        CpuCase layer = CpuCase.Of(annotated);
        using Golden? golden = Golden.Open(file, output, layer.Reference);
        if (golden is null)
        {
            return;
        }

        ReferenceCache<double> cache = layer.Reference.CreateCache(golden.Shape("x")[0]);
        double[] y = Decoded(golden, layer, cache, prefill);
        Close("y", golden["y"], y);
        Close("y_decode", golden["y_decode"], y);
        Close("y_absorb", golden["y_absorb"], y);
        Close("cache", Joined(golden), cache.Read(0));
    }

    /// <summary>Recordings that hold the whole output alone.</summary>
    public static TheoryData<string, Type, int> Outputs => new()
    {
        { "tpla-gla2", typeof(GroupedLatents), 17 },
        { "tpla-gla2", typeof(GroupedLatentsAbsorbed), 17 },
        { "tpla-gla2", typeof(GroupedLatentsExpanded), 17 },
        { "tpla-gta", typeof(TiedGrouped), 19 },
    };

    [Theory]
    [MemberData(nameof(Outputs))]
    public void Decoding_after_a_prefill_gives_the_recorded_output(string file, Type annotated, int prefill)
    {
        CpuCase layer = CpuCase.Of(annotated);
        using Golden? golden = Golden.Open(file, output, layer.Reference);
        if (golden is not null)
        {
            Close("y", golden["y"], Decoded(golden, layer, layer.Reference.CreateCache(golden.Shape("x")[0]), prefill));
        }
    }

    [Theory]
    [MemberData(nameof(Recordings))]
    [MemberData(nameof(Outputs))]
    public void On_the_cpu_decoding_and_the_cache_keep_the_rule(string file, Type annotated, int prefill)
    {
        CpuCase layer = CpuCase.Of(annotated);
        using Golden? golden = Golden.Open(file, output, layer.Reference);
        if (golden is null)
        {
            return;
        }

        (AttentionWeights<double> wide, AttentionWeights<float> narrow) = layer.Rounded(golden.Weights());
        float[] x = CpuCalls.Narrow(golden["x"]);
        (int batch, int tokens) = (golden.Shape("x")[0], golden.Shape("x")[1]);
        int[] chunks = [prefill, .. Enumerable.Repeat(1, tokens - prefill)];
        double[] expected = layer.Reference.Forward(wide, CpuCalls.Wide(x), golden.Rows());
        float[] plain = layer.Single.Forward(narrow, x, golden.Rows());
        ReferenceCache<double> wideCache = layer.Reference.CreateCache(batch);
        ReferenceCache<float> narrowCache = layer.Single.CreateCache(batch);
        layer.Reference.Prefill(wide, CpuCalls.Wide(x), wideCache, golden.Rows());
        layer.Single.Prefill(narrow, x, narrowCache, golden.Rows());
        Paths.OnEach(path =>
        {
            KvCache cache = layer.Cpu.CreateCache(batch);
            SingleRule.Check($"{file}, {path}, {annotated.Name}, decode", expected, plain, layer.InChunks(narrow, x, batch, cache, chunks), report: output.WriteLine);
            SingleRule.Check($"{file}, {path}, {annotated.Name}, cache", wideCache.Read(0), narrowCache.Read(0), cache.Read(0), report: output.WriteLine);
        });
    }

    /// <summary>A prefill, then token by token.</summary>
    private static double[] Decoded(Golden golden, CpuCase layer, ReferenceCache<double> cache, int prefill)
    {
        (int batch, int tokens, int dim) = (golden.Shape("x")[0], golden.Shape("x")[1], golden.Shape("x")[2]);
        var y = new double[batch * tokens * dim];
        for (int start = 0; start < tokens;)
        {
            int count = start == 0 ? prefill : 1;
            double[] part = layer.Reference.Prefill(golden.Weights(), Chunked.Slice(golden["x"], batch, start * dim, count * dim), cache, TokenRows.Uniform(batch, count));
            for (int row = 0; row < batch; row++)
            {
                part.AsSpan(row * count * dim, count * dim).CopyTo(y.AsSpan(((row * tokens) + start) * dim));
            }

            start += count;
        }

        return y;
    }

    /// <summary>The recorded latents and rotary keys as rows of one stream.</summary>
    private static double[] Joined(Golden golden)
    {
        (int rank, int rope) = (golden.Shape("kv_cache")[^1], golden.Shape("pe_cache")[^1]);
        return [.. golden["kv_cache"].Chunk(rank).Zip(golden["pe_cache"].Chunk(rope), (latent, key) => latent.Concat(key)).SelectMany(row => row)];
    }

    private void Close(string what, double[] recorded, double[] actual)
    {
        output.WriteLine(FormattableString.Invariant($"{what}: largest difference {Numbers.Difference(recorded, actual):E1}, limit {Tolerances.Golden:E0}"));
        Numbers.Close(recorded, actual, Tolerances.Golden, what);
    }
}
