using System;
using System.Globalization;
using System.Text;

namespace AttnDsl;

/// <summary>Names from files, made fit for messages: a hostile name must not fill a terminal or move its cursor.</summary>
internal static class SafetensorsText
{
    private const int Longest = 120;

    /// <summary>The name in quotation marks, control characters and lone surrogates escaped, cut when it is very long.</summary>
    public static string Quote(string name)
    {
        var text = new StringBuilder("'");
        foreach (char c in name.Length > Longest ? name.AsSpan(0, Longest) : name)
        {
            if (char.IsControl(c) || char.IsSurrogate(c) || char.GetUnicodeCategory(c) == UnicodeCategory.Format)
            {
                text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            }
            else
            {
                text.Append(c);
            }
        }

        return text.Append(name.Length > Longest ? string.Create(CultureInfo.InvariantCulture, $"…' ({name.Length} characters)") : "'").ToString();
    }
}
