using System;
using System.Collections.Concurrent;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Scriban;
using Scriban.Parsing;
using Scriban.Runtime;

namespace AttnDsl.Compiler.Emit;

/// <summary>The embedded templates, parsed once per process. Rendering is strict: an undefined variable is an error, never empty text.</summary>
internal static class TemplateLibrary
{
    private static readonly ConcurrentDictionary<string, Template> s_parsed = new(StringComparer.Ordinal);

    /// <summary>Making a context costs more than rendering a small partial.</summary>
    [ThreadStatic]
    private static TemplateContext? s_context;

    /// <summary>True when a backend has a partial for a step kind.</summary>
    public static bool Exists(string name) => typeof(TemplateLibrary).Assembly.GetManifestResourceInfo(name) is not null;

    /// <param name="name">Path under templates/ without the extension, for example <c>reference/class</c>.</param>
    public static string Render(string name, ScriptObject model, CancellationToken cancellationToken)
    {
        Template template = s_parsed.GetOrAdd(name, Parse);
        TemplateContext context = s_context ?? NewContext();

        // Held back while it is in use: a render that throws leaves it in a state nobody knows.
        s_context = null;
        context.CancellationToken = cancellationToken;
        context.PushGlobal(model);
        string text = template.Render(context);
        context.PopGlobal();
        s_context = context;
        return text;
    }

    private static TemplateContext NewContext()
    {
        var context = new TemplateContext
        {
            StrictVariables = true,
            NewLine = "\n",
            LoopLimit = 100_000,

            // Scriban would cut a longer text short without a word.
            LimitToString = 0,
            TemplateLoader = new Loader(),
        };
        context.PushCulture(CultureInfo.InvariantCulture);
        return context;
    }

    private static Template Parse(string name)
    {
        Template template = Template.Parse(Read(name), name);
        if (template.HasErrors)
        {
            throw new InvalidOperationException("template " + name + ": " + string.Join("; ", template.Messages));
        }

        return template;
    }

    private static string Read(string name)
    {
        using Stream stream = typeof(TemplateLibrary).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException("there is no template " + name);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().Replace("\r\n", "\n");
    }

    private sealed class Loader : ITemplateLoader
    {
        public string GetPath(TemplateContext context, SourceSpan callerSpan, string templateName) => templateName;

        public string Load(TemplateContext context, SourceSpan callerSpan, string templatePath) => Read(templatePath);

        public ValueTask<string?> LoadAsync(TemplateContext context, SourceSpan callerSpan, string templatePath) => new(Load(context, callerSpan, templatePath));
    }
}
