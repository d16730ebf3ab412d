using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Costs;
using AttnDsl.Compiler.Plan.Scores;

namespace AttnDsl.Compiler.Plan.Steps;

/// <summary>
/// Cotangents of an attend's operands. With p from lse (and the sink in the denominator), D_i = ⟨dO_i, O_i⟩:
/// dv_j += p dO_i; ds = p (⟨dO_i, v_j⟩ − D_i); dsink −= p_sink D_i; dz = ds · score'(z) · scale; dq_i += dz k_j; dk_j += dz q_i, z the scaled score before the expression.
/// Rows that see no key contribute nothing. No derivative of its own: training through it twice uses plain steps.
/// </summary>
public sealed class AttendGradientStep : PlanStep
{
    internal AttendGradientStep(AttendStep forward, PlanValue outputGradient, IEnumerable<PlanValue> outputs)
        : base(forward.Inputs.Concat([forward.Output, forward.Lse, outputGradient]), outputs)
    {
        Forward = forward;
        OutputGradient = outputGradient;
    }

    public override string Kind => "attend_gradient";

    public AttendStep Forward { get; }

    public PlanValue OutputGradient { get; }

    /// <summary>∂score/∂z.</summary>
    public ScoreExpression ScoreDerivative => Scores.ScoreDerivative.Of(Forward.Settings.Score);

    public override string Details => AttendStep.Describe(Forward.Settings);

    /// <summary>Scores again, dv, dp, dq, dk.</summary>
    public override Cost Cost => Cost.Of(Forward.Settings.ScoreHeads * ((3 * Forward.KeyWidth) + (2 * Forward.ValueWidth)), Forward.Pairs);

    public override void Differentiate(Differentiator d) => throw new PlanException("attend_gradient: no second derivative in the fused core");
}

public static class AttendGradientExtensions
{
    /// <returns>One cotangent per real input of the forward step.</returns>
    public static IReadOnlyList<PlanValue> AttendGradient(this BodyBuilder body, AttendStep forward, PlanValue outputGradient) =>
        body.Add(new AttendGradientStep(forward, outputGradient, forward.Inputs.Where(i => i.Type.Element == ElementKind.Real).Select(i => body.Value("d" + i.Name, i.Type)).ToArray())).Outputs;
}
