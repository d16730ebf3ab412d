using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Mechanisms;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Rules;

/// <summary>Runs every rule over a spec. The analyzer and the generator call this and nothing else, so they cannot disagree.</summary>
public static class RuleEngine
{
    /// <summary>
    /// Every broken rule, ordered by attribute, id and argument, without duplicates. A rule whose numbers another rule has already refused stays silent.
    /// Never throws, whatever the arguments. Attributes of unknown names are ignored.
    /// </summary>
    public static EquatableArray<RuleViolation> Check(AttentionSpec spec)
    {
        AttributeSpec[] known = spec.Attributes.Where(attribute => MechanismTable.Find(attribute.Name) is not null).ToArray();
        var context = new RuleContext(spec);
        if (!spec.Has("Attention"))
        {
            foreach (AttributeSpec attribute in known)
            {
                context.Report(RuleTable.MissingAttention, attribute, null, [attribute.Name]);
            }
        }
        else
        {
            TargetRules.Check(context);
            CheckDuplicates(context, known);
            PairTable.Check(context);
            CheckMechanisms(context);
            SizeRules.Check(context);
        }

        return context.Violations
            .Distinct()
            .OrderBy(violation => violation.AttributeIndex)
            .ThenBy(violation => violation.Rule.Id, StringComparer.Ordinal)
            .ThenBy(violation => violation.Argument, StringComparer.Ordinal)
            .ToEquatableArray();
    }

    /// <summary>The violation that stands for an exception inside the compiler: one type fails, the others go on.</summary>
    public static RuleViolation Failure(TargetType target, Exception exception) => new(
        RuleTable.InternalFailure,
        -1,
        null,
        EquatableArray.Of(target.Self.Name, exception.GetType().Name, exception.Message));

    // The first one counts for every other rule.
    private static void CheckDuplicates(RuleContext context, IEnumerable<AttributeSpec> known)
    {
        foreach (IGrouping<string, AttributeSpec> group in known.GroupBy(attribute => attribute.Name))
        {
            foreach (AttributeSpec repeated in group.Skip(1))
            {
                context.Report(RuleTable.DuplicateAttribute, repeated, null, [repeated.Name], related: group.First());
            }
        }
    }

    private static void CheckMechanisms(RuleContext context)
    {
        foreach (Mechanism mechanism in MechanismTable.ByRank)
        {
            if (context.Spec.Find(mechanism.Name) is { } attribute)
            {
                mechanism.Check(context, attribute);
            }
        }
    }
}
