using System;
using System.Collections.Concurrent;
using System.Threading;

namespace AttnDsl.Compiler.Emit;

/// <summary>
/// Renders the partials of a backend and remembers their text: the same step stands in several bodies of a layer and in many layers of a project, and rendering is most of
/// what generation costs.
/// </summary>
internal sealed class StepRenderer(string backend, string scalar, bool counting, CancellationToken cancellationToken)
{
    /// <summary>Texts a process keeps; past that it starts anew.</summary>
    private const int MostRemembered = 16384;

    private static readonly ConcurrentDictionary<StepKey, string> s_texts = new(concurrencyLevel: 4, capacity: MostRemembered);

    // The dictionary counts by taking all of its locks.
    private static int s_count;

    private readonly string _variant = backend + " " + scalar + (counting ? " counting" : "");

    /// <summary>The step's text, laid out from the margin, without a line end behind it.</summary>
    /// <param name="partial">Path under templates/backend/.</param>
    /// <param name="identity">Everything that the model is made from: steps of equal identity have equal text.</param>
    /// <param name="model">Names, numbers and finished expressions; asked for only when the text is not known yet.</param>
    public string Render(string partial, StepIdentity identity, Func<TemplateModel> model)
    {
        var key = new StepKey(_variant, partial, identity);
        if (s_texts.TryGetValue(key, out string? text))
        {
            return text;
        }

        text = TemplateLibrary.Render(backend + "/" + partial, new TemplateModel { ["scalar"] = scalar, ["counting"] = counting, ["step"] = model() }, cancellationToken);
        if (Interlocked.Increment(ref s_count) > MostRemembered)
        {
            s_texts.Clear();
            s_count = 0;
        }

        s_texts[key] = text;
        return text;
    }
}
