namespace AttnDsl.Compiler.Emit;

/// <summary>Text for XML doc comments.</summary>
internal static class XmlText
{
    public static string Escape(string text) => text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;");
}
