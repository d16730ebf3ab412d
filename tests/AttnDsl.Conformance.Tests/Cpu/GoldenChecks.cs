using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Conformance.Tests.Goldens;
using AttnDsl.Conformance.Tests.Layers;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>The recorded layers on the CPU, by <see cref="SingleRule"/>, on the paths that <paramref name="onPaths"/> chooses.</summary>
/// <param name="output">Receives every error beside its limit.</param>
/// <param name="onPaths">Runs a check on each path under test.</param>
internal sealed class GoldenChecks(ITestOutputHelper output, Action<Action<string>> onPaths)
{
    private static readonly Dictionary<string, Type> s_classes = new()
    {
        ["gqa-llama3-rope-interleaved"] = typeof(GqaLlama3),
        ["gqa-qwen3-qknorm-halfsplit-window"] = typeof(GqaQwen3),
        ["gqa-gptoss-sink-yarn-window-bias"] = typeof(GqaGptOss),
        ["gqa-gemma2-softcap"] = typeof(GqaGemma2),
        [GoldenCases.Core] = typeof(GqaAlibiCore),
        ["sqa-sqa"] = typeof(Sqa),
        ["sqa-ssqa-bidirectional"] = typeof(SqaSymmetric),
        ["sqa-xsmqa"] = typeof(SqaExtreme),
        ["sqa-rsqa"] = typeof(SqaReverse),
        ["mla-qlora"] = typeof(MlaLowRank),
        ["mla-noqlora-odd"] = typeof(MlaDirect),
        ["mla-yarn"] = typeof(MlaYarn),
        ["diffqkv-sigma-augq"] = typeof(DiffSigma),
        ["diffqkv-half-k-dim"] = typeof(DiffNarrowKeys),
        [GoldenCases.Selective] = typeof(DiffSelective),
        ["cca-ccgqa"] = typeof(CompressedGrouped),
        ["cca-mha-c4"] = typeof(CompressedFour),
        ["cca-mqa-k34"] = typeof(CompressedMultiQuery),
        ["tpla-gla2"] = typeof(GroupedLatents),
        ["tpla-gta"] = typeof(TiedGrouped),
    };

    public static CpuCase CaseOf(string file) => CpuCase.Of(s_classes[file]);

    /// <summary>Output, and gradients of x and of every weight.</summary>
    public void Layer(string file)
    {
        using Golden? golden = Golden.Open(file, output);
        if (golden is null)
        {
            return;
        }

        CpuCase layer = CaseOf(file);
        (AttentionWeights<double> wide, AttentionWeights<float> narrow) = layer.Rounded(golden.Weights());
        (float[] x, float[] g) = (CpuCalls.Narrow(golden["x"]), CpuCalls.Narrow(golden["g"]));
        TokenRows rows = golden.Rows();
        double[] expected = layer.Reference.Forward(wide, CpuCalls.Wide(x), rows);
        float[] plain = layer.Single.Forward(narrow, x, rows);
        AttentionWeights<double> expectedGradients = layer.Reference.Zeros();
        AttentionWeights<float> plainGradients = layer.Single.Zeros();
        double[] expectedInput = layer.Reference.Backward(wide, CpuCalls.Wide(x), CpuCalls.Wide(g), expectedGradients, rows);
        float[] plainInput = layer.Single.Backward(narrow, x, g, plainGradients, rows);
        onPaths(path =>
        {
            string what = $"{file}, {path}";
            SingleRule.Check($"{what}, out", expected, plain, layer.Forward(narrow, x, rows), report: output.WriteLine);
            (float[] dx, AttentionWeights<float> gradients) = layer.Backward(narrow, x, g, rows);
            SingleRule.Gradients(what, [("x", expectedInput, plainInput, dx), .. SingleRule.Weights(expectedGradients, plainGradients, gradients)], report: output.WriteLine);
        });
    }

    /// <summary>The recorded core: 12 queries over 19 keys.</summary>
    public void Core()
    {
        using Golden? golden = Golden.Open(GoldenCases.Core, output);
        if (golden is null)
        {
            return;
        }

        CpuCase layer = CaseOf(GoldenCases.Core);
        (AttentionWeights<double> wide, AttentionWeights<float> narrow) = layer.Rounded(layer.Reference.Zeros());
        (float[] q, float[] k, float[] v, float[] g) = (CpuCalls.Narrow(golden["q"]), CpuCalls.Narrow(golden["k"]), CpuCalls.Narrow(golden["v"]), CpuCalls.Narrow(golden["g"]));
        TokenRows rows = TokenRows.Core(golden.Shape("q")[0], golden.Shape("q")[1], golden.Shape("k")[1]);
        CoreResult<double> expected = layer.Reference.Core(wide, CpuCalls.Wide(q), CpuCalls.Wide(k), CpuCalls.Wide(v), rows);
        CoreResult<float> plain = layer.Single.Core(narrow, q, k, v, rows);
        CoreGradients<double> expectedGradients = layer.Reference.CoreBackward(wide, CpuCalls.Wide(q), CpuCalls.Wide(k), CpuCalls.Wide(v), CpuCalls.Wide(g), layer.Reference.Zeros(), rows);
        CoreGradients<float> plainGradients = layer.Single.CoreBackward(narrow, q, k, v, g, layer.Single.Zeros(), rows);
        onPaths(path =>
        {
            string what = $"{GoldenCases.Core}, {path}";
            (float[] y, float[] lse) = (CpuCalls.Nans(g.Length), CpuCalls.Nans(expected.Lse.Length));
            layer.Cpu.Core(narrow, q, k, v, y, lse, rows);
            SingleRule.Check($"{what}, out", expected.Output, plain.Output, y, report: output.WriteLine);
            SingleRule.Check($"{what}, lse", expected.Lse, plain.Lse, lse, report: output.WriteLine);
            (float[] dq, float[] dk, float[] dv) = (CpuCalls.Nans(q.Length), CpuCalls.Nans(k.Length), CpuCalls.Nans(v.Length));
            layer.Cpu.CoreBackward(narrow, q, k, v, g, dq, dk, dv, layer.Single.Zeros(), rows);
            SingleRule.Gradients(
                what,
                [("q", expectedGradients.Query, plainGradients.Query, dq), ("k", expectedGradients.Key, plainGradients.Key, dk), ("v", expectedGradients.Value, plainGradients.Value, dv)],
                report: output.WriteLine);
        });
    }

    /// <summary>At once, token by token and in chunks over the cache; chunks of 11 leave the few-queries kernel.</summary>
    public void Cache(string file)
    {
        using Golden? golden = Golden.Open(file, output);
        if (golden is null)
        {
            return;
        }

        CpuCase layer = CaseOf(file);
        (AttentionWeights<double> wide, AttentionWeights<float> narrow) = layer.Rounded(golden.Weights());
        float[] x = CpuCalls.Narrow(golden["x"]);
        int batch = golden.Shape("x")[0];
        double[] expected = layer.Reference.Forward(wide, CpuCalls.Wide(x), golden.Rows());
        float[] plain = layer.Single.Forward(narrow, x, golden.Rows());
        onPaths(path =>
        {
            foreach (int chunk in new[] { golden.Shape("x")[1], 1, 3, 7, 11 })
            {
                float[] y = layer.InChunks(narrow, x, batch, layer.Cpu.CreateCache(batch), chunk);
                SingleRule.Check(FormattableString.Invariant($"{file}, {path}, chunks of {chunk}"), expected, plain, y, report: output.WriteLine);
            }
        });
    }

    /// <summary>The recorded cache and the token after it.</summary>
    public void Next()
    {
        const string File = "gqa-llama3-rope-interleaved";
        using Golden? golden = Golden.Open(File, output);
        if (golden is null)
        {
            return;
        }

        CpuCase layer = CaseOf(File);
        (AttentionWeights<double> wide, AttentionWeights<float> narrow) = layer.Rounded(golden.Weights());
        (float[] x, float[] next) = (CpuCalls.Narrow(golden["x"]), CpuCalls.Narrow(golden["x_next"]));
        int batch = golden.Shape("x")[0];
        ReferenceCache<double> wideCache = layer.Reference.CreateCache(batch);
        ReferenceCache<float> narrowCache = layer.Single.CreateCache(batch);
        layer.Reference.Prefill(wide, CpuCalls.Wide(x), wideCache, golden.Rows());
        layer.Single.Prefill(narrow, x, narrowCache, golden.Rows());
        double[] expected = layer.Reference.Decode(wide, CpuCalls.Wide(next), wideCache);
        float[] plain = layer.Single.Decode(narrow, next, narrowCache);
        onPaths(path =>
        {
            KvCache cache = layer.Cpu.CreateCache(batch);
            layer.Prefill(narrow, x, cache, golden.Rows());
            SingleRule.Check($"{File}, {path}, out_next", expected, plain, layer.Decode(narrow, next, cache), report: output.WriteLine);
            Assert.Equal(["k", "v"], cache.Streams.Select(stream => stream.Name));
            SingleRule.Check($"{File}, {path}, k_cache", wideCache.Read(0), narrowCache.Read(0), cache.Read(0), report: output.WriteLine);
            SingleRule.Check($"{File}, {path}, v_cache", wideCache.Read(1), narrowCache.Read(1), cache.Read(1), report: output.WriteLine);
        });
    }
}
