using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using AttnDsl.Space.Stacks;

namespace AttnDsl.Space.Tests;

public sealed class VocabularyTests
{
    private static IEnumerable<Type> Attributes => typeof(AttentionDslAttribute).Assembly.GetTypes()
        .Where(type => type.IsSubclassOf(typeof(AttentionDslAttribute)) && !type.IsAbstract);

    [Fact]
    public void Every_attribute_is_published_once() => Assert.Equal(
        Attributes.Select(type => type.Name).Order(StringComparer.Ordinal),
        Vocabulary.All.Select(published => published.Type.Name).Order(StringComparer.Ordinal));

    [Fact]
    public void Every_argument_is_published_and_written_in_some_shape()
    {
        foreach (Published published in Vocabulary.All)
        {
            string[] declared =
            [
                .. published.Type.GetConstructors().SelectMany(constructor => constructor.GetParameters()).Select(parameter => parameter.Name!)
                    .Concat(published.Type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Where(property => property.CanWrite).Select(property => property.Name))
                    .Distinct().Order(StringComparer.Ordinal),
            ];
            Assert.Equal(declared, published.Arguments.Select(argument => argument.Name).Order(StringComparer.Ordinal));
            Assert.Equal(declared, published.Shapes.SelectMany(shape => shape).Distinct().Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Values_reach_the_edges()
    {
        foreach ((Published published, PublishedArgument argument) in Vocabulary.All.SelectMany(published => published.Arguments.Select(argument => (published, argument))))
        {
            IReadOnlyList<Literal> values = argument.Values;
            bool edges = values[0].Kind switch
            {
                LiteralKind.Int => values.Any(value => value.Number == 0) && values.Any(value => value.Number is int.MaxValue or int.MinValue),
                LiteralKind.Double => values.Any(value => value.Number <= 0) && values.Any(value => !double.IsFinite(value.Number)),
                LiteralKind.Enum => values.Any(value => value.Member is null),
                _ => values.Count == 2,
            };
            Assert.True(edges, $"{published.Name}.{argument.Name} is tried with {string.Join(", ", values)} only");
        }
    }

    [Fact]
    public void The_usual_root_is_legal_and_small()
    {
        var root = new Stack(Vocabulary.RootUse);
        Assert.Empty(Legality.Sheet.Faults(root));
        Assert.True(new Numbers.Facts(root).Weights().Sum(weight => weight.Count) < 20_000);
    }
}
