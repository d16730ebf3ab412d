using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Rules;
using AttnDsl.Space.Legality;
using AttnDsl.Space.Stacks;

namespace AttnDsl.Space.Running;

/// <summary>Compares the rule engine with the second opinion.</summary>
internal static class Judge
{
    public static IReadOnlyList<Fault> Engine(Stack stack) =>
        Sheet.Ordered(RuleEngine.Check(Specs.Of(stack)).Select(violation => new Fault(violation.Rule.Id, violation.AttributeIndex, violation.Argument)));

    /// <summary>True when no diagnostic is an error, in the sheets' opinion.</summary>
    public static bool IsLegal(IEnumerable<Fault> faults) => !faults.Any(fault => Sheet.IsError(fault.Id));

    /// <summary>Null when both say the same.</summary>
    public static Escape? Compare(Stack stack)
    {
        IReadOnlyList<Fault> expected = Sheet.Faults(stack);
        IReadOnlyList<Fault> actual = Engine(stack);
        return expected.SequenceEqual(actual)
            ? null
            : new Escape(stack, EscapeKind.Diagnostics, $"the sheets say {Text(expected)}; the rule engine says {Text(actual)}");
    }

    public static string Text(IEnumerable<Fault> faults) => string.Join("; ", faults) is { Length: > 0 } text ? text : "nothing";
}
