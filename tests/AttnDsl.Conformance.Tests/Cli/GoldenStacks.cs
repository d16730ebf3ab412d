using System;
using System.Collections.Generic;
using System.Linq;

namespace AttnDsl.Conformance.Tests.Cli;

/// <summary>The recordings of grouped, sparse, differential, compressed, grouped latent and tied attention, the stack each was recorded from, and one map for all.</summary>
internal static class GoldenStacks
{
    /// <summary>Names the recordings use.</summary>
    public static readonly string[] Map =
    [
        "# the sheets' names",
        "Wq = q_proj.weight",
        "Wk = k_proj.weight",
        "Wv = v_proj.weight",
        "Wo = o_proj.weight",
        "",
        "bq = q_proj.bias",
        "bk = k_proj.bias",
        "bv = v_proj.bias",
        "bo = o_proj.bias",
        "q_norm = q_norm.weight   # per head",
        "k_norm = k_norm.weight",
        "Wq_gate = q_gate_proj.weight",
        "Wq_up = q_up_proj.weight",
        "Wq_down = q_down_proj.weight",
        "Wk_expand = k_expand.weight",
        "wkv_a = kv_a_proj_with_mqa.weight",
    ];

    /// <summary>By file name.</summary>
    public static readonly IReadOnlyDictionary<string, string> ByName = new Dictionary<string, string>
    {
        ["gqa-llama3-rope-interleaved"] = "[Attention(dim: 48, heads: 6)] [GroupedQuery(kv: 2)] [Rope(theta: 500000, layout: RopeLayout.Interleaved)] [Causal]",
        ["gqa-qwen3-qknorm-halfsplit-window"] = "[Attention(dim: 48, heads: 6, headDim: 16)] [GroupedQuery(kv: 2)] [QkNorm] [Rope(theta: 1000000, layout: RopeLayout.HalfSplit)] [Causal] [SlidingWindow(7)]",
        ["gqa-gptoss-sink-yarn-window-bias"] = "[Attention(dim: 40, heads: 4, headDim: 32, Bias = true, OutputBias = true)] [GroupedQuery(kv: 2)] [Rope(theta: 150000, layout: RopeLayout.HalfSplit)] [Yarn(factor: 32, originalLength: 4096)] [Causal] [SlidingWindow(8)] [AttentionSink]",
        ["gqa-gemma2-softcap"] = "[Attention(dim: 40, heads: 4, headDim: 16)] [GroupedQuery(kv: 2)] [QueryScale(preAttnScalar: 24)] [LogitSoftCap(5)] [Rope(layout: RopeLayout.HalfSplit)] [Causal]",
        ["gqa-alibi-softcap-window-core"] = "[Attention(dim: 96, heads: 6)] [GroupedQuery(kv: 2)] [LogitSoftCap(8)] [Alibi] [Causal] [SlidingWindow(10)]",
        ["sqa-sqa"] = "[Attention(dim: 48, heads: 8, OutputBias = true)] [SparseQuery(ratio: 2)] [GroupedQuery(kv: 2)] [Rope(layout: RopeLayout.Interleaved)] [Causal]",
        ["sqa-ssqa-bidirectional"] = "[Attention(dim: 48, heads: 8, Bias = true, OutputBias = true)] [SymmetricSparseQuery] [Rope(layout: RopeLayout.Interleaved)]",
        ["sqa-xsmqa"] = "[Attention(dim: 48, heads: 8, OutputBias = true)] [ExtremeSparseQuery(ratio: 4)] [MultiQuery] [Rope(layout: RopeLayout.Interleaved)] [Causal]",
        ["sqa-rsqa"] = "[Attention(dim: 48, heads: 8, OutputBias = true)] [ReverseSparseQuery(heads: 2, kv: 4)] [Rope(layout: RopeLayout.Interleaved)] [Causal]",
        ["diffqkv-sigma-augq"] = "[Attention(dim: 48, heads: 8)] [GroupedQuery(keyHeads: 2, valueHeads: 4)] [AugmentedQuery(width: 72)] [Rope(theta: 50000, layout: RopeLayout.HalfSplit)] [Causal]",
        ["diffqkv-half-k-dim"] = "[Attention(dim: 40, heads: 8, headDim: 8)] [GroupedQuery(keyHeads: 2, valueHeads: 4)] [KeyWidth(4)] [Rope(layout: RopeLayout.HalfSplit)] [Causal]",
        ["diffqkv-selective-v"] = "[Attention(dim: 40, heads: 8, headDim: 8)] [GroupedQuery(keyHeads: 2, valueHeads: 4)] [SelectiveValue(top: 5)] [Rope(layout: RopeLayout.HalfSplit)] [Causal]",
        ["cca-ccgqa"] = "[Attention(dim: 64, heads: 4, headDim: 8)] [GroupedQuery(kv: 2)] [Compressed(Temperature = Temperature.Raw)] [Rope(theta: 5000000, rotaryDim: 4, layout: RopeLayout.HalfSplit)] [Causal]",
        ["cca-mha-c4"] = "[Attention(dim: 64, heads: 2)] [Compressed(factor: 4)] [Rope(layout: RopeLayout.HalfSplit)] [Causal]",
        ["cca-mqa-k34"] = "[Attention(dim: 48, heads: 3, headDim: 8, Bias = true, OutputBias = true)] [MultiQuery] [Compressed(SeqKernel = 3, HeadKernel = 4, Temperature = Temperature.Raw)] [Rope(theta: 1000000, rotaryDim: 4, layout: RopeLayout.HalfSplit)] [Causal]",
        ["tpla-gla2"] = "[Attention(dim: 32, heads: 4, headDim: 8, Bias = true)] [GroupedLatentKV(groups: 2, rank: 16, ropeDim: 4, Eps = 1e-5)] [LowRankQuery(rank: 64)] [Rope(layout: RopeLayout.HalfSplit)] [Causal]",
        ["tpla-gta"] = "[Attention(dim: 48, heads: 6)] [GroupedQuery(kv: 2)] [TiedKV(ropeDim: 4)] [Rope(layout: RopeLayout.HalfSplit)] [Causal]",
    };

    /// <summary>The recording is one of the core alone.</summary>
    public static bool IsCore(string name) => name.EndsWith("-core", StringComparison.Ordinal);

    /// <summary>The recording uses the checkpoint's own names.</summary>
    private static bool HasOwnNames(string name) => name.StartsWith("cca-", StringComparison.Ordinal) || name.StartsWith("tpla-", StringComparison.Ordinal);

    /// <summary>The recorded layer has gradients.</summary>
    public static bool Differentiates(string name) => name != "diffqkv-selective-v";

    /// <summary>The recorded layer can take its tokens one by one.</summary>
    public static bool Decodes(string name) => !IsCore(name) && ByName[name].Contains("[Causal]");

    /// <summary>The recording holds the token after the others.</summary>
    public static bool HasNext(string name) => name.StartsWith("gqa-llama3", StringComparison.Ordinal);

    /// <summary>What the recording calls its output.</summary>
    public static string Output(string name) => HasOwnNames(name) ? "y" : "out";

    /// <summary>What the recording calls the gradient of the weight that makes keys.</summary>
    public static string KeyGradient(string name) => name == "tpla-gta" ? "grad.kv_proj.weight" : name == "tpla-gla2" ? "grad.W_dKV.weight" : HasOwnNames(name) ? "grad.k_proj.weight" : "grad.Wk";

    /// <summary>Arguments that check all that a recording holds.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="path">The file, or an edited copy.</param>
    /// <param name="folder">Takes the map.</param>
    /// <param name="more">Further attributes of the stack.</param>
    public static List<string> Arguments(string name, string path, TemporaryFolder folder, string more = "")
    {
        List<string> arguments = ["check", path, "--stack", ByName[name] + more, "--map", folder.Write("map.txt", Map), "--gradients"];
        if (Decodes(name))
        {
            arguments.AddRange(["--decode", "9"]);
        }

        if (Output(name) is var output && output != "out")
        {
            arguments.AddRange(["--output", output]);
        }

        if (HasNext(name))
        {
            arguments.AddRange(["--next", "x_next=out_next"]);
        }

        return arguments;
    }

    /// <summary>What the file records, as the report must name it: all of it, or the check would be weaker than it looks.</summary>
    public static HashSet<string> Quantities(string path, string name)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        HashSet<string> expected = ["out", .. file.Tensors.Keys.Where(k => k.StartsWith("grad.", StringComparison.Ordinal) && k != (name == "cca-mha-c4" ? "grad.temp" : ""))];
        if (Decodes(name))
        {
            expected.Add("decode");
        }

        if (file.Tensors.ContainsKey("out_next"))
        {
            expected.Add("next");
        }

        return expected;
    }
}
