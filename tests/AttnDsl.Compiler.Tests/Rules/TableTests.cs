using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using AttnDsl.Compiler.Mechanisms;
using AttnDsl.Compiler.Rules;
using Xunit;

namespace AttnDsl.Compiler.Tests.Rules;

/// <summary>The rule, pair and mechanism tables, and the page that every rule has.</summary>
public sealed class TableTests
{
    private static readonly string s_pages = Path.Combine(
        typeof(TableTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == "RepositoryRoot").Value!,
        "docs",
        "diagnostics");

    [Fact]
    public void Ids_are_unique_and_have_four_digits()
    {
        Assert.All(RuleTable.All, rule => Assert.Matches("^ATTN[0-9]{4}$", rule.Id));
        Assert.Equal(RuleTable.All.Count, RuleTable.All.Select(rule => rule.Id).Distinct().Count());
    }

    [Fact]
    public void Titles_and_messages_end_without_a_full_stop() => Assert.All(RuleTable.All, rule =>
    {
        Assert.DoesNotMatch(@"[.\s]$", rule.Title);
        Assert.DoesNotMatch(@"[.\s]$", rule.MessageFormat);
    });

    [Fact]
    public void Every_rule_has_a_page_and_every_page_a_rule() => Assert.Equal(
        RuleTable.All.Select(rule => rule.Id + ".md"),
        Directory.GetFiles(s_pages, "ATTN*.md").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));

    [Fact]
    public void A_page_says_what_the_table_says_and_shows_what_fails_and_what_works() => Assert.All(RuleTable.All, rule =>
    {
        string page = File.ReadAllText(Path.Combine(s_pages, rule.Id + ".md"));
        Assert.StartsWith($"# {rule.Id}: {rule.Title}\n\nSeverity: {rule.Severity.ToString().ToLowerInvariant()}\n\n## What it means\n", page, StringComparison.Ordinal);
        Assert.Contains("\n## Why\n", page, StringComparison.Ordinal);
        Assert.DoesNotContain("\r", page, StringComparison.Ordinal);
        if (rule != RuleTable.InternalFailure && rule != RuleTable.BackendRefuses)
        {
            Assert.Contains("\n## Fails\n\n```csharp\n", page, StringComparison.Ordinal);
            Assert.Contains("\n## Works\n\n```csharp\n", page, StringComparison.Ordinal);
        }
    });

    [Fact]
    public void Pairs_name_attributes_of_the_vocabulary() => Assert.All(PairTable.Rows, row =>
    {
        Assert.NotNull(MechanismTable.Find(row.First));
        Assert.NotNull(MechanismTable.Find(row.Second));
        Assert.NotEqual(row.First, row.Second);
        Assert.Equal(row.When.Length == 0, row.Applies is null);
        Assert.Contains(row, PairTable.Between(row.Second, row.First));
    });

    [Fact]
    public void A_pair_has_one_row_per_rule() => Assert.Equal(
        PairTable.Rows.Count,
        PairTable.Rows.Select(row => (string.CompareOrdinal(row.First, row.Second) < 0 ? row.First + row.Second : row.Second + row.First, row.Rule.Id)).Distinct().Count());

    [Fact]
    public void Every_pair_of_the_table_is_reported_with_its_rule() => Assert.All(PairTable.Rows, row =>
    {
        IEnumerable<Stack> stacks = RuleCases.All.Select(test => test.Stack)
            .Where(stack => stack.Build().Has(row.First) && (row.Kind == PairKind.Needs || stack.Build().Has(row.Second)));
        bool byCases = stacks.Any(stack => stack.Check().Any(violation => violation.Rule == row.Rule));
        bool byConflict = Stack.Attention().And(row.First, s_arguments[row.First]).And(row.Second, s_arguments[row.Second]).Check().Any(violation => violation.Rule == row.Rule);
        Assert.True(byCases || byConflict, $"{row.First} and {row.Second}: {row.Rule.Id}");
    });

    [Fact]
    public void Mechanisms_are_sorted_by_distinct_ranks_and_found_by_name()
    {
        int[] ranks = [.. MechanismTable.ByRank.Select(mechanism => mechanism.Rank)];
        Assert.Equal(ranks.Distinct().Order(), ranks);
        Assert.All(MechanismTable.ByRank, mechanism => Assert.Same(mechanism, MechanismTable.Find(mechanism.Name)));
        Assert.Null(MechanismTable.Find("GroupedQueryAttribute"));
    }

    [Fact]
    public void Every_mechanism_class_is_in_the_table() => Assert.Equal(
        typeof(Mechanism).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Mechanism))).Select(type => type.Name).Order(StringComparer.Ordinal),
        MechanismTable.ByRank.Select(mechanism => mechanism.GetType().Name).Order(StringComparer.Ordinal));

    private static readonly Dictionary<string, (string Name, object Value)[]> s_arguments = MechanismTable.ByRank.ToDictionary(
        mechanism => mechanism.Name,
        mechanism => mechanism.Name switch
        {
            "SparseQuery" => [("ratio", (object)2)],
            "ExtremeSparseQuery" => [("ratio", 4)],
            "ReverseSparseQuery" => [("heads", 2), ("kv", 8)],
            "GroupedQuery" => [("kv", 2)],
            "LatentKV" => [("rank", 12)],
            "LowRankQuery" => [("rank", 4)],
            "TiedKV" => [("ropeDim", 2)],
            "GroupedLatentKV" => [("groups", 2), ("rank", 12)],
            "AugmentedQuery" => [("width", 12)],
            "KeyWidth" => [("width", 4)],
            "Yarn" => [("factor", 4), ("originalLength", 4096)],
            "SlidingWindow" => [("size", 4)],
            "SelectiveValue" => [("top", 2)],
            _ => Array.Empty<(string, object)>(),
        });
}
