using System.Collections.Generic;
using System.Linq;

namespace AttnDsl.Compiler.Emit;

/// <summary>Text for XML doc comments.</summary>
internal static class XmlText
{
    public static string Escape(string text) => text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;");

    /// <summary>Lines of a doc comment, slashes included, a paragraph for each line given.</summary>
    public static string Paragraphs(IEnumerable<string> lines) => string.Join("\n", lines.Select(line => "/// <para>" + Escape(line) + "</para>"));
}
