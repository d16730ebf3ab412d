using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Threading.Tasks;
using AttnDsl.Generators.Tests.Harness;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace AttnDsl.Generators.Tests;

/// <summary>
/// This assembly as a program: the generator's first run in a process of its own, as a user's build starts one, on the SDK's own Roslyn. That one is compiled ahead of time, the
/// package that tests use is not, and would count as the generator's time.
/// </summary>
internal static class ColdRun
{
    // A crowded machine may take long; a process that hangs must not.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(10);

    public static int Main(string[] arguments)
    {
        IReadOnlyList<SourceFile> files = ManyLayers.Files(int.Parse(arguments.Single(), CultureInfo.InvariantCulture));
        CSharpCompilation compilation = TestCompilation.Create(files);
        compilation.GetDiagnostics();
        Driver(new Neighbour()).RunGenerators(compilation);

        CSharpCompilation fresh = compilation.Clone();
        TimeSpan processor = Process.GetCurrentProcess().TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        GeneratorDriver driver = Driver(new AttentionGenerator()).RunGenerators(fresh);
        watch.Stop();
        processor = Process.GetCurrentProcess().TotalProcessorTime - processor;
        GeneratorRunResult result = driver.GetRunResult().Results.Single();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{files.Count} different annotated classes, {result.GeneratedSources.Length} files of {result.GeneratedSources.Sum(source => source.SourceText.Length) / files.Count} characters a class, in a fresh process: {watch.Elapsed.TotalMilliseconds:F0} ms ({processor.TotalMilliseconds:F0} ms of processor time)"));
        return result.Exception is null && result.Diagnostics.IsEmpty && files.Count <= result.GeneratedSources.Length / 4 ? 0 : 1;
    }

    /// <summary>Starts the program and returns what it prints.</summary>
    public static string Start(int classes)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("attndsl-");
        try
        {
            return Run(Install(folder.FullName), classes.ToString(CultureInfo.InvariantCulture));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Copies the program next to the SDK's Roslyn, where there is one at least as new, and returns its path.</summary>
    private static string Install(string folder)
    {
        // Without a list of dependencies beside it, a program takes every dll of its folder.
        string program = typeof(ColdRun).Assembly.Location;
        string[] own = [.. Directory.GetFiles(Path.GetDirectoryName(program)!, "*.dll"), Path.ChangeExtension(program, ".runtimeconfig.json")];
        foreach (string file in own)
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        Type[] roslyn = [typeof(Compilation), typeof(CSharpCompilation)];
        foreach (string sdk in Directory.GetDirectories(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", "..", "sdk")))
        {
            string[] compiler = [.. roslyn.Select(type => Path.Combine(sdk, "Roslyn", "bincore", Path.GetFileName(type.Assembly.Location)))];
            if (compiler.All(File.Exists) && AssemblyName.GetAssemblyName(compiler[0]).Version >= roslyn[0].Assembly.GetName().Version)
            {
                foreach (string file in compiler)
                {
                    File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
                }
            }
        }

        return Path.Combine(folder, Path.GetFileName(program));
    }

    private static string Run(string program, string argument)
    {
        var start = new ProcessStartInfo(Host(), ["exec", program, argument])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using Process process = Process.Start(start)!;
        Task<string> printed = process.StandardOutput.ReadToEndAsync();
        Task<string> complaint = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"The process was not done after {s_patience}.");
        }

        string text = printed.GetAwaiter().GetResult().TrimEnd();
        Assert.True(process.ExitCode == 0, $"The process ended with {process.ExitCode}: {text}{complaint.GetAwaiter().GetResult()}");
        return text;
    }

    private static GeneratorDriver Driver(IIncrementalGenerator generator) => CSharpGeneratorDriver.Create([generator.AsSourceGenerator()], parseOptions: TestCompilation.ParseOptions);

    private static string Host() => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";

    /// <summary>Somebody else's generator: binds the same attributes and writes nothing.</summary>
    private sealed class Neighbour : IIncrementalGenerator
    {
        public void Initialize(IncrementalGeneratorInitializationContext context) => context.RegisterSourceOutput(
            context.SyntaxProvider.ForAttributeWithMetadataName("AttnDsl.AttentionAttribute", (_, _) => true, (attributed, _) => attributed.TargetSymbol.Name + attributed.Attributes[0].ConstructorArguments.Length),
            (_, _) => { });
    }
}
