using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Plan.Scores;

namespace AttnDsl.Compiler.Emit.Torch;

/// <summary>
/// Prints score expressions and masks as tensor expressions over <c>s</c> (scores), <c>i</c> (rows), <c>j</c> (columns) and <c>h</c> (heads), which broadcast. What does not depend on the score is computed in
/// double and rounded once, where it meets the score.
/// </summary>
/// <param name="buffer">Name of the field that holds a captured buffer.</param>
internal sealed class TorchScoreWriter(Func<string, string> buffer)
{
    private readonly HashSet<IndexKind> _used = new();

    private enum Kind
    {
        /// <summary>A C# number.</summary>
        Number,

        /// <summary>A double tensor of indices and tables.</summary>
        Index,

        /// <summary>A tensor of the scores' type.</summary>
        Score,
    }

    /// <summary>Indices that the printed expressions read.</summary>
    public IEnumerable<IndexKind> Used => Enum.GetValues(typeof(IndexKind)).Cast<IndexKind>().Where(_used.Contains);

    /// <summary>The expression as a tensor of the scores' type.</summary>
    public string Score(ScoreExpression expression) => AsScore(Of(expression)).Unwrapped;

    /// <summary>What tells visible pairs from hidden ones: every clause as a bool tensor that may be null where everything is visible.</summary>
    public IEnumerable<string> Clauses(Mask mask) => mask.Clauses.Select(c => c.Atoms.Count == 1 ? Atom(c.Atoms[0]) : "Any(" + string.Join(", ", c.Atoms.Select(Atom)) + ")");

    /// <summary>Atoms that a dense mask can test; lists and pooled windows need more.</summary>
    public static bool CanWrite(Mask mask) => mask.Clauses.SelectMany(c => c.Atoms).All(a => a is CausalAtom or WindowAtom or SinkTokensAtom or SegmentAtom or PredicateAtom);

    private string Atom(MaskAtom atom)
    {
        switch (atom)
        {
            case CausalAtom:
                return Use(IndexKind.Column) + ".le(" + Use(IndexKind.Row) + ")";
            case WindowAtom w:
                return Window(w);
            case SinkTokensAtom s:
                return Use(IndexKind.Column) + ".lt(" + Text(s.Count) + ")";
            case SegmentAtom:
                return "rows.SameSegment";
            case PredicateAtom p:
                return AsTensor(Of(p.NotNegative)).Text + ".ge(0)";
            default:
                throw new ArgumentOutOfRangeException(nameof(atom), atom, "no condition for this atom");
        }
    }

    private string Window(WindowAtom w)
    {
        string i = Use(IndexKind.Row);
        string j = Use(IndexKind.Column);
        string left = w.Left is { } l ? "(" + i + " - " + j + ").le(" + Text(l) + ")" : "";
        string right = w.Right is { } r ? "(" + j + " - " + i + ").le(" + Text(r) + ")" : "";
        return left.Length > 0 && right.Length > 0 ? "(" + left + " & " + right + ")" : left.Length > 0 ? left : right.Length > 0 ? right : j + ".ge(0)";
    }

    private Printed Of(ScoreExpression expression)
    {
        switch (expression)
        {
            case TheScore:
                return new Printed("s", Kind.Score);
            case IndexScore index:
                return new Printed(Use(index.Kind), Kind.Index);
            case ConstantScore c:
                return new Printed(ScalarType.Double.Literal(c.Value), Kind.Number);
            case CapturedScore c:
                return new Printed("Captured(" + buffer(c.Buffer) + ", " + Use(c.Index) + ")", Kind.Index);
            case UnaryScore u:
                return Unary(u);
            case BinaryScore { Operator: BinaryOperator.Min or BinaryOperator.Max } b:
                return Extreme(b);
            case BinaryScore b:
                return Binary(b);
            case SelectScore s:
                return Select(s.Comparison, Of(s.Left), Of(s.Right), Of(s.Then), Of(s.Otherwise));
            default:
                throw new ArgumentOutOfRangeException(nameof(expression), expression, "no text for this expression");
        }
    }

    private Printed Unary(UnaryScore u)
    {
        Printed operand = Of(u.Operand);
        if (operand.Kind == Kind.Number)
        {
            return new Printed("(" + (u.Operator == UnaryOperator.Negate ? "-" + operand.Text : "global::System.Math." + u.Operator + "(" + operand.Unwrapped + ")") + ")", Kind.Number);
        }

        string method = u.Operator == UnaryOperator.Negate ? "neg" : u.Operator.ToString().ToLowerInvariant();
        return new Printed(operand.Text + "." + method + "()", operand.Kind);
    }

    private Printed Binary(BinaryScore b)
    {
        string symbol = b.Operator switch
        {
            BinaryOperator.Add => " + ",
            BinaryOperator.Subtract => " - ",
            BinaryOperator.Multiply => " * ",
            _ => " / ",
        };
        (Printed left, Printed right) = Together(Of(b.Left), Of(b.Right));
        return new Printed("(" + left.Text + symbol + right.Text + ")", left.Kind > right.Kind ? left.Kind : right.Kind);
    }

    /// <summary>The derivative of an extreme goes to the left where both are equal, as in the plan: torch's own would share it.</summary>
    private Printed Extreme(BinaryScore b)
    {
        Printed left = Of(b.Left);
        Printed right = Of(b.Right);
        return b.Operator == BinaryOperator.Min ? Select(Comparison.LessOrEqual, left, right, left, right) : Select(Comparison.LessOrEqual, right, left, left, right);
    }

    private static Printed Select(Comparison comparison, Printed left, Printed right, Printed then, Printed otherwise)
    {
        string method = comparison switch
        {
            Comparison.Less => "lt",
            Comparison.LessOrEqual => "le",
            _ => "eq",
        };
        (left, right) = Together(left, right);
        (then, otherwise) = Together(AsTensor(then), AsTensor(otherwise));
        string condition = AsTensor(left).Text + "." + method + "(" + right.Unwrapped + ")";
        return new Printed("global::TorchSharp.torch.where(" + condition + ", " + then.Unwrapped + ", " + otherwise.Unwrapped + ")", then.Kind);
    }

    /// <summary>Both of one type: a double tensor would make a sum of scores double.</summary>
    private static (Printed Left, Printed Right) Together(Printed left, Printed right) =>
        left.Kind == Kind.Score && right.Kind == Kind.Index ? (left, AsScore(right))
        : left.Kind == Kind.Index && right.Kind == Kind.Score ? (AsScore(left), right)
        : (left, right);

    private static Printed AsScore(Printed x) => x.Kind == Kind.Score ? x : new Printed(AsTensor(x).Text + ".to(s.dtype)", Kind.Score);

    private static Printed AsTensor(Printed x) => x.Kind == Kind.Number
        ? new Printed("global::TorchSharp.torch.tensor(" + x.Unwrapped + ", dtype: global::TorchSharp.torch.ScalarType.Float64, device: rows.Column.device)", Kind.Index)
        : x;

    private string Use(IndexKind kind)
    {
        _used.Add(kind);
        return kind switch
        {
            IndexKind.Row => "i",
            IndexKind.Column => "j",
            _ => "h",
        };
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private readonly record struct Printed(string Text, Kind Kind)
    {
        /// <summary>Without the brackets around all of it.</summary>
        public string Unwrapped
        {
            get
            {
                if (Text.Length < 2 || Text[0] != '(' || Text[Text.Length - 1] != ')')
                {
                    return Text;
                }

                int depth = 0;
                for (int at = 0; at < Text.Length - 1; at++)
                {
                    depth += Text[at] == '(' ? 1 : Text[at] == ')' ? -1 : 0;
                    if (depth == 0)
                    {
                        return Text;
                    }
                }

                return Text.Substring(1, Text.Length - 2);
            }
        }
    }
}
