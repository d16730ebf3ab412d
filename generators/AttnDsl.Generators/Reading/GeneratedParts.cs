using System;
using Microsoft.CodeAnalysis;

namespace AttnDsl.Generators.Reading;

/// <summary>Tells the user's parts of a type from the parts this generator added. The generator never sees the latter, the analyzer does; both must read the same spec.</summary>
internal static class GeneratedParts
{
    // The compiler files every generated source under <assembly>/<generator type>/<hint name>.
    private static readonly string Folder = typeof(AttentionGenerator).FullName!;

    public static bool Contains(SyntaxTree tree)
    {
        string path = tree.FilePath;
        int at = path.IndexOf(Folder, StringComparison.Ordinal);
        return at >= 0
            && (at == 0 || IsSeparator(path[at - 1]))
            && at + Folder.Length < path.Length
            && IsSeparator(path[at + Folder.Length]);
    }

    private static bool IsSeparator(char character) => character is '/' or '\\';
}
