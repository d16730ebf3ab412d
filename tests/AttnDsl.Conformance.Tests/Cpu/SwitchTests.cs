using System;
using AttnDsl.Cpu;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>The runtime's own switches choose the path, and the recordings keep the rule on it: in processes of their own.</summary>
[Collection(CpuTests.Name)]
public sealed class SwitchTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("", nameof(SimdPath.Vector512))]
    [InlineData("DOTNET_EnableAVX512", nameof(SimdPath.Vector256))]
    [InlineData("DOTNET_EnableAVX2", nameof(SimdPath.Portable))]
    [InlineData("DOTNET_EnableHWIntrinsic", nameof(SimdPath.Portable))]
    public void The_recordings_keep_the_rule_on_the_path_that_a_switch_leaves(string variable, string path)
    {
        SimdPath wanted = Enum.Parse<SimdPath>(path);
        SimdPath expected = wanted < Simd.Detected ? wanted : Simd.Detected;
        if (expected != wanted)
        {
            output.WriteLine($"This machine has no {wanted}: {expected} is its widest path, and what runs here. Emulated, {wanted} runs in the other tests.");
        }

        string printed = variable.Length == 0 ? Child.Run(Child.Goldens, output) : Child.Run(Child.Goldens, output, (variable, "0"));
        Assert.Equal($"{expected}\nright\n", printed);
        CpuSummary.Ran(variable.Length == 0 ? "no switch" : $"{variable}=0", expected.ToString());
    }
}
