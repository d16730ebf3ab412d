using System.Collections.Generic;
using System.Linq;

namespace AttnDsl.Compiler.Rules;

/// <summary>The legal values nearest to an illegal one, smaller first, at most two.</summary>
public static class Nearest
{
    /// <summary>The divisors of <paramref name="number"/> nearest below and above <paramref name="value"/>; empty when the number is not positive.</summary>
    public static long[] Divisors(long number, long value)
    {
        var found = new List<long>();
        long below = 0;
        long above = 0;
        foreach (long divisor in AllDivisors(number))
        {
            if (divisor < value && divisor > below)
            {
                below = divisor;
            }
            else if (divisor > value && (above == 0 || divisor < above))
            {
                above = divisor;
            }
        }

        AddIfPositive(found, below);
        AddIfPositive(found, above);
        return found.ToArray();
    }

    /// <summary>The smallest divisor of <paramref name="number"/> that is at least <paramref name="least"/>, or nothing.</summary>
    public static long[] DivisorAtLeast(long number, long least) =>
        AllDivisors(number).Where(divisor => divisor >= least).OrderBy(divisor => divisor).Take(1).ToArray();

    /// <summary>The positive multiples of <paramref name="unit"/> nearest below and above <paramref name="value"/>, none above <paramref name="most"/>.</summary>
    public static long[] Multiples(long unit, long value, long most)
    {
        var found = new List<long>();
        long below = value - (value % unit);
        AddIfPositive(found, below);
        if (below <= most - unit)
        {
            found.Add(below + unit);
        }

        return found.ToArray();
    }

    /// <summary>The positive even numbers next to an odd <paramref name="value"/>, none above <paramref name="most"/>.</summary>
    public static long[] Evens(long value, long most) => Multiples(2, value, most);

    /// <summary>For messages: "the nearest legal values are 4 and 8", or with <paramref name="what"/>, "the nearest legal values of heads are ...".</summary>
    public static string Sentence(IReadOnlyList<long> legal, string what = "")
    {
        string of = what.Length == 0 ? "" : " " + what;
        return legal.Count switch
        {
            0 => "there is no legal value" + of,
            1 => $"the nearest legal value{of} is {Text.Of(legal[0])}",
            _ => $"the nearest legal values{of} are {Text.Of(legal[0])} and {Text.Of(legal[1])}",
        };
    }

    public static string[] Texts(IEnumerable<long> legal) => legal.Select(Text.Of).ToArray();

    private static void AddIfPositive(List<long> list, long value)
    {
        if (value > 0)
        {
            list.Add(value);
        }
    }

    // Attribute arguments are ints; beyond them the search would be slow and nobody could write the result.
    private static IEnumerable<long> AllDivisors(long number)
    {
        if (number > int.MaxValue)
        {
            yield break;
        }

        for (long divisor = 1; divisor * divisor <= number; divisor++)
        {
            if (number % divisor == 0)
            {
                yield return divisor;
                yield return number / divisor;
            }
        }
    }
}
