using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;
using Microsoft.CodeAnalysis;

namespace AttnDsl.Generators;

/// <summary>Roslyn's descriptors of the rule table's rows; the table is the only place where ids and texts are written.</summary>
internal static class RuleDiagnostics
{
    public const string Category = "AttnDsl";

    /// <summary>Where a rule is explained, {0} being its id.</summary>
    public const string HelpLinkPattern = "docs/diagnostics/{0}.md";

    private static readonly ConcurrentDictionary<RuleDescriptor, DiagnosticDescriptor> Known = new();

    public static DiagnosticDescriptor Of(RuleDescriptor rule) => Known.GetOrAdd(rule, Create);

    /// <summary>A violation as Roslyn's diagnostic, at the place the caller found for it.</summary>
    public static Diagnostic At(
        Location location,
        RuleViolation violation,
        IEnumerable<Location>? additionalLocations = null,
        ImmutableDictionary<string, string?>? properties = null) => Diagnostic.Create(
            Of(violation.Rule),
            location,
            additionalLocations,
            properties,
            violation.MessageArguments.Cast<object>().ToArray());

    /// <summary>The violation that stands for an exception; its message says where it was thrown and has one line, because a build log shows no more.</summary>
    public static RuleViolation Failure(TargetType target, Exception exception)
    {
        RuleViolation failure = RuleEngine.Failure(target, exception);
        string[] arguments = [.. failure.MessageArguments];
        arguments[arguments.Length - 1] += " " + exception.StackTrace?.Split('\n').FirstOrDefault()?.Trim();
        return failure with { MessageArguments = arguments.Select(text => text.Replace("\r", "").Replace('\n', ' ').Trim()).ToEquatableArray() };
    }

    private static DiagnosticDescriptor Create(RuleDescriptor rule) => new(
        rule.Id,
        rule.Title,
        rule.MessageFormat,
        Category,
        rule.Severity switch
        {
            RuleSeverity.Error => DiagnosticSeverity.Error,
            RuleSeverity.Warning => DiagnosticSeverity.Warning,
            _ => DiagnosticSeverity.Info,
        },
        isEnabledByDefault: true,
        helpLinkUri: HelpLinkPattern.Replace("{0}", rule.Id),
        // An error means that no code was generated; hiding it would only leave the errors that follow from that.
        customTags: rule.Severity == RuleSeverity.Error ? [WellKnownDiagnosticTags.NotConfigurable] : []);
}
