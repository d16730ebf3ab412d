using System.IO;

namespace AttnDsl.Conformance.Tests.Cli;

/// <summary>Input that cannot be used ends with exit code 2 and a message that says what is expected, never with a stack trace.</summary>
public sealed class UnusableInputTests
{
    private const string Stack = "[Attention(dim: 4, heads: 2)] [Causal]";

    [Fact]
    public void AMissingFile()
    {
        using TemporaryFolder folder = new();
        Unusable(["check", folder.PathOf("absent.safetensors"), "--stack", Stack], "absent.safetensors");
    }

    [Fact]
    public void AFolderInsteadOfAFile()
    {
        using TemporaryFolder folder = new();
        Unusable(["check", Path.GetDirectoryName(folder.PathOf("x"))!, "--stack", Stack], "attn-tests-");
    }

    [Fact]
    public void AFileOfAnotherKind()
    {
        using TemporaryFolder folder = new();
        Unusable(["check", folder.Write("text.safetensors", "no tensors here, only text"), "--stack", Stack], "text.safetensors");
    }

    [Fact]
    public void AMissingMap()
    {
        using TemporaryFolder folder = new();
        Unusable(["check", Recording().Save(folder.PathOf("a")), "--stack", Stack, "--map", folder.PathOf("map.txt")], "map.txt");
    }

    [Fact]
    public void ALineThatIsNoMapping()
    {
        using TemporaryFolder folder = new();
        string map = folder.Write("map.txt", "# ok", "Wq = q_proj.weight", "Wk: k_proj.weight");
        Unusable(["check", Recording().Save(folder.PathOf("a")), "--stack", Stack, "--map", map], "line 3", "Wk: k_proj.weight");
    }

    [Theory]
    [InlineData("torch")]
    [InlineData("torch-fused")]
    [InlineData("reference,torch")]
    public void ALibtorchThatIsNotThere(string backends)
    {
        using TemporaryFolder folder = new();
        string recording = Recording().Save(folder.PathOf("a"));
        Unusable(["check", recording, "--stack", Stack, "--backends", backends, "--libtorch", folder.PathOf("libtorch")], "torch_cpu", "is missing from", "libtorch 2.10.0");
    }

    [Theory]
    [InlineData("--tolerance", "soft")]
    [InlineData("--tolerance", "-1")]
    [InlineData("--tolerance", "NaN")]
    [InlineData("--next", "x_next")]
    [InlineData("--next", "=out")]
    [InlineData("--layout", "HTBD")]
    [InlineData("--dtype", "bf16")]
    [InlineData("--threads", "-1")]
    [InlineData("--threads", "1025")]
    [InlineData("--threads", "all")]
    [InlineData("--decode", "few")]
    [InlineData("--unknown", "1")]
    public void AnOptionWithoutMeaning(string option, string value)
    {
        using TemporaryFolder folder = new();
        Unusable(["check", Recording().Save(folder.PathOf("a")), "--stack", Stack, option, value], option);
    }

    [Theory]
    [InlineData("--decode", "3")]
    [InlineData("--decode", "-1")]
    public void DecodeFromOutsideTheRecording(string option, string value)
    {
        using TemporaryFolder folder = new();
        Unusable(["check", Recording().Save(folder.PathOf("a")), "--stack", Stack, option, value], "3 tokens", "0 to 2");
    }

    [Fact]
    public void NoInputAtAll()
    {
        using TemporaryFolder folder = new();
        Unusable(["check", Recording().Remove("x").Save(folder.PathOf("a")), "--stack", Stack], "'x'", "--input", "q_proj.weight");
    }

    [Fact]
    public void NoRecordedOutput()
    {
        using TemporaryFolder folder = new();
        Unusable(["check", Recording().Remove("out").Save(folder.PathOf("a")), "--stack", Stack], "'out'");
    }

    [Fact]
    public void WeightsTheFileLacksAreAllNamed()
    {
        using TemporaryFolder folder = new();
        string path = Recording().Remove("q_proj.weight").Remove("o_proj.weight").Save(folder.PathOf("a"));
        Unusable(["check", path, "--stack", Stack], "'q_proj.weight' [4, 4]", "'o_proj.weight' [4, 4]", "--map");
    }

    [Fact]
    public void OneWeightGivenTwice()
    {
        using TemporaryFolder folder = new();
        string path = Recording().Put("Wq", [4, 4], new double[16]).Save(folder.PathOf("a"));
        string map = folder.Write("map.txt", "Wq = q_proj.weight");
        Unusable(["check", path, "--stack", Stack, "--map", map], "'Wq'", "'q_proj.weight'");
    }

    [Fact]
    public void OneTensorForTwoWeights()
    {
        using TemporaryFolder folder = new();
        string path = Recording().Remove("q_proj.weight").Remove("k_proj.weight").Put("W", [4, 4], new double[16]).Save(folder.PathOf("a"));
        string map = folder.Write("map.txt", "W = q_proj.weight", "W = k_proj.weight");
        Unusable(["check", path, "--stack", Stack, "--map", map], "'W'", "'q_proj.weight', 'k_proj.weight'");
    }

    [Fact]
    public void WrongShapesNameBothShapes()
    {
        using TemporaryFolder folder = new();
        Unusable(
            ["check", Recording().Put("k_proj.weight", [2, 4], new double[8]).Save(folder.PathOf("a")), "--stack", Stack],
            "'k_proj.weight'",
            "[4, 4]",
            "[2, 4]");
        Unusable(
            ["check", Recording().Put("x", [2, 3, 5], new double[30]).Save(folder.PathOf("b")), "--stack", Stack],
            "'x'",
            "[batch, tokens, 4]",
            "[2, 3, 5]");
        Unusable(
            ["check", Recording().Put("out", [2, 2, 4], new double[16]).Save(folder.PathOf("c")), "--stack", Stack],
            "'out'",
            "[2, 3, 4]",
            "[2, 2, 4]");
    }

    [Fact]
    public void GradientsThatAreNotRecordedAreAllNamed()
    {
        using TemporaryFolder folder = new();
        Unusable(["check", Recording().Save(folder.PathOf("a")), "--stack", Stack, "--gradients"], "'g'", "'grad.x'", "'grad.o_proj.weight'");
    }

    [Fact]
    public void NextTensorsThatAreNotRecorded()
    {
        using TemporaryFolder folder = new();
        Unusable(["check", Recording().Save(folder.PathOf("a")), "--stack", Stack, "--next", "x_next=out_next"], "'x_next'");
    }

    [Fact]
    public void JsonCarriesTheMessageToo()
    {
        using TemporaryFolder folder = new();
        AttnTool run = AttnTool.Run("check", folder.PathOf("absent.safetensors"), "--stack", Stack, "--json");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("absent.safetensors", (string)run.Json["error"]!);
    }

    [Fact]
    public void ARefusedStackIsAMissNotUnusable()
    {
        using TemporaryFolder folder = new();
        AttnTool run = AttnTool.Run("check", Recording().Save(folder.PathOf("a")), "--stack", "[Attention(dim: 4, heads: 3)]");
        Assert.True(run.ExitCode == 1, run.ToString());
        Assert.Contains("error ATTN", run.Output);
    }

    /// <summary>A recording that fits <see cref="Stack"/>; its numbers do not matter here.</summary>
    private static EditedRecording Recording()
    {
        EditedRecording recording = new EditedRecording().Put("x", [2, 3, 4], new double[24]).Put("out", [2, 3, 4], new double[24]);
        foreach (string weight in new[] { "q_proj", "k_proj", "v_proj", "o_proj" })
        {
            recording.Put(weight + ".weight", [4, 4], new double[16]);
        }

        return recording;
    }

    private static void Unusable(string[] arguments, params string[] words)
    {
        AttnTool run = AttnTool.Run(arguments);
        Assert.True(run.ExitCode == 2, run.ToString());
        Assert.All(words, word => Assert.Contains(word, run.Error));
        Assert.DoesNotContain("   at ", run.Error);
    }
}
