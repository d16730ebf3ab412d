using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Plan.Scores;

namespace AttnDsl.Compiler.Emit.Cpu;

/// <summary>Prints score expressions and masks as compositions of the runtime's nodes: the type of a composition is the kernel's type argument, so the library's own build specialises it.</summary>
/// <param name="buffer">Name of a captured buffer in the generated class.</param>
internal sealed class ScoreNodes(Func<string, string> buffer)
{
    private const string Scores = "global::AttnDsl.Cpu.Scores.";
    private const string Masks = "global::AttnDsl.Cpu.Masks.";

    /// <summary>The operation on scaled scores: identity, a bias, or anything with its derivative.</summary>
    public string Operation(ScoreExpression score)
    {
        if (score is TheScore)
        {
            return Scores + "Identity";
        }

        ScoreExpression derivative = ScoreDerivative.Of(score);
        return ScoreDerivative.IsOne(derivative)
            ? Scores + "Biased(" + Node(Bias(score)) + ")"
            : Scores + "General(" + Node(score) + ", " + Node(derivative) + ")";
    }

    /// <summary>The mask, or null when an atom has no node.</summary>
    public string? Mask(Mask mask)
    {
        string?[] clauses = [.. Band(mask), .. mask.Clauses.Where(c => !IsBand(c)).Select(Clause)];
        return clauses.Any(c => c is null) ? null
            : clauses.Length == 0 ? Masks + "Everything"
            : clauses.Aggregate((a, b) => Masks + "Both(" + a + ", " + b + ")");
    }

    /// <summary>What is added to the score: the expression at score 0, a sum's zero left out.</summary>
    private static ScoreExpression Bias(ScoreExpression score) => score switch
    {
        BinaryScore { Operator: BinaryOperator.Add, Left: TheScore } b => b.Right,
        BinaryScore { Operator: BinaryOperator.Add, Right: TheScore } b => b.Left,
        BinaryScore { Operator: BinaryOperator.Subtract, Left: TheScore } b => new UnaryScore(UnaryOperator.Negate, b.Right),
        _ => score.Substitute(ScoreExpression.Constant(0)),
    };

    private string Node(ScoreExpression expression) => Scores + (expression switch
    {
        TheScore => "Value",
        IndexScore i => i.Kind.ToString(),
        ConstantScore c => "Constant(" + ScalarType.Double.Literal(c.Value) + ")",
        CapturedScore c => "By" + c.Index + "(" + buffer(c.Buffer) + ")",
        UnaryScore u => u.Operator + "(" + Node(u.Operand) + ")",
        BinaryScore b => b.Operator + "(" + Node(b.Left) + ", " + Node(b.Right) + ")",
        SelectScore s => s.Comparison + "(" + Node(s.Left) + ", " + Node(s.Right) + ", " + Node(s.Then) + ", " + Node(s.Otherwise) + ")",
        _ => throw new ArgumentOutOfRangeException(nameof(expression), expression, "no node for this expression"),
    });

    private static bool IsBand(MaskClause clause) => clause.Atoms.Count == 1 && clause.Atoms[0] is CausalAtom or WindowAtom;

    /// <summary>Every band of the mask as one.</summary>
    private static IEnumerable<string> Band(Mask mask)
    {
        if (mask.Clauses.Any(IsBand))
        {
            yield return Band(mask.Left, mask.Right);
        }
    }

    private static string Band(long? left, long? right) => Masks + "Band(" + Side(left) + ", " + Side(right) + ")";

    private string? Clause(MaskClause clause)
    {
        string?[] atoms = clause.Atoms.Select(Atom).ToArray();
        return atoms.Any(a => a is null) ? null : atoms.Aggregate((a, b) => Masks + "Either(" + a + ", " + b + ")");
    }

    private string? Atom(MaskAtom atom) => atom switch
    {
        CausalAtom => Band(null, 0),
        WindowAtom w => Band(w.Left, w.Right),
        SinkTokensAtom s => Masks + "FirstKeys(" + s.Count.ToString(CultureInfo.InvariantCulture) + ")",
        SegmentAtom => Masks + "Segments",
        PredicateAtom p => Masks + "Predicate(" + Node(p.NotNegative) + ")",
        _ => null,
    };

    private static string Side(long? side) => side is { } reach && reach < int.MaxValue
        ? reach.ToString(CultureInfo.InvariantCulture)
        : "global::AttnDsl.Cpu.BandMask.Unbounded";
}
