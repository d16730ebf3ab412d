using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Plan;

public enum WeightInit
{
    Zeros,
    Ones,
    Normal,
}

/// <summary>Rows of a tensor that rotate per head; a checkpoint with the other pair layout has them permuted.</summary>
/// <param name="Heads">Heads stacked along the first axis.</param>
/// <param name="HeadWidth">Rows a head has.</param>
/// <param name="RotaryDim">Rows of each head that rotate, from <paramref name="From"/> on.</param>
/// <param name="From">First of them.</param>
public sealed record RotatedRows(long Heads, long HeadWidth, long RotaryDim, long From = 0);

/// <summary>A parameter of the layer.</summary>
/// <param name="Name">Checkpoint name, for example <c>q_proj.weight</c>.</param>
/// <param name="Type">Constant extents, (out, in) for linear weights.</param>
/// <param name="Init">How it starts.</param>
/// <param name="Deviation">Standard deviation of a normal start.</param>
/// <param name="Rotated">Rows that depend on the rotation's pair layout, or null.</param>
/// <param name="Derivation">Null for a stored weight; else how it follows from stored ones (gradients flow back through it).</param>
public sealed record PlanWeight(
    string Name,
    TensorType Type,
    WeightInit Init = WeightInit.Normal,
    double Deviation = 0.02,
    RotatedRows? Rotated = null,
    WeightDerivation? Derivation = null)
{
    public bool IsStored => Derivation is null;

    public long Count => Type.ConstantElements;
}

/// <summary>How a derived weight follows from stored ones.</summary>
public abstract record WeightDerivation;

/// <summary>Rows <paramref name="From"/> to <paramref name="From"/> + <paramref name="Rows"/> of every head of <paramref name="Source"/>, viewed as [heads, headRows, columns].</summary>
public sealed record HeadSlice(string Source, long Heads, long From, long Rows) : WeightDerivation
{
    public override string ToString() => $"slice({Source}, {Heads} heads, rows {From}..{From + Rows - 1})";
}

/// <summary>Rows (or, for a consumer, columns) of <paramref name="Source"/> in blocks, block i taken from <paramref name="Order"/>[i].</summary>
public sealed record BlockPermutation(string Source, int Axis, long BlockSize, EquatableArray<int> Order) : WeightDerivation
{
    public override string ToString() => $"permute({Source}, axis {Axis}, blocks of {BlockSize}: {string.Join(" ", Order)})";
}
