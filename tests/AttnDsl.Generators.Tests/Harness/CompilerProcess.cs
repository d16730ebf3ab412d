using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using Basic.Reference.Assemblies;

namespace AttnDsl.Generators.Tests.Harness;

/// <summary>The SDK's own compiler in a process of its own, as a user's build starts it: nothing of the generator is loaded or compiled yet.</summary>
internal static class CompilerProcess
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    /// <summary>Compiles files with the generator and returns what the compiler prints, its report of generator times included.</summary>
    public static string Compile(IReadOnlyList<SourceFile> files)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("attndsl-");
        try
        {
            return Run(Arguments(files, folder.FullName), folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Writes everything down and returns the response file. Bodies are read but not emitted: only the generator is of interest.</summary>
    private static string Arguments(IReadOnlyList<SourceFile> files, string folder)
    {
        var arguments = new StringBuilder("/noconfig\n/nostdlib+\n/nologo\n/target:library\n/refonly\n/langversion:12\n/reportanalyzer\n/out:User.dll\n");
        foreach (var reference in Net100.ReferenceInfos.All)
        {
            File.WriteAllBytes(Path.Combine(folder, reference.FileName), reference.ImageBytes);
            arguments.Append("/r:").Append(reference.FileName).Append('\n');
        }

        arguments.Append("/r:\"").Append(typeof(AttentionAttribute).Assembly.Location).Append("\"\n");
        foreach (Type type in new[] { typeof(AttentionGenerator), typeof(AttnDsl.Compiler.AttentionCompiler), typeof(Scriban.Template) })
        {
            arguments.Append("/analyzer:\"").Append(type.Assembly.Location).Append("\"\n");
        }

        foreach (SourceFile file in files)
        {
            string name = Path.GetFileName(file.Path);
            File.WriteAllText(Path.Combine(folder, name), file.Text);
            arguments.Append(name).Append('\n');
        }

        string response = Path.Combine(folder, "user.rsp");
        File.WriteAllText(response, arguments.ToString());
        return response;
    }

    private static string Run(string response, string folder)
    {
        var start = new ProcessStartInfo(Host, ["exec", CompilerPath, "@" + response])
        {
            WorkingDirectory = folder,
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
            Assert.Fail($"The compiler was not done after {s_patience}.");
        }

        string text = printed.GetAwaiter().GetResult().ReplaceLineEndings("\n");
        Assert.True(process.ExitCode == 0, $"The compiler ended with {process.ExitCode}: {text}{complaint.GetAwaiter().GetResult()}");
        return text;
    }

    /// <summary>The installation that this process runs on: shared/Microsoft.NETCore.App/version lies beside sdk.</summary>
    private static string Root => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));

    private static string Host => Path.Combine(Root, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");

    private static string CompilerPath => Directory.GetDirectories(Path.Combine(Root, "sdk"))
        .Select(sdk => Path.Combine(sdk, "Roslyn", "bincore", "csc.dll"))
        .Where(File.Exists)
        .OrderBy(path => File.GetLastWriteTimeUtc(path))
        .Last();
}
