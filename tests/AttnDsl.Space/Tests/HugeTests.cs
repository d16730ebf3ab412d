using System.Linq;
using AttnDsl.Space.Running;
using AttnDsl.Space.Stacks;
using Xunit.Abstractions;

namespace AttnDsl.Space.Tests;

/// <summary>Layers of the largest legal sizes: they compile and know their costs although nothing could run them; what the generated code could not hold is refused.</summary>
public sealed class HugeTests(ITestOutputHelper output)
{
    private static readonly (int Dim, int Heads, int HeadDim)[] s_roots =
    [
        (1, 1, 2_000_000_000),
        (1, 2_000_000_000, 1),
        (2_000_000_000, 1, 1),
        (1, 1 << 15, 1 << 15),
        (46340, 1, 46340),
    ];

    private static readonly string[][] s_companions =
    [
        ["Causal"],
        ["Causal", "SlidingWindow", "QkNorm", "AttentionSink", "Segments"],
        ["Causal", "Rope"],
        ["Alibi"],
        ["MultiQuery", "Causal", "LogitSoftCap"],
        ["SymmetricSparseQuery", "QueryScale"],
    ];

    [Fact]
    public void The_largest_layers_compile_or_are_refused()
    {
        Stack[] stacks =
        [
            .. from root in s_roots
            from companions in s_companions
            select new Stack(companions.Select(name => Vocabulary.Of(name).Usual).Prepend(Root(root.Dim, root.Heads, root.HeadDim))),
        ];
        Tally tally = Runner.Run(stacks, seed: 1, thorough: true);
        output.Print($"huge: {tally}");
        Assert.True(tally.Escapes.Count == 0, tally.Escapes.Count == 0 ? "" : Runner.Report(tally.Escapes, 1));
        Assert.True(tally is { TooLarge: > 10, Refused: > 5 });
    }

    [Theory]
    [InlineData(1, 32768, "Rope", true)]
    [InlineData(1, 32770, "Rope", false)]
    [InlineData(16384, 1, "Alibi", true)]
    [InlineData(16385, 1, "Alibi", false)]
    public void A_table_of_constants_has_a_limit(int heads, int headDim, string attribute, bool legal)
    {
        var stack = new Stack(Root(1, heads, headDim), Vocabulary.Of(attribute).Usual);
        Tally tally = Runner.Run([stack], seed: 1, thorough: false);
        Assert.Empty(tally.Escapes);
        Assert.Equal(legal ? 1 : 0, tally.Legal);
    }

    private static Use Root(int dim, int heads, int headDim) => new(
        "Attention", new Arg("dim", Literal.Of(dim)), new Arg("heads", Literal.Of(heads)), new Arg("headDim", Literal.Of(headDim)));
}
