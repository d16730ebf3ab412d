using System.Globalization;
using static AttnDsl.Compiler.Plan.BodyBuilder;

namespace AttnDsl.Compiler.Plan.Steps;

/// <summary>Base of steps whose result is a choice: constant in the backward, so no gradient passes.</summary>
public abstract class SelectorStep : PlanStep
{
    private protected SelectorStep(PlanValue x, PlanValue y)
        : base([x], [y])
    {
    }

    public PlanValue X => Inputs[0];

    public sealed override bool PassesGradient => false;

    public sealed override void Differentiate(Differentiator d)
    {
    }
}

/// <summary>
/// Importance of key units from probabilities over pooled windows: unit u sums the windows that overlap it,
/// I[.., u] = Σ_m Σ_r p[.., u·(unit/stride) + m − r], m &lt; unit/stride, r &lt; length/stride, windows out of range 0.
/// </summary>
public sealed class UnitScoresStep : SelectorStep
{
    internal UnitScoresStep(PlanValue x, long length, long stride, long unit, PlanValue y)
        : base(x, y)
    {
        Length = length;
        Stride = stride;
        Unit = unit;
    }

    public override string Kind => "unit_scores";

    public long Length { get; }

    public long Stride { get; }

    public long Unit { get; }

    public override string Details => string.Format(CultureInfo.InvariantCulture, "windows {0} every {1} onto units of {2}", Length, Stride, Unit);
}

/// <summary>
/// Per query the <see cref="Count"/> units that score best among those at or before its own (fewer if fewer exist); forced ones first: the first <see cref="First"/> and the last
/// <see cref="Last"/> ending with its own. Ties go to the lower index; the list ascends.
/// </summary>
public sealed class TopUnitsStep : SelectorStep
{
    internal TopUnitsStep(PlanValue x, long count, long first, long last, PlanValue y)
        : base(x, y)
    {
        Count = count;
        First = first;
        Last = last;
    }

    public override string Kind => "top_units";

    public long Count { get; }

    public long First { get; }

    public long Last { get; }

    /// <summary>Tokens a unit holds.</summary>
    public long Unit => X.Type.Channels.Stride;

    public override string Details => string.Format(CultureInfo.InvariantCulture, "top {0}, forced first {1} and last {2}", Count, First, Last);
}

/// <summary>1 at the <see cref="Count"/> largest entries of the last axis, 0 elsewhere; ties go to the lower index.</summary>
public sealed class TopMaskStep : SelectorStep
{
    internal TopMaskStep(PlanValue x, long count, PlanValue y)
        : base(x, y) => Count = count;

    public override string Kind => "top_mask";

    public long Count { get; }

    public override string Details => string.Format(CultureInfo.InvariantCulture, "top {0}", Count);
}

/// <summary>The same numbers, as a constant of the backward.</summary>
public sealed class StopGradientStep : SelectorStep
{
    internal StopGradientStep(PlanValue x, PlanValue y)
        : base(x, y)
    {
    }

    public override string Kind => "stop_gradient";
}

public static class SelectorExtensions
{
    public static PlanValue UnitScores(this BodyBuilder body, PlanValue probabilities, long length, long stride, long unit, string name)
    {
        Dim windows = probabilities.Type.Channels;
        Require(
            probabilities.Type.Rank == 4 && windows.Kind == DimKind.Windows && windows.Length == length && windows.Stride == stride && unit % stride == 0 && length % stride == 0,
            "unit_scores",
            "[B, T, heads, windows], strides that divide",
            probabilities);
        return body.Add(new UnitScoresStep(probabilities, length, stride, unit, body.Value(name, probabilities.Type.WithChannels(Dim.Blocks(unit))))).Output;
    }

    public static PlanValue TopUnits(this BodyBuilder body, PlanValue scores, long count, long first, long last, string name)
    {
        Dim units = scores.Type.Channels;
        Require(scores.Type.Rank == 4 && units == Dim.Blocks(units.Stride) && first + last <= count, "top_units", "[B, T, list heads, units], forced units within the count", scores);
        TensorType type = scores.Type.WithChannels(Dim.Of(count)) with { Element = ElementKind.List };
        return body.Add(new TopUnitsStep(scores, count, first, last, body.Value(name, type))).Output;
    }

    public static PlanValue StopGradient(this BodyBuilder body, PlanValue x, string name) => body.Add(new StopGradientStep(x, body.Value(name, x.Type))).Output;

    public static PlanValue TopMask(this BodyBuilder body, PlanValue scores, long count, string name)
    {
        Require(count <= scores.Type.Channels.Size, "top_mask", "at least as many entries as are kept", scores);
        return body.Add(new TopMaskStep(scores, count, body.Value(name, scores.Type))).Output;
    }
}
