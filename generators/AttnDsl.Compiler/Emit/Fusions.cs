using System.Collections.Generic;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;

namespace AttnDsl.Compiler.Emit;

/// <param name="Step">The step to run.</param>
/// <param name="Bias">Added to its result on the way out, or null.</param>
/// <param name="Output">Where the result goes: the step's own output, or that of the addition it took over.</param>
internal sealed record FusedStep(PlanStep Step, PlanValue? Bias, PlanValue Output);

/// <summary>Steps that a backend may do in one pass: a linear map and the bias that follows it.</summary>
internal static class Fusions
{
    public static IEnumerable<FusedStep> Of(PlanBody body)
    {
        for (int i = 0; i < body.Steps.Count; i++)
        {
            PlanStep step = body.Steps[i];
            PlanStep? next = i + 1 < body.Steps.Count ? body.Steps[i + 1] : null;
            if (step is LinearStep { Transposed: false } && next is ElementwiseStep { Operator: ElementwiseOperator.Add, B.Origin: ValueOrigin.Weight } add
                && add.A == step.Output && add.B.Type.Rank == 1 && Readers(body, step.Output) == 1)
            {
                yield return new FusedStep(step, add.B, add.Output);
                i++;
            }
            else
            {
                yield return new FusedStep(step, null, step.Output);
            }
        }
    }

    /// <summary>How often a value is read, by steps and by the caller.</summary>
    public static int Readers(PlanBody body, PlanValue value)
    {
        int readers = 0;
        foreach (PlanStep step in body.Steps)
        {
            for (int i = 0; i < step.Inputs.Count; i++)
            {
                readers += step.Inputs[i] == value ? 1 : 0;
            }
        }

        for (int i = 0; i < body.Outputs.Count; i++)
        {
            readers += body.Outputs[i] == value ? 1 : 0;
        }

        return readers;
    }
}
