using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Scriban;
using Scriban.Functions;
using Scriban.Parsing;
using Scriban.Runtime;

namespace AttnDsl.Compiler.Emit;

/// <summary>The embedded templates, parsed once per process. Rendering is strict: an undefined variable is an error, never empty text.</summary>
internal static class TemplateLibrary
{
    /// <summary>Skeletons a process keeps; past that it starts anew.</summary>
    private const int MostSkeletons = 4096;

    private static readonly ConcurrentDictionary<string, Template> s_parsed = new(StringComparer.Ordinal);

    private static readonly ConcurrentDictionary<string, Skeleton> s_skeletons = new(StringComparer.Ordinal);

    private static readonly HashSet<string> s_names = new(typeof(TemplateLibrary).Assembly.GetManifestResourceNames(), StringComparer.Ordinal);

    private static int s_skeletonCount;

    /// <summary>Making a context costs more than rendering a small partial.</summary>
    [ThreadStatic]
    private static TemplateContext? s_context;

    [ThreadStatic]
    private static StringBuilder? s_shape;

    [ThreadStatic]
    private static StringBuilder? s_text;

    [ThreadStatic]
    private static List<string>? s_texts;

    /// <summary>True when a backend has a partial for a step kind.</summary>
    public static bool Exists(string name) => s_names.Contains(name);

    /// <summary>The template's text, laid out from the margin, without a line end behind it.</summary>
    /// <param name="name">Path under templates/ without the extension, for example <c>reference/class</c>.</param>
    /// <param name="model">What it prints.</param>
    /// <param name="cancellationToken">Stops rendering.</param>
    public static string Render(string name, TemplateModel model, CancellationToken cancellationToken)
    {
        StringBuilder text = s_text ??= new StringBuilder();
        text.Clear();
        Write(text, 0, name, model, cancellationToken);
        return text.ToString();
    }

    /// <summary>Appends the template's text; all lines but the first are indented.</summary>
    /// <param name="output">Its last line goes on with the template's first.</param>
    /// <param name="indentation">Characters.</param>
    /// <param name="name">Path under templates/ without the extension.</param>
    /// <param name="model">What it prints.</param>
    /// <param name="cancellationToken">Stops rendering.</param>
    public static void Write(StringBuilder output, int indentation, string name, TemplateModel model, CancellationToken cancellationToken)
    {
        StringBuilder shape = s_shape ??= new StringBuilder();
        List<string> texts = s_texts ??= new List<string>();
        shape.Clear().Append(name);
        texts.Clear();
        ModelShape.Read(model, shape, texts);
        string key = shape.ToString();
        if (!s_skeletons.TryGetValue(key, out Skeleton? skeleton))
        {
            skeleton = Make(name, model, cancellationToken);
            if (Interlocked.Increment(ref s_skeletonCount) > MostSkeletons)
            {
                s_skeletons.Clear();
                s_skeletonCount = 0;
            }

            s_skeletons[key] = skeleton;
        }

        skeleton.At(indentation).Write(output, texts);
        texts.Clear();
    }

    private static Skeleton Make(string name, TemplateModel model, CancellationToken cancellationToken)
    {
        Template template = s_parsed.GetOrAdd(name, Parse);
        TemplateContext context = s_context ?? NewContext();

        // Held back while it is in use: a render that throws leaves it in a state nobody knows.
        s_context = null;
        context.CancellationToken = cancellationToken;
        int texts = 0;
        context.PushGlobal(ModelShape.Hollow(model, ref texts));
        string text = template.Render(context);
        context.PopGlobal();
        s_context = context;
        return new Skeleton(text);
    }

    private static TemplateContext NewContext()
    {
        // Templates call nothing; making the built-in functions would cost a fresh process more than rendering does.
        var context = new TemplateContext(new ScriptObject { ["include"] = new IncludeFunction() })
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
