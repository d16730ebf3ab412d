namespace AttnDsl.Compiler.Plan.Scores;

/// <summary>A small expression over one score: soft-caps, biases and temperatures are instances, and so is anything a user writes. Backends print it; nothing interprets a mechanism.</summary>
public abstract record ScoreExpression
{
    public static ScoreExpression operator +(ScoreExpression a, ScoreExpression b) => new BinaryScore(BinaryOperator.Add, a, b);

    public static ScoreExpression operator -(ScoreExpression a, ScoreExpression b) => new BinaryScore(BinaryOperator.Subtract, a, b);

    public static ScoreExpression operator *(ScoreExpression a, ScoreExpression b) => new BinaryScore(BinaryOperator.Multiply, a, b);

    public static ScoreExpression operator /(ScoreExpression a, ScoreExpression b) => new BinaryScore(BinaryOperator.Divide, a, b);

    public static ScoreExpression Constant(double value) => new ConstantScore(value);

    public static ScoreExpression Tanh(ScoreExpression operand) => new UnaryScore(UnaryOperator.Tanh, operand);

    public static ScoreExpression Abs(ScoreExpression operand) => new UnaryScore(UnaryOperator.Abs, operand);

    public static ScoreExpression Exp(ScoreExpression operand) => new UnaryScore(UnaryOperator.Exp, operand);

    /// <summary>Puts <paramref name="value"/> in the place of the score.</summary>
    public abstract ScoreExpression Substitute(ScoreExpression value);
}

/// <summary>The score itself: s_ij after the scale, before this expression.</summary>
public sealed record TheScore : ScoreExpression
{
    public static TheScore Instance { get; } = new();

    public override ScoreExpression Substitute(ScoreExpression value) => value;
}

public enum IndexKind
{
    /// <summary>Absolute index of the query among its keys (past plus its place in the block).</summary>
    Row,

    /// <summary>Index of the key.</summary>
    Column,

    /// <summary>Score head.</summary>
    Head,
}

/// <summary>An index of the pair, as a number.</summary>
public sealed record IndexScore(IndexKind Kind) : ScoreExpression
{
    public static IndexScore Row { get; } = new(IndexKind.Row);

    public static IndexScore Column { get; } = new(IndexKind.Column);

    public static IndexScore Head { get; } = new(IndexKind.Head);

    public override ScoreExpression Substitute(ScoreExpression value) => this;
}

public sealed record ConstantScore(double Value) : ScoreExpression
{
    public override ScoreExpression Substitute(ScoreExpression value) => this;
}

/// <summary>A table or parameter of one number per index: a captured tensor.</summary>
public sealed record CapturedScore(string Buffer, IndexKind Index) : ScoreExpression
{
    public override ScoreExpression Substitute(ScoreExpression value) => this;
}

public enum UnaryOperator
{
    Negate,
    Abs,
    Tanh,
    Exp,
}

public sealed record UnaryScore(UnaryOperator Operator, ScoreExpression Operand) : ScoreExpression
{
    public override ScoreExpression Substitute(ScoreExpression value) => this with { Operand = Operand.Substitute(value) };
}

public enum BinaryOperator
{
    Add,
    Subtract,
    Multiply,
    Divide,
    Min,
    Max,
}

public sealed record BinaryScore(BinaryOperator Operator, ScoreExpression Left, ScoreExpression Right) : ScoreExpression
{
    public override ScoreExpression Substitute(ScoreExpression value) => this with { Left = Left.Substitute(value), Right = Right.Substitute(value) };
}

public enum Comparison
{
    Less,
    LessOrEqual,
    Equal,
}

/// <summary><c>left op right ? then : otherwise</c>.</summary>
public sealed record SelectScore(Comparison Comparison, ScoreExpression Left, ScoreExpression Right, ScoreExpression Then, ScoreExpression Otherwise) : ScoreExpression
{
    public override ScoreExpression Substitute(ScoreExpression value) => new SelectScore(
        Comparison, Left.Substitute(value), Right.Substitute(value), Then.Substitute(value), Otherwise.Substitute(value));
}
