using System.Linq;
using AttnDsl.Space.Drawing;
using AttnDsl.Space.Legality;
using AttnDsl.Space.Running;
using AttnDsl.Space.Stacks;
using Xunit.Abstractions;

namespace AttnDsl.Space.Tests;

/// <summary>Random stacks of any length. The long mode of this project draws as many as there is time for.</summary>
public sealed class RandomTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Stacks_run_or_are_refused(int seed)
    {
        var drawer = new Drawer(seed);
        Tally tally = Runner.Run(Enumerable.Range(0, 500).Select(_ => drawer.Next()), seed, thorough: true);
        output.Print($"random, seed {seed}: {tally}");
        Assert.True(tally.Escapes.Count == 0, tally.Escapes.Count == 0 ? "" : Runner.Report(tally.Escapes, seed));
        Assert.True(tally is { Run: > 20, Refused: > 20 }, "the drawer must draw both kinds");
    }

    [Fact]
    public void Equal_seeds_draw_equal_stacks()
    {
        var one = new Drawer(7);
        var other = new Drawer(7);
        Assert.Equal(Enumerable.Range(0, 100).Select(_ => one.Next().Text), Enumerable.Range(0, 100).Select(_ => other.Next().Text));
    }

    [Fact]
    public void A_failing_stack_shrinks_to_what_fails()
    {
        var stack = new Stack(
            Vocabulary.RootUse,
            new Use("GroupedQuery", new Arg("kv", Literal.Of(5))),
            Vocabulary.Of("Rope").Usual,
            new Use("QueryScale", new Arg("preAttnScalar", Literal.Of(7.0))),
            Vocabulary.Of("Causal").Usual);
        Stack smallest = Shrinker.Shrink(stack, candidate => Sheet.Faults(candidate).Any(fault => fault.Id == "ATTN0202"));
        Assert.Equal("[Attention(dim: 24, heads: 12)] [GroupedQuery(kv: 5)]", smallest.Text);
    }
}
