using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
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

    /// <summary>Asks it to stop: as Ctrl-C does, or, where the process inherited that it ignores Ctrl-C (a shell starts what runs in the background that way), as a system that shuts down does.</summary>
    public void Interrupt()
    {
        string signal = IgnoresInterrupts() ? "-TERM" : "-INT";
        using Process kill = Process.Start("kill", [signal, process.Id.ToString(CultureInfo.InvariantCulture)])!;
        kill.WaitForExit();
    }

    /// <summary>Waits for its end.</summary>
    /// <exception cref="TimeoutException">It does not end; it is killed.</exception>
    public async Task<(int Code, string Output, string Error)> End()
    {
        try
        {
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(3));
        }
        catch (TimeoutException)
        {
            process.Kill();
            throw;
        }

        return (process.ExitCode, await output, await error);
    }

    private bool IgnoresInterrupts()
    {
        // SigIgn is a mask with bit n - 1 for signal n; the interrupt is 2.
        const string Field = "SigIgn:";
        const ulong Interrupt = 1UL << 1;
        string path = $"/proc/{process.Id.ToString(CultureInfo.InvariantCulture)}/status";
        return File.Exists(path)
            && File.ReadLines(path).FirstOrDefault(line => line.StartsWith(Field, StringComparison.Ordinal)) is { } line
            && (ulong.Parse(line.AsSpan(Field.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & Interrupt) != 0;
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
