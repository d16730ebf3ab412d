using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Space.Drawing;
using AttnDsl.Space.Legality;
using AttnDsl.Space.Running;
using AttnDsl.Space.Stacks;
using Xunit.Abstractions;

namespace AttnDsl.Space.Tests;

/// <summary>
/// Pairs of attributes through the real analyzer and generator. All pairs of published uses are judged in <see cref="LegalityTests"/>; here every legal use is compiled and run next to
/// every attribute it can stand with, and every illegal one refused. <c>dotnet run -- --pairs</c> runs every legal use next to every other use.
/// </summary>
public sealed class PairTests(ITestOutputHelper output)
{
    private const int Seed = 1;

    [Fact]
    public void Illegal_pairs_are_refused_by_exactly_their_diagnostics()
    {
        Stack[] refused = [.. Interesting().Where(stack => !Judge.IsLegal(Sheet.Faults(stack))).Distinct()];
        Finish("pairs, refused", Runner.Run(refused, Seed, thorough: false));
    }

    [Fact]
    public void Pairs_alone_run()
    {
        Stack[] stacks =
        [
            .. Pairs.Attributes.Where(pair => pair.First != pair.Second)
                .Select(pair => Pairs.Stack(pair.First.Usual, pair.Second.Usual, companions: true))
                .Where(stack => Judge.IsLegal(Sheet.Faults(stack))),
        ];
        Finish("pairs, alone with usual values", Runner.Run(stacks, Seed, thorough: true));
    }

    [Fact]
    public void Every_legal_value_runs_next_to_every_attribute()
    {
        Dictionary<(Use, Use), Stack> legal = Covering.LegalPairs();
        IReadOnlyList<Stack> stacks = Covering.Stacks(legal, Coverage.UseAndAttribute);
        HashSet<(Use, Use)> covered = [.. stacks.SelectMany(stack => stack.Uses.SelectMany(one => stack.Uses.Select(other => (one, other)))).Where(legal.ContainsKey)];
        Finish(FormattableString.Invariant($"pairs, every legal value next to every attribute ({covered.Count} of {legal.Count} legal pairs of values)"), Runner.Run(stacks, Seed, thorough: false));
    }

    /// <summary>Pairs whose mistake lies between the two, and pairs of which one is usual: a second mistake of its own adds nothing that the rules' test has not seen.</summary>
    private static IEnumerable<Stack> Interesting()
    {
        HashSet<Use> sound = [.. Covering.LegalPairs().Keys.SelectMany(pair => new[] { pair.Item1, pair.Item2 })];
        return
            from pair in Pairs.Attributes
            from one in pair.First.Uses
            from other in pair.Second.Uses
            where (sound.Contains(one) && sound.Contains(other)) || one.Equals(pair.First.Usual) || other.Equals(pair.Second.Usual)
            from companions in new[] { false, true }
            select Pairs.Stack(one, other, companions);
    }

    private void Finish(string what, Tally tally)
    {
        output.Print($"{what}: {tally}");
        Assert.True(tally.Escapes.Count == 0, tally.Escapes.Count == 0 ? "" : Runner.Report(tally.Escapes, Seed));
    }
}
