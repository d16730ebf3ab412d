using System;
using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Costs;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Plan.Scores;

/// <summary>Which keys a query may see: an AND of clauses, each an OR of atoms. Atoms stay structured so that tiles can be classed skip, full or partial without a dense mask.</summary>
public sealed record Mask(EquatableArray<MaskClause> Clauses)
{
    public static Mask Everything { get; } = new(EquatableArray<MaskClause>.Empty);

    /// <summary>Keys visible before the query's own position, or null for all; first tokens that a window clause also admits are counted with it.</summary>
    public long? Left => Clauses.Select(LeftOf).Min();

    /// <summary>Keys visible after it, or null for all.</summary>
    public long? Right => Clauses.Where(c => c.Atoms.Count == 1).Select(c => c.Atoms[0]).Select(RightOf).Min();

    /// <summary>What a visible pair costs is paid this often (a single segment that fills the row).</summary>
    public Extent Pairs => new PerVisiblePair(Left, Right);

    /// <summary>Lists that the clauses read.</summary>
    public System.Collections.Generic.IEnumerable<PlanValue> Lists => Clauses.SelectMany(c => c.Atoms).OfType<ListAtom>().Select(l => l.List).Distinct();

    public Mask And(MaskAtom atom) => new(Clauses.Append(new MaskClause(EquatableArray.Of(atom))).ToEquatableArray());

    public Mask AndAny(params MaskAtom[] atoms) => new(Clauses.Append(new MaskClause(atoms.ToEquatableArray())).ToEquatableArray());

    public override string ToString() => Clauses.Count == 0 ? "all" : string.Join(" & ", Clauses.Select(c => c.ToString()));

    private static long? LeftOf(MaskClause clause)
    {
        if (clause.Atoms.Any(a => a is not (WindowAtom or SinkTokensAtom)) || clause.Atoms.OfType<WindowAtom>().Count() != 1)
        {
            return null;
        }

        // A window of w keys joined with the first n tokens shows a query at most w + n of its past: the two only overlap where both end at the row's start.
        return clause.Atoms.OfType<WindowAtom>().Single().Left + clause.Atoms.OfType<SinkTokensAtom>().Select(s => s.Count).DefaultIfEmpty(0).Max();
    }

    private static long? RightOf(MaskAtom atom) => atom switch
    {
        CausalAtom => 0,
        WindowAtom w => w.Right,
        _ => null,
    };
}

/// <summary>At least one atom holds.</summary>
public sealed record MaskClause(EquatableArray<MaskAtom> Atoms)
{
    public override string ToString() => Atoms.Count == 1 ? Atoms[0].ToString() : "(" + string.Join(" | ", Atoms.Select(a => a.ToString())) + ")";
}

public abstract record MaskAtom : IEquatable<MaskAtom>;

/// <summary>column ≤ row, both absolute.</summary>
public sealed record CausalAtom : MaskAtom
{
    public override string ToString() => "causal";
}

/// <summary>row − left ≤ column ≤ row + right; null is unbounded.</summary>
public sealed record WindowAtom(long? Left, long? Right) : MaskAtom
{
    public override string ToString() => string.Format(CultureInfo.InvariantCulture, "window({0}, {1})", Side(Left), Side(Right));

    private static string Side(long? side) => side is { } value ? value.ToString(CultureInfo.InvariantCulture) : "all";
}

/// <summary>column &lt; count: the first tokens of the row are always visible.</summary>
public sealed record SinkTokensAtom(long Count) : MaskAtom
{
    public override string ToString() => string.Format(CultureInfo.InvariantCulture, "first({0})", Count);
}

/// <summary>The query and the key carry the same segment id, given at run time.</summary>
public sealed record SegmentAtom : MaskAtom
{
    public override string ToString() => "segment";
}

/// <summary>The key's unit is in the list of the query's unit.</summary>
/// <param name="List">Value of kind list.</param>
/// <param name="QueryUnit">Tokens a query unit holds.</param>
/// <param name="KeyUnit">Tokens a key unit holds.</param>
public sealed record ListAtom(PlanValue List, long QueryUnit, long KeyUnit) : MaskAtom
{
    public override string ToString() => string.Format(CultureInfo.InvariantCulture, "listed({0}, {1}x{2})", List.Name, QueryUnit, KeyUnit);
}

/// <summary>The pooled window that the column stands for ends at or before the row.</summary>
public sealed record WindowCompleteAtom(long Length, long Stride) : MaskAtom
{
    public override string ToString() => string.Format(CultureInfo.InvariantCulture, "complete({0}, {1})", Length, Stride);
}

/// <summary>A condition on an expression of row, column and head; true where it is not negative.</summary>
public sealed record PredicateAtom(ScoreExpression NotNegative) : MaskAtom
{
    public override string ToString() => "predicate";
}
