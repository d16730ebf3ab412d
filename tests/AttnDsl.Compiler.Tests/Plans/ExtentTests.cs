using System;
using System.Linq;
using AttnDsl.Compiler.Costs;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Scores;
using Xunit;

namespace AttnDsl.Compiler.Tests.Plans;

/// <summary>Closed forms against counting, and the C# they print against both.</summary>
public sealed class ExtentTests
{
    private const int Most = 40;

    public static TheoryData<int?, int?> Windows => new()
    {
        { null, null }, { null, 0 }, { 0, 0 }, { 1, 0 }, { 7, 0 }, { 39, 0 }, { 100, 0 }, { 0, null }, { 3, null }, { null, 4 }, { 2, 5 }, { 5, 2 }, { 50, 60 }, { 0, 3 },
    };

    public static TheoryData<int, int> Strides => new() { { 1, 1 }, { 4, 4 }, { 8, 4 }, { 5, 2 }, { 3, 3 }, { 16, 1 }, { 1, 6 }, { 64, 16 } };

    public static TheoryData<int, int> Lists => new() { { 1, 1 }, { 1, 8 }, { 2, 8 }, { 3, 5 }, { 4, 1 }, { 16, 4 } };

    [Theory]
    [MemberData(nameof(Windows))]
    public void VisiblePairs(int? left, int? right) => Check(
        new PerVisiblePair(left, right),
        tokens => Pairs(tokens, tokens, (i, j) => i - j <= (left ?? Most) && j - i <= (right ?? Most)),
        context => Enumerable.Range(0, context).Count(j => context - 1 - j <= (left ?? Most)));

    [Theory]
    [MemberData(nameof(Windows))]
    public void SelectedPairs(int? left, int? right)
    {
        foreach (int most in new[] { 1, 2, 5, 8, 39, 1000 })
        {
            Check(
                new PerSelectedPair(new PerVisiblePair(left, right), most),
                tokens => Enumerable.Range(0, tokens).Sum(i => Math.Min(most, Enumerable.Range(0, tokens).Count(j => i - j <= (left ?? Most) && j - i <= (right ?? Most)))),
                context => Math.Min(most, Enumerable.Range(0, context).Count(j => context - 1 - j <= (left ?? Most))));
        }
    }

    [Fact]
    public void SelectedPairsOfARing() => Check(
        new PerSelectedPair(new PerKeptPair(6), 4),
        tokens => Enumerable.Range(1, tokens).Sum(seen => Math.Min(4, seen)),
        context => Math.Min(4, context));

    [Theory]
    [MemberData(nameof(Strides))]
    public void PooledPairs(int length, int stride) => Check(
        new PerPooledPair(length, stride),
        tokens => Pairs(tokens, tokens, (i, c) => (c * stride) + length - 1 <= i),
        context => Enumerable.Range(0, context).Count(c => (c * stride) + length - 1 <= context - 1));

    [Theory]
    [MemberData(nameof(Lists))]
    public void ListedPairs(int units, int unit) => Check(
        new PerListedPair(units, unit),
        tokens => Pairs(tokens, tokens, (i, j) => j <= i && Listed(i, j, units, unit)),
        context => Enumerable.Range(0, context).Count(j => Listed(context - 1, j, units, unit)));

    [Theory]
    [MemberData(nameof(Strides))]
    public void VisibleWindows(int length, int stride) => Check(
        new PerVisibleWindow(length, stride),
        tokens => Enumerable.Range(0, tokens).Count(c => (c * stride) + length <= tokens),
        context => Enumerable.Range(0, context).Count(c => (c * stride) + length <= context));

    [Theory]
    [MemberData(nameof(Strides))]
    public void NewWindows(int length, int stride) => Check(
        new PerNewWindow(length, stride),
        tokens => Enumerable.Range(0, tokens).Count(c => (c * stride) + length <= tokens),
        context => Enumerable.Range(0, context).Count(c => (c * stride) + length == context));

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(100)]
    public void KeptPairs(int kept) => Check(new PerKeptPair(kept), tokens => Pairs(tokens, tokens, (i, j) => j <= i), context => Math.Min(context, kept + 1));

    [Fact]
    public void OncePerTokenAndPerCall()
    {
        Check(PerToken.Instance, tokens => tokens, _ => 1);
        Check(PerVisibleToken.Instance, tokens => tokens, context => context);
        Check(Once.Instance, _ => 1, _ => 1);
    }

    /// <summary>Work adds up: decoding every token of a sequence costs what its prefill does.</summary>
    [Fact]
    public void DecodesAddUpToThePrefill()
    {
        Extent[] causal = [new PerVisiblePair(null, 0), new PerVisiblePair(6, 0), new PerPooledPair(8, 4), new PerListedPair(2, 5), new PerNewWindow(8, 4), PerToken.Instance];
        Assert.All(causal, e => Assert.Equal(e.Prefill(Most), Enumerable.Range(1, Most).Sum(context => e.Decode(context))));
    }

    [Theory]
    [InlineData(3, 2)]
    [InlineData(0, 4)]
    [InlineData(5, 0)]
    public void FirstTokensJoinedWithAWindowAreCountedOnce(int window, int first)
    {
        Mask mask = Mask.Everything.And(new CausalAtom()).AndAny(new WindowAtom(window, null), new SinkTokensAtom(first));
        Check(
            mask.Pairs,
            tokens => Pairs(tokens, tokens, (i, j) => j <= i && (i - j <= window || j < first)),
            context => Enumerable.Range(0, context).Count(j => context - 1 - j <= window || j < first));
    }

    [Fact]
    public void ClausesNarrowEachOther()
    {
        Mask mask = Mask.Everything.And(new CausalAtom()).And(new WindowAtom(7, 3)).And(new WindowAtom(5, null)).And(new SegmentAtom());
        Assert.Equal(new PerVisiblePair(5, 0), mask.Pairs);
        Assert.Equal(new PerVisiblePair(null, null), Mask.Everything.Pairs);
    }

    [Fact]
    public void TermsOfEqualExtentMerge()
    {
        Cost cost = Cost.Sum([Cost.Of(3, PerToken.Instance), Cost.Of(5, new PerVisiblePair(null, 0)), Cost.Of(4, PerToken.Instance), Cost.None]);
        Assert.Equal("7*T + 5*pairs(all,0)", cost.ToString());
        Assert.Equal(2 * ((7 * 10) + (5 * 55)), cost.PrefillFlops(10));
        Assert.Equal(2 * (7 + (5 * 10)), cost.DecodeFlops(10));
        Assert.Equal("0", Cost.None.ToString());
        Assert.Throws<OverflowException>(() => Cost.Of(long.MaxValue / 4, PerToken.Instance).PrefillFlops(1000));
    }

    [Fact]
    public void AxesHaveTheExtentOfACall()
    {
        var ring = new RingStorage(3, 6);
        for (int past = 0; past < 20; past++)
        {
            for (int tokens = 1; tokens < 8; tokens++)
            {
                int all = past + tokens;
                Assert.Equal(all, Dim.S.At(2, tokens, past));
                Assert.Equal(Math.Min(past, 9) + tokens, Dim.Kept(ring).At(2, tokens, past));
                Assert.Equal(5 + tokens, Dim.Recent(5).At(2, tokens, past));
                Assert.Equal(Enumerable.Range(0, all).Count(c => (c * 2) + 5 <= all), Dim.Windows(5, 2).At(2, tokens, past));
                Assert.Equal(Enumerable.Range(0, all).Count(c => (c * 2) + 5 <= all && (c * 2) + 5 > past), Dim.NewWindows(5, 2).At(2, tokens, past));
                Assert.Equal((all + 3) / 4, Dim.Blocks(4).At(2, tokens, past));
            }
        }

        Assert.Equal(2, Dim.B.At(2, 3, 4));
        Assert.Equal(7, Dim.Of(7).At(2, 3, 4));
        Assert.Equal(new PerRecentToken(5), Dim.Recent(5).Extent);
        Assert.Equal(Dim.T, Dim.Recent(0));
        Assert.Throws<PlanException>(() => Dim.Kept(ring).Extent);
    }

    private static bool Listed(int i, int j, int units, int unit) => (i / unit) - (j / unit) < units;

    private static long Pairs(int rows, int columns, Func<int, int, bool> visible) =>
        Enumerable.Range(0, rows).Sum(i => Enumerable.Range(0, columns).Count(j => visible(i, j)));

    private static void Check(Extent extent, Func<int, long> prefill, Func<int, long> decode)
    {
        for (int tokens = 0; tokens <= Most; tokens++)
        {
            Assert.Equal(prefill(tokens), extent.Prefill(tokens));
            Assert.Equal(prefill(tokens), CodeArithmetic.Of(extent.PrefillCode, "tokens", tokens));
        }

        for (int context = 1; context <= Most; context++)
        {
            Assert.Equal(decode(context), extent.Decode(context));
            Assert.Equal(decode(context), CodeArithmetic.Of(extent.DecodeCode, "context", context));
        }
    }
}
