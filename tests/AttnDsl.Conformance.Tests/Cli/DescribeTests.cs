using System.Linq;
using System.Text.Json.Nodes;

namespace AttnDsl.Conformance.Tests.Cli;

/// <summary><c>attn describe</c>: widths and costs of what is legal, the compiler's words on what is not.</summary>
public sealed class DescribeTests
{
    private const string Grouped = "[Attention(dim: 512, heads: 8)] [GroupedQuery(kv: 2)] [Causal]";

    [Fact]
    public void AnIllegalHeadCountNamesTheArgumentAndTheNearestLegalValues()
    {
        AttnTool run = AttnTool.Run("describe", "--stack", "[Attention(dim: 2048, heads: 32)] [GroupedQuery(kv: 5)] [Causal]");
        Assert.Equal(1, run.ExitCode);
        Assert.Matches(@"^stack\(1,49\): error ATTN\d{4}: ", run.Output);
        Assert.Matches(@"\bkv\b.*\b5\b.*\b32\b.*\b4\b.*\b8\b", run.Output);
        Assert.Contains("^~~~~", run.Output);
    }

    [Fact]
    public void ARefusalIsDocumentedJson()
    {
        AttnTool run = AttnTool.Run("describe", "--json", "--stack", "[Attention(dim: 2048, heads: 32)] [GroupedQuery(kv: 5)] [Causal]");
        Assert.Equal(1, run.ExitCode);
        Assert.False((bool)run.Json["accepted"]!);
        JsonNode diagnostic = Assert.Single(run.Json["diagnostics"]!.AsArray())!;
        Assert.Equal("error", (string)diagnostic["severity"]!);
        Assert.Equal("kv: 5", (string)diagnostic["text"]!);
        Assert.Equal(48, (int)diagnostic["start"]!);
        Assert.Equal(5, (int)diagnostic["length"]!);
    }

    [Fact]
    public void AnAcceptedStackIsDocumentedJson()
    {
        AttnTool run = AttnTool.Run("describe", "--json", "--stack", Grouped, "--tokens", "1000", "--context", "500");
        Assert.True(run.ExitCode == 0, run.ToString());
        JsonNode json = run.Json;
        Assert.True((bool)json["accepted"]!);
        Assert.Empty(json["diagnostics"]!.AsArray());
        Assert.NotEmpty(json["formula"]!.AsArray());
        Assert.Equal(512, (int)json["widths"]!["dim"]!);
        Assert.Equal(8, (int)json["widths"]!["queryHeads"]!);
        Assert.Equal(2, (int)json["widths"]!["keyHeads"]!);
        Assert.Equal(2, (int)json["widths"]!["valueHeads"]!);
        Assert.Equal(64, (int)json["widths"]!["keyWidth"]!);
        Assert.Equal(
            ["q_proj.weight", "k_proj.weight", "v_proj.weight", "o_proj.weight"],
            json["weights"]!.AsArray().Select(w => (string)w!["name"]!));
        Assert.Equal([128, 512], json["weights"]![1]!["shape"]!.AsArray().Select(n => (int)n!));
        Assert.Equal(128 * 512, (long)json["weights"]![1]!["parameters"]!);
        Assert.Equal((2 * 512 * 512) + (2 * 128 * 512), (long)json["parameters"]!);
        Assert.Equal(2 * 2 * 64, (long)json["cache"]!["scalarsPerToken"]!);
        Assert.Equal(4 * 2 * 2 * 64, (long)json["cache"]!["bytesPerToken"]!);
        Assert.Equal(0, (long)json["constantStateScalars"]!);

        // 2 x multiply-adds: the projections, and scores and values of the visible pairs of every head.
        const long parameters = (2 * 512 * 512) + (2 * 128 * 512);
        Assert.Equal(1000, (long)json["prefill"]!["tokens"]!);
        Assert.Equal((2 * 1000 * parameters) + (2 * 8 * 128 * (1000L * 1001 / 2)), (long)json["prefill"]!["flops"]!);
        Assert.Equal(500, (long)json["decode"]!["context"]!);
        Assert.Equal((2 * parameters) + (2 * 8 * 128 * 500), (long)json["decode"]!["flops"]!);
        Assert.True((long)json["decode"]!["bytes"]! >= 4 * (parameters + (256 * 500)));
    }

    [Theory]
    [InlineData("", 4, "float32")]
    [InlineData(" [KvCache]", 4, "float32")]
    [InlineData(" [KvCache(Element = CacheElement.BFloat16)]", 2, "bfloat16")]
    [InlineData(" [KvCache(KeyElement = CacheElement.BFloat16)]", 3, "bfloat16 of keys, float32 of values")]
    public void TheCacheIsCountedAsItIsStored(string attribute, int bytes, string element)
    {
        AttnTool run = AttnTool.Run("describe", "--json", "--stack", Grouped + attribute, "--context", "500");
        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal(2 * 2 * 64, (long)run.Json["cache"]!["scalarsPerToken"]!);
        Assert.Equal(bytes * 2 * 2 * 64, (long)run.Json["cache"]!["bytesPerToken"]!);
        Assert.Equal(element, (string)run.Json["cache"]!["element"]!);
        Assert.Equal((4 * (long)run.Json["parameters"]!) + (bytes * 256 * 500), (long)run.Json["decode"]!["bytes"]!);
        Assert.Contains($"bytes at {element}", AttnTool.Run("describe", "--stack", Grouped + attribute).Output);
    }

    [Fact]
    public void TextHasNoEscapesAndNoWrappedLines()
    {
        AttnTool run = AttnTool.Run("describe", "--stack", Grouped);
        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.DoesNotContain('\u001b', run.Output);
        Assert.Contains(Grouped, run.Output);
        Assert.Contains("[128, 512]", run.Output);
        Assert.Contains("k_proj.weight", run.Output);
    }

    [Fact]
    public void ALayerWithoutACacheHasNoDecodeCost()
    {
        AttnTool run = AttnTool.Run("describe", "--json", "--stack", "[Attention(dim: 64, heads: 4)]");
        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Null(run.Json["decode"]);
        Assert.Equal(0, (long)run.Json["cache"]!["bytesPerToken"]!);
        Assert.Null(run.Json["cache"]!["element"]);
        Assert.Equal(0, AttnTool.Run("describe", "--stack", "[Attention(dim: 64, heads: 4)]").ExitCode);
    }

    [Fact]
    public void AHugeLayerNeedsNoMemory()
    {
        AttnTool run = AttnTool.Run("describe", "--json", "--stack", "[Attention(dim: 40960, heads: 320)] [GroupedQuery(kv: 8)] [Causal]");
        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal((2 * 40960L * 40960) + (2 * 1024L * 40960), (long)run.Json["parameters"]!);
    }

    [Theory]
    [InlineData("--tokens", "0", "at least 1")]
    [InlineData("--context", "-4", "at least 1")]
    [InlineData("--tokens", "9223372036854775807", "64 bits")]
    [InlineData("--tokens", "many", "--tokens")]
    public void SizesOutOfRange(string option, string value, string words)
    {
        AttnTool run = AttnTool.Run("describe", "--stack", Grouped, option, value);
        Assert.True(run.ExitCode == 2, run.ToString());
        Assert.Contains(option, run.Error);
        Assert.Contains(words, run.Error);
    }

    [Fact]
    public void NoStackAtAll()
    {
        AttnTool run = AttnTool.Run("describe");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--stack", run.Error);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("describe", "--help")]
    [InlineData("check", "--help")]
    public void HelpHasExamples(params string[] arguments)
    {
        AttnTool run = AttnTool.Run(arguments);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("Examples:", run.Output);
        Assert.Empty(run.Error);
    }
}
