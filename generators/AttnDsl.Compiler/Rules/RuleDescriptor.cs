namespace AttnDsl.Compiler.Rules;

public enum RuleSeverity
{
    Info,
    Warning,
    Error,
}

/// <summary>One row of the rule table.</summary>
/// <param name="Id">ATTN plus four digits; never reused.</param>
/// <param name="Severity">Error: nothing is generated. Wrong numbers are errors, surprises warnings, advice info.</param>
/// <param name="Title">A few words.</param>
/// <param name="MessageFormat">Composite format: what is wrong, the numbers, what would be legal.</param>
public sealed record RuleDescriptor(string Id, RuleSeverity Severity, string Title, string MessageFormat);
