using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Costs;

namespace AttnDsl.Compiler.Plan;

/// <summary>A named function of the layer: train, prefill, decode, core, their backwards, and whatever a mechanism adds.</summary>
public sealed class PlanBody
{
    private PlanValue[]? _weights;
    private Cost? _cost;

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
    public IEnumerable<PlanValue> Weights => _weights ??= Read();

    /// <summary>The same steps under another name.</summary>
    public PlanBody As(string name) => new(name, this);

    /// <summary>True when both are the same steps, by construction.</summary>
    public bool IsSameAs(PlanBody other) => ReferenceEquals(Steps, other.Steps);

    public Cost Cost => _cost ??= Cost.Sum(Steps.Select(s => s.Cost));

    private PlanValue[] Read()
    {
        var seen = new HashSet<PlanValue>();
        var weights = new List<PlanValue>();
        foreach (PlanStep step in Steps)
        {
            for (int i = 0; i < step.Inputs.Count; i++)
            {
                if (step.Inputs[i].Origin == ValueOrigin.Weight && seen.Add(step.Inputs[i]))
                {
                    weights.Add(step.Inputs[i]);
                }
            }
        }

        return weights.ToArray();
    }
}
