using System.Collections.Generic;
using System.Linq;
using static AttnDsl.Compiler.Plan.BodyBuilder;

namespace AttnDsl.Compiler.Plan.Steps;

/// <summary>Cuts one axis into parts. Derivative: the parts' cotangents joined (a part nobody read counts as 0).</summary>
public sealed class SplitStep : PlanStep
{
    internal SplitStep(PlanValue x, int axis, IEnumerable<PlanValue> parts)
        : base([x], parts) => Axis = axis;

    public override string Kind => "split";

    public PlanValue X => Inputs[0];

    public int Axis { get; }

    public override string Details => "axis " + Axis;

    public override void Differentiate(Differentiator d)
    {
        PlanValue[] parts = Outputs.Select(o => d.Of(o) ?? d.Body.Scale(o, 0, "zero_" + o.Name)).ToArray();
        d.Add(X, d.Body.Concat(Axis, "d" + X.Name, parts));
    }
}

/// <summary>Joins parts along one axis. Derivative: the cotangent cut again.</summary>
public sealed class ConcatStep : PlanStep
{
    internal ConcatStep(int axis, IEnumerable<PlanValue> parts, PlanValue y)
        : base(parts, [y]) => Axis = axis;

    public override string Kind => "concat";

    public int Axis { get; }

    public override string Details => "axis " + Axis;

    public override void Differentiate(Differentiator d)
    {
        IReadOnlyList<PlanValue> parts = d.Body.Split(d.Of(Output)!, Axis, Inputs.Select(i => ("d" + i.Name, i.Type.Dims[Axis].Size)).ToArray());
        for (int i = 0; i < parts.Count; i++)
        {
            if (d.Wants(Inputs[i]))
            {
                d.Add(Inputs[i], parts[i]);
            }
        }
    }
}

public static class SplitExtensions
{
    public static IReadOnlyList<PlanValue> Split(this BodyBuilder body, PlanValue x, int axis, params (string Name, long Size)[] parts)
    {
        Require(parts.Sum(p => p.Size) == x.Type.Dims[axis].Size, "split", "parts that add up to axis " + axis, x);
        return body.Add(new SplitStep(x, axis, parts.Select(p => body.Value(p.Name, x.Type.WithAxis(axis, Dim.Of(p.Size)))).ToArray())).Outputs;
    }

    public static PlanValue Concat(this BodyBuilder body, int axis, string name, params PlanValue[] parts)
    {
        long sum = parts.Sum(p => p.Type.Dims[axis].Size);
        TensorType type = parts[0].Type.WithAxis(axis, Dim.Of(sum));
        Require(parts.All(p => p.Type.WithAxis(axis, Dim.Of(sum)) == type), "concat", "parts that agree off axis " + axis, parts);
        return body.Add(new ConcatStep(axis, parts, body.Value(name, type))).Output;
    }
}
