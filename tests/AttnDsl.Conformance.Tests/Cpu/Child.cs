using System;
using System.Diagnostics;
using System.Linq;
using System.Threading.Tasks;
using AttnDsl.Conformance.Tests.Layers;
using AttnDsl.Cpu;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>This assembly as a program, for checks that need a process of their own: other runtime switches, or nobody else who allocates.</summary>
internal static class Child
{
    /// <summary>The recordings on the path that the process detects; prints the path, and "right".</summary>
    public const string Goldens = "goldens";

    /// <summary>Bytes that warm calls allocate on any thread; prints "nothing".</summary>
    public const string Allocations = "allocations";

    /// <summary>Scratch and peak memory; prints the figures, and "linear".</summary>
    public const string Memory = "memory";

    // A crowded machine may take long; a process that hangs must not.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    public static int Main(string[] arguments)
    {
        switch (arguments.SingleOrDefault())
        {
            case Goldens:
                Console.WriteLine(Simd.Detected);
                RunGoldens();
                Console.WriteLine("right");
                return 0;
            case Allocations:
                string[] faults = [.. AllocationChecks.Faults(() => GC.GetTotalAllocatedBytes(precise: true))];
                Console.WriteLine(faults.Length == 0 ? "nothing" : string.Join('\n', faults));
                return 0;
            case Memory:
                foreach (string line in MemoryChecks.Run())
                {
                    Console.WriteLine(line);
                }

                Console.WriteLine("linear");
                return 0;
            default:
                Console.Error.WriteLine($"expected one of: {Goldens}, {Allocations}, {Memory}");
                return 2;
        }
    }

    /// <summary>Runs a command and returns what it prints.</summary>
    /// <param name="command">One of the above.</param>
    /// <param name="output">Gets a copy.</param>
    /// <param name="settings">Environment variables.</param>
    public static string Run(string command, ITestOutputHelper output, params (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo(Host(), ["exec", typeof(Child).Assembly.Location, command])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach ((string name, string value) in settings)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> printed = process.StandardOutput.ReadToEndAsync();
        Task<string> complaint = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"'{command}' was not done after {s_patience}.");
        }

        string text = printed.GetAwaiter().GetResult().ReplaceLineEndings("\n");
        output.WriteLine(text);
        Assert.True(process.ExitCode == 0, $"'{command}' ended with {process.ExitCode}: {text}{complaint.GetAwaiter().GetResult()}");
        return text;
    }

    private static string Host()
    {
        string? path = Environment.ProcessPath;
        return System.IO.Path.GetFileNameWithoutExtension(path) == "dotnet" ? path! : "dotnet";
    }

    private static void RunGoldens()
    {
        var output = new Silent();
        var checks = new GoldenChecks(output, check => check(Simd.Current.ToString()));
        foreach (string file in GoldenCases.Layers.Keys.Where(file => file != GoldenCases.Core))
        {
            if (GoldenChecks.CaseOf(file).Cpu.Shape.NoGradient is null)
            {
                checks.Layer(file);
            }

            if (GoldenChecks.CaseOf(file).Cpu.IsCached)
            {
                checks.Cache(file);
            }
        }

        checks.Core();
        checks.Next();
    }

    private sealed class Silent : ITestOutputHelper
    {
        public void WriteLine(string message)
        {
        }

        public void WriteLine(string format, params object[] args)
        {
        }
    }
}
