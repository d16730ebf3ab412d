using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Plan;

public enum HeadMapKind
{
    /// <summary>Score head j reads head j / (scoreHeads / heads): contiguous groups.</summary>
    Grouped,

    /// <summary>Score head j reads head j mod heads.</summary>
    Tiled,

    /// <summary>Score head j reads the head a table names.</summary>
    Table,
}

/// <summary>Which stored head a score head reads. An attention core has three: to a query, a key and a value head.</summary>
public sealed record HeadMap(HeadMapKind Kind, long Heads, long ScoreHeads, EquatableArray<int> Entries = default)
{
    /// <summary>Contiguous groups when the heads are fewer than the score heads, itself when they are as many.</summary>
    public static HeadMap Grouped(long heads, long scoreHeads) => new(HeadMapKind.Grouped, heads, scoreHeads);

    public static HeadMap Tiled(long heads, long scoreHeads) => new(HeadMapKind.Tiled, heads, scoreHeads);

    public long Of(long scoreHead) => Kind switch
    {
        HeadMapKind.Grouped => scoreHead / (ScoreHeads / Heads),
        HeadMapKind.Tiled => scoreHead % Heads,
        _ => Entries[(int)scoreHead],
    };

    public override string ToString() => Heads == ScoreHeads && Kind != HeadMapKind.Table
        ? "h"
        : Kind switch
        {
            HeadMapKind.Grouped => string.Format(CultureInfo.InvariantCulture, "h/{0}", ScoreHeads / Heads),
            HeadMapKind.Tiled => string.Format(CultureInfo.InvariantCulture, "h%{0}", Heads),
            _ => "[" + string.Join(" ", Entries.Select(e => e.ToString(CultureInfo.InvariantCulture))) + "]",
        };
}
