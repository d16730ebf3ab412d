using System.Linq;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Rules;

/// <summary>What the annotated type itself must be.</summary>
public static class TargetRules
{
    /// <summary>The lowest C# version that the generated code compiles with, times 100.</summary>
    public const int LeastLanguageVersion = 1200;

    private static readonly string[] s_generated = ["Spec", "Weights", "Reference", "ReferenceSingle", "Cpu", "Cache"];

    public static void Check(RuleContext context)
    {
        TargetType target = context.Spec.Target;
        if (target.LanguageVersion is > 0 and < LeastLanguageVersion)
        {
            context.Report(RuleTable.LanguageVersionTooLow, null, null, [Version(target.LanguageVersion), Version(LeastLanguageVersion)]);
        }

        CheckKind(context, target.Self);
        CheckPartial(context, target);
        if (target.IsFileLocal)
        {
            context.Report(RuleTable.FileLocalType, null, null, [target.Self.Name]);
        }

        CheckNames(context, target);
    }

    // One complaint about what the type is: a struct is never also abstract or static in the user's eyes.
    private static void CheckKind(RuleContext context, TypeHeader self)
    {
        if (self.Keyword == "record")
        {
            context.Report(RuleTable.RecordType, null, null, [self.Name]);
        }
        else if (self.Keyword != "class")
        {
            context.Report(RuleTable.NotAClass, null, null, [self.Name, (self.Keyword == "interface" ? "an " : "a ") + self.Keyword]);
        }
        else if (self.IsStatic)
        {
            context.Report(RuleTable.StaticType, null, null, [self.Name]);
        }
        else if (self.IsAbstract)
        {
            context.Report(RuleTable.AbstractType, null, null, [self.Name]);
        }
    }

    private static void CheckPartial(RuleContext context, TargetType target)
    {
        if (!target.Self.IsPartial)
        {
            context.Report(RuleTable.NotPartial, null, null, [target.Self.Name]);
        }

        foreach (TypeHeader containing in target.Containing)
        {
            if (!containing.IsPartial)
            {
                context.Report(RuleTable.ContainingTypeNotPartial, null, null, [containing.Name, target.Self.Name]);
            }
        }
    }

    private static void CheckNames(RuleContext context, TargetType target)
    {
        foreach (string name in s_generated)
        {
            string? what = Plain(target.Self.Name) == name ? "the type itself"
                : target.DeclaredMembers.Any(member => Plain(member) == name) ? "a member"
                : target.Self.TypeParameters.Any(parameter => Plain(parameter) == name) ? "a type parameter"
                : null;
            if (what is not null)
            {
                context.Report(RuleTable.NameTaken, null, null, [target.Self.Name, what, name]);
            }
        }
    }

    private static string Plain(string identifier) => identifier.TrimStart('@');

    private static string Version(int hundredfold) =>
        hundredfold % 100 == 0 ? Text.Of(hundredfold / 100) : Text.Of(hundredfold / 100) + "." + Text.Of(hundredfold % 100 / 10);
}
