using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Costs;

namespace AttnDsl.Compiler.Plan;

/// <summary>One step of a body. A kind has shape inference (in the builder method that makes it), a cost, a derivative in plan steps, and one template partial per backend.</summary>
public abstract class PlanStep
{
    private string? _detailsText;

    protected PlanStep(IEnumerable<PlanValue> inputs, IEnumerable<PlanValue> outputs)
    {
        Inputs = inputs.ToArray();
        Outputs = outputs.ToArray();
    }

    /// <summary>Name of the kind: the partial template of every backend is called after it.</summary>
    public abstract string Kind { get; }

    public IReadOnlyList<PlanValue> Inputs { get; }

    public IReadOnlyList<PlanValue> Outputs { get; }

    public PlanValue Output => Outputs[0];

    /// <summary>Constants of the step as the dump prints them, or "".</summary>
    public virtual string Details => "";

    /// <summary><see cref="Details"/>, put together once: every emitter asks for it.</summary>
    internal string DetailsText => _detailsText ??= Details;

    /// <summary>Multiply-adds of linear, convolution and attention steps; nothing else is counted.</summary>
    public virtual Cost Cost => Cost.None;

    /// <summary>False for choices and constants of the backward: nothing flows from the outputs to the inputs.</summary>
    public virtual bool PassesGradient => true;

    /// <summary>Adds the inputs' cotangents, given those of the outputs.</summary>
    public abstract void Differentiate(Differentiator d);
}
