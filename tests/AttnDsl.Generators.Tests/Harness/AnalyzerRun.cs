using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using AttnDsl.Analyzers;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace AttnDsl.Generators.Tests.Harness;

/// <summary>Runs the analyzer over a compilation. An exception inside it (AD0001) fails the test.</summary>
internal static class AnalyzerRun
{
    public static async Task<ImmutableArray<Diagnostic>> DiagnosticsAsync(Compilation compilation, AttentionAnalyzer? analyzer = null)
    {
        Exception? thrown = null;
        var options = new CompilationWithAnalyzersOptions(
            new AnalyzerOptions([]),
            onAnalyzerException: (exception, _, _) => thrown = exception,
            concurrentAnalysis: true,
            logAnalyzerExecutionTime: false);
        ImmutableArray<Diagnostic> diagnostics = await compilation.WithAnalyzers([analyzer ?? new AttentionAnalyzer()], options).GetAnalyzerDiagnosticsAsync();
        Assert.True(thrown is null, $"The analyzer threw: {thrown}");
        return [.. diagnostics
            .OrderBy(diagnostic => diagnostic.Location.SourceTree?.FilePath, StringComparer.Ordinal)
            .ThenBy(diagnostic => diagnostic.Location.SourceSpan.Start)
            .ThenBy(diagnostic => diagnostic.Id, StringComparer.Ordinal)];
    }

    /// <summary>Takes <c>[|</c> and <c>|]</c> out of a source and returns where they stood, in order.</summary>
    public static (SourceFile Source, ImmutableArray<TextSpan> Spans) Markup(SourceFile marked)
    {
        var text = new StringBuilder();
        var open = new Stack<int>();
        var spans = ImmutableArray.CreateBuilder<TextSpan>();
        for (int i = 0; i < marked.Text.Length; i++)
        {
            string two = marked.Text.Substring(i, Math.Min(2, marked.Text.Length - i));
            if (two == "[|")
            {
                open.Push(text.Length);
                i++;
            }
            else if (two == "|]")
            {
                spans.Add(TextSpan.FromBounds(open.Pop(), text.Length));
                i++;
            }
            else
            {
                text.Append(marked.Text[i]);
            }
        }

        Assert.Empty(open);
        return (marked with { Text = text.ToString() }, [.. spans.OrderBy(span => span.Start)]);
    }
}
