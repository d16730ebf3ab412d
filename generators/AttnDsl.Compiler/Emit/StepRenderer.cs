using System;
using System.Collections.Concurrent;
using System.Threading;
using Scriban.Runtime;

namespace AttnDsl.Compiler.Emit;

/// <summary>
/// Renders the partials of a backend and remembers their text: the same step stands in several bodies of a layer and in many layers of a project, and rendering is most of
/// what generation costs.
/// </summary>
internal sealed class StepRenderer(string backend, string scalar, bool counting, CancellationToken cancellationToken)
{
    /// <summary>Texts a process keeps; past that it starts anew.</summary>
    private const int MostRemembered = 4096;

    private static readonly ConcurrentDictionary<string, string> s_texts = new(StringComparer.Ordinal);

    private readonly string _prefix = backend + "\n" + scalar + (counting ? "\ncounting\n" : "\n");

    /// <param name="partial">Path under templates/backend/.</param>
    /// <param name="identity">Everything that the model is made from: steps of equal identity have equal text.</param>
    /// <param name="model">Names, numbers and finished expressions; asked for only when the text is not known yet.</param>
    public string Render(string partial, string identity, Func<ScriptObject> model)
    {
        string key = string.Concat(_prefix, partial, "\n", identity);
        if (s_texts.TryGetValue(key, out string? text))
        {
            return text;
        }

        text = TemplateLibrary.Render(backend + "/" + partial, new ScriptObject { ["scalar"] = scalar, ["counting"] = counting, ["step"] = model() }, cancellationToken);
        if (s_texts.Count >= MostRemembered)
        {
            s_texts.Clear();
        }

        s_texts[key] = text;
        return text;
    }
}
