using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
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

    /// <param name="partial">Path under templates/backend/.</param>
    /// <param name="step">Names, numbers and finished expressions only.</param>
    public string Render(string partial, ScriptObject step)
    {
        string key = Key(partial, step);
        if (s_texts.TryGetValue(key, out string? text))
        {
            return text;
        }

        text = TemplateLibrary.Render(backend + "/" + partial, new ScriptObject { ["scalar"] = scalar, ["counting"] = counting, ["step"] = step }, cancellationToken);
        if (s_texts.Count >= MostRemembered)
        {
            s_texts.Clear();
        }

        s_texts[key] = text;
        return text;
    }

    private string Key(string partial, ScriptObject step)
    {
        var key = new StringBuilder(backend).Append('/').Append(partial).Append('\n').Append(scalar).Append(counting);
        foreach (KeyValuePair<string, object?> member in step.OrderBy(m => m.Key, StringComparer.Ordinal))
        {
            key.Append('\n').Append(member.Key).Append('=');
            if (member.Value is ScriptArray lines)
            {
                key.Append(string.Join("\n", lines));
            }
            else
            {
                key.Append(Convert.ToString(member.Value, CultureInfo.InvariantCulture));
            }
        }

        return key.ToString();
    }
}
