using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace AttnDsl.Generators.Tests.Harness;

/// <summary>
/// Generated text against files under Snapshots/, named as Verify names them: <c>Class.Method#Hint.verified.cs</c>, and <c>Class.Method.verified.txt</c> for the
/// list of files and diagnostics of a run. A difference writes a <c>.received.</c> file beside the verified one; run the tests with UPDATE_SNAPSHOTS=1 to accept.
/// A missing file fails, and so does one that the run no longer makes; <see cref="SnapshotFiles.FindOrphans"/> finds those whose test is gone.
/// </summary>
internal static partial class Snapshot
{
    /// <summary>Compares every generated file of a run. Call it once in a test; a theory gives its first argument as <paramref name="variant"/>.</summary>
    public static void Verify(GenerationRun run, string? variant = null, [CallerFilePath] string file = "", [CallerMemberName] string test = "")
    {
        IEnumerable<string> overview = run.Files.Select(generated => generated.Hint).Concat(run.Diagnostics.Select(diagnostic => diagnostic.ToString()));
        var files = SnapshotFiles.Of(file, test, variant);
        files.Verify(run.Files.Select(generated => (generated.Hint, generated.Text)), string.Join("\n", overview.DefaultIfEmpty("nothing generated")) + "\n");
    }

    /// <summary>Replaces what changes with every release.</summary>
    public static string Scrub(string text) => VersionArgument().Replace(text.ReplaceLineEndings("\n"), "$1\"FIXED_VERSION\"");

    [GeneratedRegex("""(GeneratedCode(?:Attribute)?\("[^"]*",\s*)"[^"]*"(?=\))""", RegexOptions.CultureInvariant)]
    private static partial Regex VersionArgument();
}

/// <summary>The snapshot files of one test.</summary>
internal sealed class SnapshotFiles(string directory, string owner, bool accept)
{
    private const string Verified = ".verified.";
    private const string Received = ".received.";

    /// <summary>Snapshots/ beside the test's source file; the class is named as its file.</summary>
    public static SnapshotFiles Of(string sourceFile, string test, string? variant) => new(
        Path.Combine(Path.GetDirectoryName(sourceFile)!, "Snapshots"),
        Owner(Path.GetFileNameWithoutExtension(sourceFile), test, variant),
        Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1");

    /// <summary><c>Class.Method</c>, for a theory <c>Class.Method_variant</c>; characters that no file system minds.</summary>
    public static string Owner(string type, string test, string? variant)
    {
        string name = variant is null ? $"{type}.{test}" : $"{type}.{test}_{variant}";
        return string.Concat(name.Select(character => char.IsLetterOrDigit(character) || character is '.' or '_' or '-' ? character : '-'));
    }

    /// <summary>Verified files in the directory whose owner is none of these.</summary>
    public static IReadOnlyList<string> FindOrphans(string directory, IReadOnlySet<string> owners) => !Directory.Exists(directory)
        ? []
        : [.. Directory.GetFiles(directory)
            .Select(path => Path.GetFileName(path))
            .Where(name => name.Contains(Verified, StringComparison.Ordinal))
            .Where(name => !owners.Contains(name.Contains('#', StringComparison.Ordinal) ? name[..name.IndexOf('#', StringComparison.Ordinal)] : name[..name.LastIndexOf(Verified, StringComparison.Ordinal)]))
            .Order(StringComparer.Ordinal)];

    /// <summary>Compares each text with its file, the overview with its own, and fails on verified files that are left over.</summary>
    public void Verify(IEnumerable<(string Hint, string Text)> texts, string overview)
    {
        Directory.CreateDirectory(directory);
        var expected = new HashSet<string>(StringComparer.Ordinal);
        var failures = new List<string>();
        foreach ((string hint, string text) in texts)
        {
            // "Ns.Type.Spec.g.cs" becomes "Class.Method#Ns.Type.Spec.g.verified.cs".
            Compare($"{owner}#{Path.GetFileNameWithoutExtension(hint)}{Verified}{Path.GetExtension(hint)[1..]}", text, expected, failures);
        }

        Compare($"{owner}{Verified}txt", overview, expected, failures);
        foreach (string left in Directory.GetFiles(directory, $"{owner}#*").Select(path => Path.GetFileName(path)))
        {
            if (!left.Contains(Verified, StringComparison.Ordinal) || expected.Contains(left))
            {
                continue;
            }

            if (accept)
            {
                File.Delete(Path.Combine(directory, left));
            }
            else
            {
                failures.Add($"{left} is verified but no longer generated.");
            }
        }

        if (failures.Count > 0)
        {
            Assert.Fail(string.Join("\n\n", failures) + "\n\nIf this is meant, run the tests once with UPDATE_SNAPSHOTS=1 and review the difference in git.");
        }
    }

    private void Compare(string name, string text, HashSet<string> expected, List<string> failures)
    {
        expected.Add(name);
        string path = Path.Combine(directory, name);
        string receivedPath = Path.Combine(directory, name.Replace(Verified, Received, StringComparison.Ordinal));
        string actual = Snapshot.Scrub(text);
        string? verified = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : null;
        if (actual == verified || accept)
        {
            if (actual != verified)
            {
                File.WriteAllText(path, actual);
            }

            File.Delete(receivedPath);
            return;
        }

        File.WriteAllText(receivedPath, actual);
        failures.Add(verified is null ? $"{name} is missing; the text is in {Path.GetFileName(receivedPath)}." : $"{name} differs:\n{TextDiff.Describe(verified, actual)}");
    }
}
