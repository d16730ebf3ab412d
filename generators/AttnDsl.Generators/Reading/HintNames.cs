using System.Globalization;
using System.Linq;
using System.Text;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Generators.Reading;

/// <summary>Stems of the generated files' names: readable, legal in paths, bounded in length, the same on every machine.</summary>
internal static class HintNames
{
    // File systems allow 255 bytes a name; the stem leaves room for ".Reference.g.cs" and the like.
    private const int LongestStem = 180;

    /// <summary>The full metadata name with arity as <c>_n</c>, cut and hashed when long.</summary>
    public static string Stem(string space, EquatableArray<TypeHeader> containing, TypeHeader self)
    {
        string identity = Identity(space, containing, self);
        string stem = identity.Replace('`', '_').Replace('+', '.');
        return Encoding.UTF8.GetByteCount(stem) <= LongestStem ? stem : Cut(stem) + Suffix(identity);
    }

    /// <summary>The stem of a type whose plain stem equals another type's, upper and lower case being the same to file systems and to the compiler.</summary>
    public static string Distinct(TargetType target) =>
        Cut(target.HintName) + Suffix(Identity(target.Namespace, target.Containing, target.Self));

    /// <summary>Tells any two types of a compilation apart.</summary>
    private static string Identity(string space, EquatableArray<TypeHeader> containing, TypeHeader self)
    {
        var text = new StringBuilder();
        if (space.Length > 0)
        {
            text.Append(space.Replace("@", "")).Append('.');
        }

        foreach (TypeHeader outer in containing)
        {
            Append(text, outer).Append('+');
        }

        return Append(text, self).ToString();
    }

    private static StringBuilder Append(StringBuilder text, TypeHeader type)
    {
        text.Append(type.Name.TrimStart('@'));
        return type.TypeParameters.Count == 0
            ? text
            : text.Append('`').Append(type.TypeParameters.Count.ToString(CultureInfo.InvariantCulture));
    }

    private static string Cut(string stem)
    {
        int bytes = 0;
        int length = 0;
        while (length < stem.Length && (bytes += Encoding.UTF8.GetByteCount(stem, length)) <= LongestStem - 20)
        {
            length++;
        }

        return stem.Substring(0, length);
    }

    private static string Suffix(string identity) => "-" + Fnv1a(identity).ToString("x16", CultureInfo.InvariantCulture);

    // string.GetHashCode differs from process to process; a file name must not.
    private static ulong Fnv1a(string text) =>
        text.Aggregate(14695981039346656037UL, (hash, character) => unchecked((hash ^ character) * 1099511628211UL));

    private static int GetByteCount(this Encoding encoding, string text, int index) => encoding.GetByteCount([text[index]]);
}
