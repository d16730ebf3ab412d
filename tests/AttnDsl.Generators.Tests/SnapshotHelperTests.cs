using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using AttnDsl.Generators.Tests.Harness;
using Xunit.Sdk;

namespace AttnDsl.Generators.Tests;

/// <summary>The snapshot helper itself: a helper that passes too easily would hide every change of the output.</summary>
public sealed class SnapshotHelperTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("snapshots").FullName;

    [Fact]
    public void A_missing_snapshot_fails_and_leaves_the_received_text()
    {
        string message = Failure(() => Verify(false, ("N.A.Spec.g.cs", "text\n")));

        Assert.Contains("T.M#N.A.Spec.g.verified.cs is missing", message, StringComparison.Ordinal);
        Assert.Equal("text\n", File.ReadAllText(Path.Combine(_directory, "T.M#N.A.Spec.g.received.cs")));
        Assert.False(File.Exists(Path.Combine(_directory, "T.M#N.A.Spec.g.verified.cs")));
    }

    [Fact]
    public void An_accepted_snapshot_passes_until_the_text_changes()
    {
        Verify(true, ("A.g.cs", "one\ntwo\n"));
        Verify(false, ("A.g.cs", "one\ntwo\n"));

        string message = Failure(() => Verify(false, ("A.g.cs", "one\nthree\n")));

        Assert.Contains("- two\n+ three", message, StringComparison.Ordinal);
        Verify(false, ("A.g.cs", "one\ntwo\n"));
        Assert.DoesNotContain(Directory.GetFiles(_directory), path => path.Contains(".received.", StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_that_is_no_longer_generated_fails()
    {
        Verify(true, ("A.g.cs", "a"), ("B.g.cs", "b"));

        Assert.Contains("T.M#B.g.verified.cs is verified but no longer generated", Failure(() => Verify(false, ("A.g.cs", "a"))), StringComparison.Ordinal);
        Verify(true, ("A.g.cs", "a"));
        Assert.DoesNotContain(Directory.GetFiles(_directory), path => path.Contains("#B.", StringComparison.Ordinal));
    }

    [Fact]
    public void A_snapshot_without_a_test_is_an_orphan()
    {
        Verify(true, ("A.g.cs", "a"));

        Assert.Empty(SnapshotFiles.FindOrphans(_directory, new HashSet<string> { "T.M" }));
        Assert.Equal(["T.M#A.g.verified.cs", "T.M.verified.txt"], SnapshotFiles.FindOrphans(_directory, new HashSet<string> { "T.Other" }));
    }

    [Fact]
    public void The_version_is_scrubbed()
    {
        const string Text = "[global::System.CodeDom.Compiler.GeneratedCode(\"AttnDsl.Generators\", \"0.1.0.0\")]\r\n";
        Assert.Equal("[global::System.CodeDom.Compiler.GeneratedCode(\"AttnDsl.Generators\", \"FIXED_VERSION\")]\n", Snapshot.Scrub(Text));
    }

    [Fact]
    public void No_snapshot_of_this_project_is_an_orphan()
    {
        string directory = Path.Combine(Path.GetDirectoryName(SourcePath())!, "Snapshots");
        Assert.Empty(SnapshotFiles.FindOrphans(directory, SnapshotOwners.Of(typeof(SnapshotHelperTests).Assembly)));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static string Failure(Action action) => Assert.Throws<FailException>(action).Message;

    private static string SourcePath([CallerFilePath] string path = "") => path;

    private void Verify(bool accept, params (string Hint, string Text)[] texts) =>
        new SnapshotFiles(_directory, "T.M", accept).Verify(texts, string.Join("\n", texts.Select(text => text.Hint)));
}
