using System;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Text;
using AttnDsl.Generators.Tests.Harness;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit.Abstractions;

namespace AttnDsl.Generators.Tests;

/// <summary>Figures for the record; shared machines are too uneven to assert a time.</summary>
public sealed class TimingTests(ITestOutputHelper output) : GeneratorHarness
{
    private const int Classes = 200;

    [Fact]
    public void Two_hundred_classes_cold_and_after_one_edit()
    {
        SourceFile[] files = [.. Enumerable.Range(0, Classes).Select(File)];
        CSharpCompilation compilation = TestCompilation.Create(files);
        GeneratorDriver driver = CreateDriver();

        TimeSpan processor = Process.GetCurrentProcess().TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        driver = driver.RunGenerators(compilation);
        TimeSpan cold = watch.Elapsed;
        processor = Process.GetCurrentProcess().TotalProcessorTime - processor;
        int count = Checked(driver).GeneratedSources.Length;

        SyntaxTree edited = compilation.SyntaxTrees[Classes / 2];
        compilation = compilation.ReplaceSyntaxTree(edited, TestCompilation.Parse(File(Classes / 2) with { Text = edited.ToString().Replace("heads: 8", "heads: 16", StringComparison.Ordinal) }));
        watch.Restart();
        driver = driver.RunGenerators(compilation);
        TimeSpan edit = watch.Elapsed;
        Checked(driver);

        compilation = compilation.AddSyntaxTrees(TestCompilation.Parse(new SourceFile("/project/Unrelated.cs", "class Unrelated;")));
        watch.Restart();
        driver = driver.RunGenerators(compilation);
        TimeSpan unrelated = watch.Elapsed;
        Checked(driver);

        watch.Restart();
        CreateDriver().RunGenerators(TestCompilation.Create(files));
        TimeSpan warm = watch.Elapsed;

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Classes} annotated classes, {count} files: first run in the process {cold.TotalMilliseconds:F0} ms ({processor.TotalMilliseconds:F0} ms of processor time), again from nothing {warm.TotalMilliseconds:F0} ms, one attribute edited {edit.TotalMilliseconds:F0} ms, unrelated file added {unrelated.TotalMilliseconds:F0} ms"));
        Assert.DoesNotContain("Modified", TrackedSteps.Reasons(driver.GetRunResult().Results[0]), StringComparison.Ordinal);
    }

    private static SourceFile File(int index)
    {
        string name = "Layer" + index.ToString(CultureInfo.InvariantCulture);
        var text = new StringBuilder("using AttnDsl;\nnamespace Layers;\n");
        text.Append("[Attention(dim: 512, heads: 8)]\n[GroupedQuery(kv: 4)]\n[Rope]\n[Causal]\n").Append("public partial class ").Append(name).Append(";\n");
        return new SourceFile($"/project/{name}.cs", text.ToString());
    }
}
