using System;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using AttnDsl.Compiler.Plan;
using Xunit;

namespace AttnDsl.Compiler.Tests.Plans;

/// <summary>Compares text with <c>Plans/Snapshots/Class.Method.verified.txt</c>. UPDATE_SNAPSHOTS=1 accepts what a test produced; without it a missing or different file fails.</summary>
public static class Snapshot
{
    private static readonly bool s_accept = Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1";

    private static string Folder => Path.Combine(RepositoryRoot, "tests", "AttnDsl.Compiler.Tests", "Plans", "Snapshots");

    private static string RepositoryRoot => typeof(Snapshot).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!;

    /// <summary>Names of the accepted files, as Class.Method.</summary>
    public static string[] Accepted => Directory.EnumerateFiles(Folder, "*.verified.txt").Select(f => Path.GetFileName(f)[..^".verified.txt".Length]).Order().ToArray();

    /// <summary>The dump of a plan against the file of the calling test.</summary>
    public static void Matches(AttentionPlan plan, [CallerFilePath] string file = "", [CallerMemberName] string method = "") =>
        Matches(PlanDump.Of(plan), Path.GetFileNameWithoutExtension(file) + "." + method);

    private static void Matches(string text, string name)
    {
        string verified = Path.Combine(Folder, name + ".verified.txt");
        string received = Path.Combine(Folder, name + ".received.txt");
        if (File.Exists(verified) && File.ReadAllText(verified) == text)
        {
            File.Delete(received);
            return;
        }

        File.WriteAllText(s_accept ? verified : received, text, new UTF8Encoding(false));
        Assert.True(s_accept, $"{name}: {(File.Exists(verified) ? "differs from" : "there is no")} {name}.verified.txt; see {name}.received.txt, UPDATE_SNAPSHOTS=1 accepts it");
    }
}
