using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using AttnDsl.Generators.Tests.Harness;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit.Abstractions;

namespace AttnDsl.Generators.Tests;

/// <summary>Figures for the record; shared machines are too uneven to assert a time.</summary>
public sealed class TimingTests(ITestOutputHelper output) : GeneratorHarness
{
    private const int Classes = 200;

    /// <summary>What a user's build waits for.</summary>
    [Fact]
    public void Two_hundred_classes_in_a_process_of_their_own() => output.WriteLine(ColdRun.Start(Classes));

    [Fact]
    public void Two_hundred_classes_warm_and_after_one_edit()
    {
        IReadOnlyList<SourceFile> files = ManyLayers.Files(Classes);
        CSharpCompilation compilation = TestCompilation.Create(files);
        GeneratorDriver driver = CreateDriver();

        TimeSpan processor = Process.GetCurrentProcess().TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        driver = driver.RunGenerators(compilation);
        TimeSpan first = watch.Elapsed;
        processor = Process.GetCurrentProcess().TotalProcessorTime - processor;
        int count = Checked(driver).GeneratedSources.Length;

        SyntaxTree edited = compilation.SyntaxTrees[Classes / 2];
        compilation = compilation.ReplaceSyntaxTree(
            edited, TestCompilation.Parse(files[Classes / 2] with { Text = edited.ToString().Replace("[Attention(dim: ", "[Attention(dim: 2", StringComparison.Ordinal) }));
        watch.Restart();
        driver = driver.RunGenerators(compilation);
        TimeSpan edit = watch.Elapsed;
        Checked(driver);

        compilation = compilation.AddSyntaxTrees(TestCompilation.Parse(new SourceFile("/project/Unrelated.cs", "class Unrelated;")));
        watch.Restart();
        driver = driver.RunGenerators(compilation);
        TimeSpan unrelated = watch.Elapsed;
        Checked(driver);

        CSharpCompilation again = TestCompilation.Create(files);
        GeneratorDriver fresh = CreateDriver();
        watch.Restart();
        fresh.RunGenerators(again);
        TimeSpan warm = watch.Elapsed;

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Classes} different annotated classes, {count} files: first run of this process {first.TotalMilliseconds:F0} ms ({processor.TotalMilliseconds:F0} ms of processor time), a fresh driver after that {warm.TotalMilliseconds:F0} ms, one attribute edited {edit.TotalMilliseconds:F0} ms, unrelated file added {unrelated.TotalMilliseconds:F0} ms"));
        Assert.DoesNotContain("Modified", TrackedSteps.Reasons(driver.GetRunResult().Results[0]), StringComparison.Ordinal);
    }
}
