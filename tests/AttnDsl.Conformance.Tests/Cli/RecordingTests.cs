using AttnDsl.Cli;
using AttnDsl.Cli.Check;

namespace AttnDsl.Conformance.Tests.Cli;

/// <summary>What a recording's metadata says about its precision.</summary>
public sealed class RecordingTests
{
    [Theory]
    [InlineData(null, false)]
    [InlineData("float64", false)]
    [InlineData("float32", true)]
    [InlineData("float64 (softmax float32 as in the code)", true)]
    [InlineData("float64 tensors; the softmax of the selection pass runs in float32 as in the authors code", true)]
    [InlineData("float64 (nearest-codeword distances and softmax in float32 as in the authors code)", true)]
    [InlineData("float64 (softmax dtype float32 replaced by float64; no other change)", false)]
    [InlineData("float64 (float32 replaced by float64; attention call replaced by plain causal softmax attention)", false)]
    [InlineData("float64 (scores float32)", false)]
    public void AFloat32SoftmaxIsRecognised(string? dtype, bool expected)
    {
        using TemporaryFolder folder = new();
        string path = new EditedRecording().Put("x", [1], [1]).Save(folder.PathOf("a.safetensors"), dtypeMetadata: dtype);
        using Recording recording = Recording.Open(path);
        Assert.Equal(expected, recording.WentThroughFloat32);
    }

    [Fact]
    public void AbsentTensorsAreAnsweredWithWhatIsThere()
    {
        using TemporaryFolder folder = new();
        using Recording recording = Recording.Open(new EditedRecording().Put("x", [1, 2], [1, 2]).Save(folder.PathOf("a.safetensors")));
        Assert.Contains("x F64 [1, 2]", Assert.Throws<UnusableInputException>(() => recording.Read("y")).Message);
    }
}
