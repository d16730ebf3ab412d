using System;
using System.Linq;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;
using Xunit;

namespace AttnDsl.Compiler.Tests.Rules;

/// <summary>What holds for the violations of any spec.</summary>
public static class Invariants
{
    public static void Hold(AttentionSpec spec, EquatableArray<RuleViolation> violations)
    {
        Assert.Equal(violations.Count, violations.Distinct().Count());
        Assert.Equal(
            violations.Select(Key),
            violations.Select(Key).OrderBy(key => key.Index).ThenBy(key => key.Id, StringComparer.Ordinal).ThenBy(key => key.Argument, StringComparer.Ordinal));
        foreach (RuleViolation violation in violations)
        {
            Assert.InRange(violation.AttributeIndex, -1, spec.Attributes.Count - 1);
            Assert.InRange(violation.RelatedAttribute, -1, spec.Attributes.Count - 1);
            Assert.DoesNotContain("{", violation.Message);
            Assert.InRange(violation.Legal.Count, 0, 2);
            Assert.True(violation.Argument is not null || violation.Legal.Count == 0, "legal values need an argument");
            if (violation.Argument is not null)
            {
                Assert.NotNull(spec.Attributes[violation.AttributeIndex].Find(violation.Argument));
            }
        }
    }

    private static (int Index, string Id, string? Argument) Key(RuleViolation violation) =>
        (violation.AttributeIndex, violation.Rule.Id, violation.Argument);
}
