using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Plan.Scores;

namespace AttnDsl.Compiler.Emit;

/// <summary>Prints a mask as one C# condition that is true where the key is visible.</summary>
internal static class MaskWriter
{
    /// <summary>The condition, or null when every key is visible; and false with the atom's name when an atom has no text here.</summary>
    public static string? Condition(Mask mask, ScoreWriter scores) => mask.Clauses.Count == 0
        ? null
        : string.Join(" && ", mask.Clauses.Select(c => c.Atoms.Count == 1 ? Atom(c.Atoms[0], scores) : "(" + string.Join(" || ", c.Atoms.Select(a => Atom(a, scores))) + ")"));

    /// <summary>Atoms that a plain loop over keys can test; lists and pooled windows need more.</summary>
    public static bool CanWrite(Mask mask) => mask.Clauses.SelectMany(c => c.Atoms).All(a => a is CausalAtom or WindowAtom or SinkTokensAtom or SegmentAtom or PredicateAtom);

    private static string Atom(MaskAtom atom, ScoreWriter scores) => atom switch
    {
        CausalAtom => "j <= i",
        WindowAtom w => Window(w),
        SinkTokensAtom s => "j < " + Text(s.Count),
        SegmentAtom => "rows.KeySegment(b, j) == rows.QuerySegment(b, t)",
        PredicateAtom p => scores.Write(p.NotNegative) + " >= 0",
        _ => throw new System.ArgumentOutOfRangeException(nameof(atom), atom, "no condition for this atom"),
    };

    private static string Window(WindowAtom w)
    {
        var sides = new List<string>();
        if (w.Left is { } left)
        {
            sides.Add("i - j <= " + Text(left));
        }

        if (w.Right is { } right)
        {
            sides.Add("j - i <= " + Text(right));
        }

        return string.Join(" && ", sides);
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
