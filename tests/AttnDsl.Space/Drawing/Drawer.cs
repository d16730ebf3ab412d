using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Space.Legality;
using AttnDsl.Space.Stacks;

namespace AttnDsl.Space.Drawing;

/// <summary>Random stacks over the whole vocabulary: any length, any order, published values and others.</summary>
internal sealed class Drawer(int seed)
{
    private static readonly string[] s_grounds = ["Attention", "Causal", "Rope"];

    private readonly Random _random = new(seed);

    public Stack Next()
    {
        // A part of the stacks is drawn from what usually works and keeps what goes together, so that long ones are legal often enough.
        bool peaceful = _random.NextDouble() < 0.3;
        double boldness = peaceful ? 0.03 : 0.35;
        List<Use> uses = [.. Vocabulary.All.Skip(1).Where(_ => _random.NextDouble() < 0.4).Select(published => Draw(published, boldness))];
        if (_random.NextDouble() < 1 - (boldness / 10))
        {
            uses.Add(Draw(Vocabulary.Root, boldness));
        }

        if (uses.Count > 0 && _random.NextDouble() < boldness / 3)
        {
            uses.Add(Draw(Vocabulary.Of(uses[_random.Next(uses.Count)].Attribute), boldness));
        }

        Use[] shuffled = [.. uses.DefaultIfEmpty(Vocabulary.RootUse)];
        _random.Shuffle(shuffled);
        return new Stack(peaceful ? Peaceful(shuffled) : shuffled);
    }

    // Drops what is refused beside the uses before it; those that others stand on come first.
    private static Use[] Peaceful(Use[] uses)
    {
        var kept = new HashSet<Use>(ReferenceEqualityComparer.Instance);
        foreach (Use use in uses.OrderBy(use => Array.IndexOf(s_grounds, use.Attribute) is >= 0 and var at ? at : s_grounds.Length))
        {
            kept.Add(use);
            if (Sheet.Faults(new Stack([.. uses.Where(kept.Contains)])).Any(fault => Sheet.IsError(fault.Id)))
            {
                kept.Remove(use);
            }
        }

        Use[] peaceful = [.. uses.Where(kept.Contains)];
        return peaceful.Length > 0 ? peaceful : uses;
    }

    private Use Draw(Published published, double boldness)
    {
        // The shapes that contradict themselves come last in every list.
        IReadOnlyList<string> shape = published.Shapes[_random.Next(_random.NextDouble() < boldness ? published.Shapes.Count : Math.Max(1, (published.Shapes.Count + 1) / 2))];
        var use = new Use(published.Name, shape.Select(argument => new Arg(argument, Value(published.ValuesOf(argument), boldness))));
        return InOrder(published, shape) && _random.Next(2) == 0 ? use.WithoutNames() : use;
    }

    private Literal Value(IReadOnlyList<Literal> values, double boldness)
    {
        Literal first = values[0];
        bool free = first.Kind is LiteralKind.Int or LiteralKind.Double && _random.Next(4) == 0;
        return _random.NextDouble() < boldness ? values[_random.Next(values.Count)]
            : !free ? values[_random.Next(Math.Min(values.Count, first.Kind == LiteralKind.Enum ? 2 : 4))]
            : first.Kind == LiteralKind.Int ? Literal.Of(Math.Max(1, (int)first.Number + _random.Next(-3, 4)))
            : Literal.Of(Math.Round(first.Number * (0.5 + _random.NextDouble()), 3));
    }

    private static bool InOrder(Published published, IReadOnlyList<string> shape)
    {
        string[] parameters = [.. shape.Where(argument => char.IsLower(argument[0]))];
        return published.Type.GetConstructors().Any(constructor => constructor.GetParameters().Select(parameter => parameter.Name).Take(parameters.Length).SequenceEqual(parameters));
    }
}
