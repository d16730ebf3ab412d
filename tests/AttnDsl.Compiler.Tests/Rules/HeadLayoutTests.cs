using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Mechanisms;
using AttnDsl.Compiler.Rules;
using Xunit;

namespace AttnDsl.Compiler.Tests.Rules;

public sealed class HeadLayoutTests
{
    public static IEnumerable<object[]> Layouts =>
    [
        [Stack.Attention(64, 8), Layout(8, 8)],
        [Stack.Attention(64, 8).And("GroupedQuery", ("kv", 2)), Layout(8, 2)],
        [Stack.Attention(64, 8).And("MultiQuery"), Layout(8, 1)],
        [Stack.Attention(64, 8).And("SparseQuery", ("ratio", 2)), Layout(4, 4)],
        [Stack.Attention(64, 8).And("SparseQuery", ("Heads", 6)).And("GroupedQuery", ("kv", 3)), Layout(6, 3)],
        [Stack.Of("GroupedQuery", ("kv", 2)).And("SparseQuery", ("ratio", 2)).And("Attention", ("dim", 64), ("heads", 8)), Layout(4, 2)],
        [Stack.Attention(64, 8).And("SymmetricSparseQuery"), Layout(4, 4)],
        [Stack.Attention(64, 8).And("ExtremeSparseQuery", ("ratio", 4)), Layout(2, 2)],
        [Stack.Attention(64, 8).And("ExtremeSparseQuery", ("ratio", 4)).And("MultiQuery"), Layout(2, 1)],
        [Stack.Attention(64, 8).And("ReverseSparseQuery", ("heads", 2), ("kv", 4)), Layout(2, 4)],
        [Stack.Of("Attention", ("dim", 64), ("heads", 8), ("headDim", 16)).And("SparseQuery", ("ratio", 2)), Layout(4, 4, headDim: 16)],
        [Stack.Of("Attention", ("dim", 64), ("heads", 8), ("HeadDim", 16)), Layout(8, 8, headDim: 16)],
    ];

    [Theory]
    [MemberData(nameof(Layouts), DisableDiscoveryEnumeration = true)]
    public void Heads_follow_the_attributes_whatever_their_order(Stack stack, HeadLayout expected)
    {
        Assert.Equal(expected, HeadLayout.Of(stack.Build()));
        Assert.DoesNotContain(stack.Check(), violation => violation.Rule.Severity == RuleSeverity.Error);
    }

    [Fact]
    public void Score_heads_are_the_larger_count() =>
        Assert.Equal(4, HeadLayout.Of(Stack.Attention(64, 8).And("ReverseSparseQuery", ("heads", 2), ("kv", 4)).Build()).ScoreHeads);

    [Theory]
    [InlineData(long.MaxValue, 2, long.MaxValue)]
    [InlineData(long.MinValue, 2, long.MinValue)]
    [InlineData(long.MinValue, -1, long.MaxValue)]
    [InlineData(int.MaxValue, int.MaxValue, 4611686014132420609)]
    [InlineData(-3, 5, -15)]
    public void Products_clamp(long a, long b, long expected) => Assert.Equal(expected, Saturating.Multiply(a, b));

    private static HeadLayout Layout(long query, long kv, long headDim = 8) => new(64, 8, query, kv, kv, headDim, headDim, headDim);
}
