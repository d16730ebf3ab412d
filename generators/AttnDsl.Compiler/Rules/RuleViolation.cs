using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Rules;

/// <summary>A rule broken by a spec, pointing at the attribute (and argument) at fault by index and name.</summary>
/// <param name="Rule">The row of the table.</param>
/// <param name="AttributeIndex">Index into <see cref="AttentionSpec.Attributes"/>, or -1 for the type itself.</param>
/// <param name="Argument">Name of the argument at fault, or null for the whole attribute.</param>
/// <param name="MessageArguments">Values for the message format, already invariant text.</param>
/// <param name="RelatedAttribute">The other attribute of a conflict, or -1.</param>
/// <param name="Legal">Nearest legal values of the argument, smaller ones first; a code fix offers them.</param>
public sealed record RuleViolation(
    RuleDescriptor Rule,
    int AttributeIndex,
    string? Argument,
    EquatableArray<string> MessageArguments,
    int RelatedAttribute = -1,
    EquatableArray<string> Legal = default)
{
    public string Message => string.Format(CultureInfo.InvariantCulture, Rule.MessageFormat, MessageArguments.Cast<object>().ToArray());
}
