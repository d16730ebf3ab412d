using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Costs;

namespace AttnDsl.Compiler.Plan;

/// <summary>A named function of the layer: train, prefill, decode, core, their backwards, and whatever a mechanism adds.</summary>
public sealed class PlanBody
{
    internal PlanBody(string name, IEnumerable<PlanValue> inputs, IEnumerable<PlanStep> steps, IEnumerable<PlanValue> outputs)
    {
        Name = name;
        Inputs = inputs.ToArray();
        Steps = steps.ToArray();
        Outputs = outputs.ToArray();
    }

    private PlanBody(string name, PlanBody body)
    {
        Name = name;
        Inputs = body.Inputs;
        Steps = body.Steps;
        Outputs = body.Outputs;
    }

    public string Name { get; }

    public IReadOnlyList<PlanValue> Inputs { get; }

    public IReadOnlyList<PlanStep> Steps { get; }

    public IReadOnlyList<PlanValue> Outputs { get; }

    /// <summary>Weights the steps read, in order of first use.</summary>
    public IEnumerable<PlanValue> Weights => Steps.SelectMany(s => s.Inputs).Where(v => v.Origin == ValueOrigin.Weight).Distinct();

    /// <summary>The same steps under another name.</summary>
    public PlanBody As(string name) => new(name, this);

    /// <summary>True when both are the same steps, by construction.</summary>
    public bool IsSameAs(PlanBody other) => ReferenceEquals(Steps, other.Steps);

    public Cost Cost => Cost.Sum(Steps.Select(s => s.Cost));
}
