using System;
using System.Diagnostics;
using System.Runtime.Intrinsics.X86;

namespace AttnDsl.Cpu.Tests;

/// <summary>The runtime's own switches choose the path, and the kernels are right on it: in processes of their own.</summary>
public class SwitchTests
{
    [Theory]
    [InlineData("DOTNET_EnableAVX512", nameof(SimdPath.Vector256))]
    [InlineData("DOTNET_EnableAVX2", nameof(SimdPath.Portable))]
    [InlineData("DOTNET_EnableHWIntrinsic", nameof(SimdPath.Portable))]
    public void ASwitchForcesThePath(string variable, string path)
    {
        if (path == nameof(SimdPath.Vector256) && !Avx2.IsSupported)
        {
            path = nameof(SimdPath.Portable);
        }

        var start = new ProcessStartInfo(Environment.ProcessPath!, ["exec", typeof(Program).Assembly.Location])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        if (!Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal) && !Environment.ProcessPath.EndsWith("dotnet.exe", StringComparison.Ordinal))
        {
            start.FileName = "dotnet";
        }

        start.Environment[variable] = "0";
        using Process process = Process.Start(start)!;
        string error = process.StandardError.ReadToEnd();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        Assert.Equal($"{path}\nright\n", output.ReplaceLineEndings("\n"));
        Assert.Equal("", error);
    }
}
