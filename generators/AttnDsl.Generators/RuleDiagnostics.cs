using System;
using System.Collections.Concurrent;
using System.Linq;
using AttnDsl.Compiler.Rules;
using Microsoft.CodeAnalysis;

namespace AttnDsl.Generators;

/// <summary>Roslyn's descriptors of the rule table's rows; the table is the only place where ids and texts are written.</summary>
internal static class RuleDiagnostics
{
    public const string Category = "AttnDsl";

    /// <summary>Where a rule is explained, {0} being its id.</summary>
    public const string HelpLinkPattern = "docs/diagnostics/{0}.md";

    /// <summary>The compiler threw: a bug of ours, reported for the one type it concerns.</summary>
    public static readonly RuleDescriptor Failure = new(
        "ATTN0099",
        RuleSeverity.Error,
        "The attention compiler failed",
        "No code was generated for '{0}' because the attention compiler failed: {1}. This is a bug in AttnDsl.");

    private static readonly ConcurrentDictionary<RuleDescriptor, DiagnosticDescriptor> Known = new();

    public static DiagnosticDescriptor CompilerFailure => Of(Failure);

    public static DiagnosticDescriptor Of(RuleDescriptor rule) => Known.GetOrAdd(rule, Create);

    /// <summary>The exception and where it was thrown in one line; a build log shows no more of a diagnostic.</summary>
    public static string OneLine(Exception exception)
    {
        string? frame = exception.StackTrace?.Split('\n').FirstOrDefault()?.Trim();
        string text = $"{exception.GetType().FullName}: {exception.Message} {frame}";
        return text.Replace("\r", "").Replace('\n', ' ').Trim();
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
