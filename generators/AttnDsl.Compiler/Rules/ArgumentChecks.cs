using System;
using System.Linq;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Rules;

/// <summary>Checks of single arguments. Each returns false after reporting; an optional argument that is absent passes.</summary>
public static class ArgumentChecks
{
    private const double LargestSingle = 3.4028234663852886e38;
    private const double SmallestSingle = 1.1754943508222875e-38;

    // Far beyond any model and far below what a compiler of constants feels.
    private const long LargestTable = 16384;

    /// <summary>A required whole number, at least 1 or <paramref name="least"/>.</summary>
    public static bool Count(this RuleContext context, AttributeSpec attribute, string argument, out long value, long least = 1)
    {
        if (!context.Whole(attribute, argument, out value))
        {
            return false;
        }

        if (value < least)
        {
            context.Report(RuleTable.TooSmall, attribute, argument, [argument, Text.Of(value), Text.Of(least)], [Text.Of(least)]);
            return false;
        }

        return true;
    }

    public static bool OptionalCount(this RuleContext context, AttributeSpec attribute, string argument, long least = 1) =>
        attribute.Find(argument) is null || context.Count(attribute, argument, out _, least);

    /// <summary>A required whole number, at least 0.</summary>
    public static bool NotNegative(this RuleContext context, AttributeSpec attribute, string argument, out long value)
    {
        if (!context.Whole(attribute, argument, out value))
        {
            return false;
        }

        if (value < 0)
        {
            context.Report(RuleTable.Negative, attribute, argument, [argument, Text.Of(value)], ["0"]);
            return false;
        }

        return true;
    }

    /// <summary>A required finite number that float32 can hold.</summary>
    public static bool Real(this RuleContext context, AttributeSpec attribute, string argument, out double value)
    {
        value = 0;
        if (!context.Usable(attribute, argument, kind => kind is ArgumentKind.Double or ArgumentKind.Int))
        {
            return false;
        }

        value = attribute.Double(argument);
        if (double.IsNaN(value) || double.IsInfinity(value))
        {
            context.Report(RuleTable.NotFinite, attribute, argument, [argument, Text.Of(value)]);
            return false;
        }

        double size = Math.Abs(value);
        if (size > LargestSingle || (size > 0 && size < SmallestSingle))
        {
            context.Report(RuleTable.OutsideSingle, attribute, argument, [argument, Text.Of(value)]);
            return false;
        }

        return true;
    }

    /// <summary>An optional <see cref="Real"/>; the value is null when absent.</summary>
    public static bool OptionalReal(this RuleContext context, AttributeSpec attribute, string argument, out double? value)
    {
        value = null;
        if (attribute.Find(argument) is null)
        {
            return true;
        }

        bool sound = context.Real(attribute, argument, out double given);
        value = given;
        return sound;
    }

    /// <summary>A required finite number above 0 that float32 can hold.</summary>
    public static bool Positive(this RuleContext context, AttributeSpec attribute, string argument, out double value)
    {
        if (!context.Real(attribute, argument, out value))
        {
            return false;
        }

        if (value <= 0)
        {
            context.Report(RuleTable.NotPositive, attribute, argument, [argument, Text.Of(value)]);
            return false;
        }

        return true;
    }

    public static bool OptionalPositive(this RuleContext context, AttributeSpec attribute, string argument) =>
        attribute.Find(argument) is null || context.Positive(attribute, argument, out _);

    /// <summary>An optional finite number, at least 0.</summary>
    public static bool OptionalNotNegative(this RuleContext context, AttributeSpec attribute, string argument)
    {
        if (!context.OptionalReal(attribute, argument, out double? value))
        {
            return false;
        }

        if (value < 0)
        {
            context.Report(RuleTable.Negative, attribute, argument, [argument, Text.Of(value.Value)], ["0"]);
            return false;
        }

        return true;
    }

    /// <summary>A table of constants that goes into the generated code, one per <paramref name="unit"/>.</summary>
    public static bool Table(this RuleContext context, AttributeSpec attribute, string? argument, long constants, string unit)
    {
        if (constants <= LargestTable)
        {
            return true;
        }

        context.Report(RuleTable.TableTooLarge, attribute, argument, [attribute.Name, Text.Of(constants), unit, Text.Of(LargestTable)]);
        return false;
    }

    /// <summary>An optional enum argument: its value must be a member.</summary>
    public static bool Member(this RuleContext context, AttributeSpec attribute, string argument, string[] members)
    {
        if (attribute.Find(argument) is not { } given)
        {
            return true;
        }

        if (!context.Usable(attribute, argument, kind => kind is ArgumentKind.Enum or ArgumentKind.Int))
        {
            return false;
        }

        if (Array.IndexOf(members, given.Value.Text) < 0)
        {
            context.Report(RuleTable.NotAMember, attribute, argument, [argument, given.Value.Text, string.Join(" and ", members)], members);
            return false;
        }

        return true;
    }

    /// <summary>An optional true or false.</summary>
    public static bool Flag(this RuleContext context, AttributeSpec attribute, string argument) =>
        attribute.Find(argument) is null || context.Usable(attribute, argument, kind => kind is ArgumentKind.Bool);

    /// <summary>A parameter and a property that mean the same must not be given two different values.</summary>
    public static bool GivenOnce(this RuleContext context, AttributeSpec attribute, string parameter, string property)
    {
        if (attribute.Find(parameter) is not { } first || attribute.Find(property) is not { } second || first.Value.AsInt() == second.Value.AsInt())
        {
            return true;
        }

        context.Report(RuleTable.GivenTwice, attribute, property, [parameter, first.Value.Text, property, second.Value.Text], [first.Value.Text]);
        return false;
    }

    private static bool Whole(this RuleContext context, AttributeSpec attribute, string argument, out long value)
    {
        value = 0;
        if (!context.Usable(attribute, argument, kind => kind is ArgumentKind.Int))
        {
            return false;
        }

        value = attribute.Int(argument);
        return true;
    }

    private static bool Usable(this RuleContext context, AttributeSpec attribute, string argument, Func<ArgumentKind, bool> accepts)
    {
        ArgumentSpec? given = attribute.Find(argument);
        if (given is not null && accepts(given.Value.Kind))
        {
            return true;
        }

        if (context.FirstUnreadable(attribute))
        {
            // When an attribute does not compile, every value is lost; the one that nobody wrote is the likelier reason.
            ArgumentSpec? blamed = attribute.Arguments.FirstOrDefault(other => other is { Explicit: false, Value.Kind: ArgumentKind.Invalid }) ?? given;
            context.Report(RuleTable.NoUsableValue, attribute, blamed?.Name, [attribute.Name, blamed?.Name ?? argument]);
        }

        return false;
    }
}
