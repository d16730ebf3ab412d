using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace AttnDsl.Generators.Tests.Harness;

/// <summary>A project full of layers, no two with the same attributes: widths, sharing, positions, masks and scores as published models mix them.</summary>
internal static class ManyLayers
{
    private static readonly (int Dim, int Heads)[] s_widths =
        [(512, 8), (768, 12), (1024, 16), (2048, 16), (2048, 32), (4096, 32), (896, 14), (3072, 24), (1536, 12), (5120, 40), (256, 4), (640, 10), (8192, 64)];

    private static readonly Func<int, string>[] s_sharing =
    [
        _ => "",
        heads => $"[GroupedQuery(kv: {heads / 2})]\n",
        _ => "[GroupedQuery(kv: 2)]\n",
        _ => "[MultiQuery]\n",
        heads => $"[GroupedQuery(kv: {heads / 2})]\n[SparseQuery(2)]\n",
        _ => "[SymmetricSparseQuery]\n",
        heads => $"[SparseQuery(Heads = {heads / 2})]\n",
    ];

    private static readonly string[] s_positions =
    [
        "[Rope]\n",
        "[Rope(theta: 500000)]\n",
        "[Rope(theta: 1000000, layout: RopeLayout.Interleaved)]\n",
        "[Rope(theta: 150000)]\n[Yarn(factor: 32, originalLength: 4096)]\n",
        "[Rope(theta: 10000, rotaryDim: 32)]\n",
        "[Alibi]\n",
        "",
        "[Rope(10000, RopeLayout.Interleaved)]\n[Yarn(40, 4096, Rounded = true, ScaleOn = YarnScale.Softmax)]\n",
    ];

    private static readonly string[] s_masks =
    [
        "[Causal]\n",
        "[Causal]\n[SlidingWindow(1024)]\n",
        "[Causal]\n[Segments]\n",
        "[Bidirectional]\n",
        "[Causal]\n[SlidingWindow(128)]\n[Segments]\n",
        "[Bidirectional]\n[SlidingWindow(64, 64)]\n",
        "[Causal]\n[KvCache(Element = CacheElement.BFloat16)]\n",
        "[Causal(CausalAlign.TopLeft)]\n",
        "[Causal]\n[SlidingWindow(4096)]\n[KvCache]\n",
    ];

    private static readonly string[] s_scores =
    [
        "",
        "[QkNorm]\n",
        "[QkNorm(Form = QkNormForm.OnePlus)]\n[QueryScale(preAttnScalar: 256)]\n",
        "[LogitSoftCap(50)]\n",
        "[AttentionSink]\n",
        "[QkNorm(Eps = 1e-5)]\n[AttentionSink]\n",
        "[LogitSoftCap(30)]\n[QueryScale(Scale = 0.0625)]\n",
    ];

    private static readonly string[] s_biases = ["", ", Bias = true", "", ", Bias = true, OutputBias = true", ", headDim: 128"];

    /// <summary>One file per class, the same on every run.</summary>
    public static IReadOnlyList<SourceFile> Files(int count)
    {
        var random = new Random(17);
        var stacks = new HashSet<string>(StringComparer.Ordinal);
        while (stacks.Count < count)
        {
            (int dim, int heads) = One(random, s_widths);
            stacks.Add(
                $"[Attention(dim: {dim.ToString(CultureInfo.InvariantCulture)}, heads: {heads.ToString(CultureInfo.InvariantCulture)}{One(random, s_biases)})]\n"
                + One(random, s_sharing)(heads) + One(random, s_positions) + One(random, s_masks) + One(random, s_scores));
        }

        return [.. stacks.Select((stack, i) => new SourceFile($"/project/Layer{i}.cs", $"using AttnDsl;\nnamespace Layers;\n{stack}public partial class Layer{i};\n"))];
    }

    private static T One<T>(Random random, T[] values) => values[random.Next(values.Length)];
}
