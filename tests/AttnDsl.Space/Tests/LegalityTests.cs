using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Rules;
using AttnDsl.Space.Drawing;
using AttnDsl.Space.Legality;
using AttnDsl.Space.Running;
using AttnDsl.Space.Stacks;
using Xunit.Abstractions;

namespace AttnDsl.Space.Tests;

/// <summary>The rule engine against the sheets, without a compiler in between: every pair of published uses, and random stacks.</summary>
public sealed class LegalityTests(ITestOutputHelper output)
{
    private const int RandomStacks = 20_000;

    [Fact]
    public void Both_agree_on_what_is_an_error()
    {
        foreach (RuleDescriptor rule in RuleTable.All)
        {
            Assert.True(Sheet.IsError(rule.Id) == (rule.Severity == RuleSeverity.Error), $"{rule.Id} is {rule.Severity}");
        }
    }

    [Fact]
    public void Both_say_the_same_of_every_pair_and_of_random_stacks()
    {
        var drawer = new Drawer(20260101);
        Stack[] pairs = [.. Pairs.Attributes.SelectMany(pair => Pairs.Stacks(pair.First, pair.Second))];
        Stack[] random = [.. Enumerable.Range(0, RandomStacks).Select(_ => drawer.Next())];
        var seen = new HashSet<string>();
        List<Escape> escapes = [];
        int legal = 0;
        foreach (Stack stack in pairs.Concat(random))
        {
            IReadOnlyList<Fault> faults = Judge.Engine(stack);
            seen.UnionWith(faults.Select(fault => fault.Id));
            legal += Judge.IsLegal(faults) ? 1 : 0;
            if (Judge.Compare(stack) is { } escape)
            {
                escapes.Add(escape);
            }
        }

        output.Print(FormattableString.Invariant(
            $"rules: {pairs.Length} pairs of {Vocabulary.All.Sum(published => published.Uses.Count)} uses of {Vocabulary.All.Count} attributes and {random.Length} random stacks judged, {legal} legal, {escapes.Count} disagreements"));
        Assert.True(escapes.Count == 0, string.Join('\n', escapes.OrderBy(escape => escape.Stack.Text.Length).Take(5)));

        // What the annotated type must be is not a matter of stacks, 0107 needs code that does not compile, and 0781 a project that makes modules.
        string[] reachable = [.. RuleTable.All.Select(rule => rule.Id).Where(id => (!id.StartsWith("ATTN00", StringComparison.Ordinal) || id is "ATTN0009" or "ATTN0010") && id is not ("ATTN0107" or "ATTN0781"))];
        Assert.Equal([], reachable.Except(seen));
    }
}
