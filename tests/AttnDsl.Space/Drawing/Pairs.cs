using System.Collections.Generic;
using System.Linq;
using AttnDsl.Space.Stacks;

namespace AttnDsl.Space.Drawing;

/// <summary>All pairs of attributes with all their published uses.</summary>
internal static class Pairs
{
    /// <summary>Every two attributes of the vocabulary, and every attribute with itself.</summary>
    public static IEnumerable<(Published First, Published Second)> Attributes =>
        from i in Enumerable.Range(0, Vocabulary.All.Count)
        from j in Enumerable.Range(i, Vocabulary.All.Count - i)
        select (Vocabulary.All[i], Vocabulary.All[j]);

    /// <summary>
    /// Two uses on the usual root, unless one of them is a root. With <paramref name="companions"/> also what one of them cannot do without: a rotation for YaRN and tied states,
    /// a direction for a one-sided window.
    /// </summary>
    public static Stack Stack(Use first, Use second, bool companions)
    {
        var uses = new List<Use> { first, second };
        if (first.Attribute != Vocabulary.Root.Name && second.Attribute != Vocabulary.Root.Name)
        {
            uses.Insert(0, Vocabulary.RootUse);
        }

        if (companions)
        {
            uses.InsertRange(1, Companions(uses));
        }

        return new Stack(uses);
    }

    /// <summary>Whether companions would change anything.</summary>
    public static bool HaveCompanions(Use first, Use second) => Companions([first, second]).Any();

    private static IEnumerable<Use> Companions(IReadOnlyList<Use> uses)
    {
        bool Has(string attribute) => uses.Any(use => use.Attribute == attribute);
        if ((Has("Yarn") || Has("TiedKV")) && !Has("Rope"))
        {
            yield return Vocabulary.Of("Rope").Usual;
        }

        if (uses.Any(use => use.Attribute == "SlidingWindow" && use["size"] is not null) && !Has("Causal") && !Has("Bidirectional"))
        {
            yield return Vocabulary.Of("Causal").Usual;
        }
    }

    /// <summary>The stacks of a pair of attributes: alone, and with companions where there are any.</summary>
    public static IEnumerable<Stack> Stacks(Published first, Published second)
    {
        foreach (Use one in first.Uses)
        {
            foreach (Use other in second.Uses)
            {
                yield return Stack(one, other, companions: false);
                if (HaveCompanions(one, other))
                {
                    yield return Stack(one, other, companions: true);
                }
            }
        }
    }
}
