using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Space.Stacks;

namespace AttnDsl.Space.Drawing;

/// <summary>Makes a failing stack smaller: drops attributes, then arguments, then takes usual values, as long as it fails the same way.</summary>
internal static class Shrinker
{
    /// <param name="stack">A stack that fails.</param>
    /// <param name="fails">Whether a smaller one still does.</param>
    /// <param name="tries">Stops after so many smaller ones; each is compiled.</param>
    public static Stack Shrink(Stack stack, Func<Stack, bool> fails, int tries = 100)
    {
        while (Smaller(stack).Take(tries).FirstOrDefault(candidate => --tries >= 0 && fails(candidate)) is { } smaller)
        {
            stack = smaller;
        }

        return stack;
    }

    private static IEnumerable<Stack> Smaller(Stack stack)
    {
        for (int i = 0; i < stack.Uses.Count && stack.Uses.Count > 1; i++)
        {
            yield return new Stack(stack.Uses.Where((_, at) => at != i));
        }

        for (int i = 0; i < stack.Uses.Count; i++)
        {
            foreach (Use smaller in Smaller(stack.Uses[i]).Where(use => IsWhole(use) && !use.Equals(stack.Uses[i])))
            {
                yield return new Stack(stack.Uses.Select((use, at) => at == i ? smaller : use));
            }
        }
    }

    private static IEnumerable<Use> Smaller(Use use)
    {
        foreach (Arg arg in use.Args)
        {
            yield return new Use(use.Attribute, use.Args.Where(other => other != arg));
        }

        foreach (Arg arg in use.Args)
        {
            Literal usual = Vocabulary.Of(use.Attribute).ValuesOf(arg.Name)[0];
            if (arg.Value != usual)
            {
                yield return new Use(use.Attribute, use.Args.Select(other => other == arg ? new Arg(arg.Name, usual) : other));
            }
        }
    }

    // A constructor must take what is left.
    private static bool IsWhole(Use use)
    {
        string[] written = [.. use.Args.Where(arg => !arg.IsProperty).Select(arg => arg.Name)];
        return Vocabulary.Of(use.Attribute).Type.GetConstructors().Any(constructor =>
            written.All(name => constructor.GetParameters().Any(parameter => parameter.Name == name))
            && constructor.GetParameters().All(parameter => parameter.HasDefaultValue || written.Contains(parameter.Name)));
    }
}
