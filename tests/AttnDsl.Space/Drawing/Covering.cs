using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Space.Legality;
using AttnDsl.Space.Running;
using AttnDsl.Space.Stacks;

namespace AttnDsl.Space.Drawing;

/// <summary>How much a selection of stacks covers.</summary>
internal enum Coverage
{
    /// <summary>Every use of an attribute stands next to every other attribute that it can stand with.</summary>
    UseAndAttribute,

    /// <summary>Every use stands next to every use that it can stand with.</summary>
    UseAndUse,
}

/// <summary>
/// Few stacks that cover all legal pairs of published uses. Compiling each pair alone would take an hour; a stack of a dozen attributes covers dozens of pairs at once.
/// </summary>
internal static class Covering
{
    /// <summary>Pairs of uses, of two attributes, that are legal together, with the least stack that makes them so.</summary>
    public static Dictionary<(Use, Use), Stack> LegalPairs()
    {
        var legal = new Dictionary<(Use, Use), Stack>();
        foreach ((Published first, Published second) in Pairs.Attributes.Where(pair => pair.First != pair.Second))
        {
            foreach ((Use one, Use other) in from one in first.Uses from other in second.Uses select (one, other))
            {
                Stack stack = Pairs.Stack(one, other, companions: true);
                if (Judge.IsLegal(Sheet.Faults(stack)))
                {
                    legal.Add((one, other), stack);
                }
            }
        }

        return legal;
    }

    /// <summary>Greedy, and the same on every run.</summary>
    public static IReadOnlyList<Stack> Stacks(Dictionary<(Use, Use), Stack> legal, Coverage coverage)
    {
        var random = new Random(1);
        Dictionary<string, Use[]> uses = Vocabulary.All.ToDictionary(
            published => published.Name,
            published => published.Uses.Where(use => legal.Keys.Any(pair => pair.Item1 == use || pair.Item2 == use)).ToArray());
        var open = new HashSet<(Use, string)>(legal.Keys.SelectMany(pair => Items(pair.Item1, pair.Item2)));
        var stacks = new List<Stack>();
        foreach (((Use one, Use other), Stack least) in legal)
        {
            if (Items(one, other).Any(open.Contains))
            {
                Stack full = Extended(least);
                stacks.Add(full);
                open.ExceptWith(full.Uses.SelectMany(first => full.Uses.Where(second => second != first).SelectMany(second => Items(first, second))));
            }
        }

        return stacks;

        // Attributes join in random order, each with the use that covers most, as long as the whole stays legal.
        Stack Extended(Stack stack)
        {
            Published[] order = [.. Vocabulary.All];
            random.Shuffle(order);
            foreach (Published published in order.Where(published => !stack.Has(published.Name)))
            {
                IEnumerable<Use> best = uses[published.Name].Select(use => (Use: use, Gain: Gain(stack, use))).Where(candidate => candidate.Gain > 0).OrderByDescending(candidate => candidate.Gain).Select(candidate => candidate.Use);
                stack = best.Select(use => new Stack(stack.Uses.Append(use))).FirstOrDefault(extended => Judge.IsLegal(Sheet.Faults(extended))) ?? stack;
            }

            return stack;
        }

        int Gain(Stack stack, Use use) => stack.Uses.Sum(other => Items(use, other).Count(open.Contains));

        IEnumerable<(Use, string)> Items(Use one, Use other) => coverage == Coverage.UseAndUse
            ? [(one, other.Text), (other, one.Text)]
            : [(one, other.Attribute), (other, one.Attribute)];
    }
}
