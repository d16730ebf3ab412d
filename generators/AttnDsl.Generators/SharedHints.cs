using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Generators;

/// <summary>File name stems that more than one type would use.</summary>
/// <param name="Stems">Ordered; nearly always none.</param>
internal sealed record SharedHints(EquatableArray<string> Stems)
{
    /// <summary>The stems that come more than once, upper and lower case being the same to file systems and to the compiler.</summary>
    public static SharedHints Among(ImmutableArray<string> hints)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var shared = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (string hint in hints)
        {
            if (!seen.Add(hint))
            {
                shared.Add(hint);
            }
        }

        return new SharedHints(shared.Count == 0 ? default : hints.Where(shared.Contains).OrderBy(hint => hint, StringComparer.Ordinal).ToEquatableArray());
    }

    public bool Contains(string hint) => Stems.Count > 0 && Stems.Contains(hint);
}
