using System;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;

namespace AttnDsl.Torch.Tests.Samples;

/// <summary>A program of the repository as its user starts it.</summary>
internal sealed class SampleProcess : IDisposable
{
    private readonly Process process;
    private readonly Task<string> output;
    private readonly Task<string> error;

    private SampleProcess(Process process)
    {
        this.process = process;
        output = process.StandardOutput.ReadToEndAsync();
        error = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Number of the process.</summary>
    public int Id => process.Id;

    /// <summary>Starts <c>name.dll</c>, which lies beside the tests.</summary>
    public static SampleProcess Start(string name, params ReadOnlySpan<string> arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, name + ".dll"));
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return new SampleProcess(Process.Start(start)!);
    }

    /// <summary>Ends it at once, whatever it is doing.</summary>
    public void Kill() => process.Kill();

    /// <summary>Waits for its end.</summary>
    public async Task<(int Code, string Output, string Error)> End()
    {
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        process.Dispose();
    }
}
