using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace AttnDsl.Compiler.Plan;

/// <summary>Writes a body step by step. The methods that make steps stand beside the step they make (extension methods in Plan/Steps), with their shape inference.</summary>
public sealed class BodyBuilder
{
    private readonly List<PlanValue> _inputs = new();
    private readonly List<PlanStep> _steps = new();
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PlanValue> _weights = new(StringComparer.Ordinal);

    public BodyBuilder(string name) => Name = name;

    public string Name { get; }

    public IReadOnlyList<PlanStep> Steps => _steps;

    public PlanValue Input(string name, TensorType type)
    {
        var value = new PlanValue(Unique(name), type, ValueOrigin.Input);
        _inputs.Add(value);
        return value;
    }

    /// <summary>A weight of the plan as a value of this body.</summary>
    public PlanValue Weight(PlanWeight weight)
    {
        if (!_weights.TryGetValue(weight.Name, out PlanValue? value))
        {
            value = new PlanValue(Unique(weight.Name), weight.Type, ValueOrigin.Weight);
            _weights.Add(weight.Name, value);
        }

        return value;
    }

    /// <summary>Takes over the inputs, weights and steps of a body, so that more can follow (a backward follows its forward).</summary>
    internal void Continue(PlanBody body)
    {
        foreach (PlanValue value in body.Inputs)
        {
            _inputs.Add(value);
            _names.Add(value.Name);
        }

        foreach (PlanValue weight in body.Weights)
        {
            _weights.Add(weight.Name, weight);
            _names.Add(weight.Name);
        }

        foreach (PlanStep step in body.Steps)
        {
            _steps.Add(step);
            _names.UnionWith(step.Outputs.Select(o => o.Name));
        }
    }

    /// <summary>Takes over the inputs and weights of a body, and its outputs as inputs: they are known, its steps are not repeated.</summary>
    internal void ContinueFromOutputs(PlanBody body)
    {
        foreach (PlanValue value in body.Inputs.Concat(body.Outputs))
        {
            _inputs.Add(value);
            _names.Add(value.Name);
        }

        foreach (PlanValue weight in body.Weights)
        {
            _weights.Add(weight.Name, weight);
            _names.Add(weight.Name);
        }
    }

    public PlanBody Build(params PlanValue[] outputs) => new(Name, _inputs, _steps, outputs);

    internal PlanValue Value(string name, TensorType type) => new(Unique(name), type, ValueOrigin.Step);

    internal T Add<T>(T step)
        where T : PlanStep
    {
        _steps.Add(step);
        return step;
    }

    /// <summary>The name, or the name with the smallest number that makes it unique in this body.</summary>
    private string Unique(string name)
    {
        string candidate = name;
        for (int i = 2; !_names.Add(candidate); i++)
        {
            candidate = name + "_" + i.ToString(CultureInfo.InvariantCulture);
        }

        return candidate;
    }

    internal static void Require(bool condition, string step, string expected, params PlanValue[] actual)
    {
        if (!condition)
        {
            throw new PlanException(step + ": expected " + expected + ", got " + string.Join(" and ", actual.Select(a => a.ToString())));
        }
    }
}
