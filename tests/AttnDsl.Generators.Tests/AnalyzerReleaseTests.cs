using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Text;
using AttnDsl.Analyzers;
using AttnDsl.Compiler.Rules;
using AttnDsl.Generators.Tests.Harness;
using Microsoft.CodeAnalysis;

namespace AttnDsl.Generators.Tests;

/// <summary>The release file against the rule table: Roslyn's own check cannot read descriptors that come from a table.</summary>
public sealed class AnalyzerReleaseTests
{
    [Fact]
    public void Every_rule_is_in_the_release_files()
    {
        string directory = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(SourcePath())!, "../../generators/AttnDsl.Analyzers"));
        string path = Path.Combine(directory, "AnalyzerReleases.Unshipped.md");
        string shipped = File.ReadAllText(Path.Combine(directory, "AnalyzerReleases.Shipped.md"));
        string expected = Unshipped(RuleTable.All.Where(rule => !shipped.Contains(rule.Id, StringComparison.Ordinal)));
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
        {
            File.WriteAllText(path, expected);
        }

        string actual = File.ReadAllText(path).ReplaceLineEndings("\n");
        Assert.True(expected == actual, $"AnalyzerReleases.Unshipped.md differs from the rule table; run with UPDATE_SNAPSHOTS=1.\n{TextDiff.Describe(expected, actual)}");
    }

    [Fact]
    public void The_analyzer_supports_every_rule_once()
    {
        Assert.Equal(
            RuleTable.All.Select(rule => rule.Id).Order(StringComparer.Ordinal),
            new AttentionAnalyzer().SupportedDiagnostics.Select(descriptor => descriptor.Id).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Descriptors_say_what_the_table_says()
    {
        foreach (RuleDescriptor rule in RuleTable.All)
        {
            DiagnosticDescriptor descriptor = RuleDiagnostics.Of(rule);
            Assert.Equal(rule.Severity.ToString(), descriptor.DefaultSeverity.ToString());
            Assert.Equal(rule.MessageFormat, descriptor.MessageFormat.ToString());
            Assert.Equal($"docs/diagnostics/{rule.Id}.md", descriptor.HelpLinkUri);
            Assert.Matches("^ATTN[0-9]{4}$", rule.Id);
        }
    }

    private static string Unshipped(IEnumerable<RuleDescriptor> rules)
    {
        var text = new StringBuilder("### New Rules\n\nRule ID | Category | Severity | Notes\n--------|----------|----------|-------\n");
        foreach (RuleDescriptor rule in rules.OrderBy(rule => rule.Id, StringComparer.Ordinal))
        {
            text.Append(rule.Id).Append(" | ").Append(RuleDiagnostics.Category).Append(" | ").Append(rule.Severity).Append(" | ").Append(rule.Title).Append('\n');
        }

        return text.ToString();
    }

    private static string SourcePath([CallerFilePath] string path = "") => path;
}
