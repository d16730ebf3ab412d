using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Plan.Steps;

namespace AttnDsl.Compiler.Plan;

/// <summary>Reverse-mode differentiation of a body, once for every backend: the result is a body of ordinary steps.</summary>
public sealed class Differentiator
{
    private readonly Dictionary<PlanValue, PlanValue> _cotangents = new();
    private readonly HashSet<PlanValue> _wanted;

    private Differentiator(BodyBuilder body, HashSet<PlanValue> wanted)
    {
        Body = body;
        _wanted = wanted;
    }

    /// <summary>Where derivative steps go.</summary>
    public BodyBuilder Body { get; }

    /// <summary>
    /// The body that recomputes <paramref name="forward"/> and then maps the cotangent of its first output to those of its real inputs and weights.
    /// Outputs: inputs first, then weights in order of first use.
    /// </summary>
    public static PlanBody Backward(PlanBody forward, string cotangentName)
    {
        var body = new BodyBuilder(forward.Name + ".backward");
        body.Continue(forward);
        PlanValue[] sources = forward.Inputs.Concat(forward.Weights).ToArray();
        var d = new Differentiator(body, Reached(forward, sources));
        d._cotangents[forward.Outputs[0]] = body.Input(cotangentName, forward.Outputs[0].Type);
        foreach (PlanStep step in forward.Steps.Reverse())
        {
            if (step.Outputs.Any(o => d._cotangents.ContainsKey(o)) && step.Inputs.Any(d.Wants))
            {
                step.Differentiate(d);
            }
        }

        return body.Build(sources.Select(s => d._cotangents.TryGetValue(s, out PlanValue? g)
            ? g
            : throw new PlanException("no gradient reaches " + s + " in " + forward.Name)).ToArray());
    }

    /// <summary>True when some source the caller asked about lies behind the value.</summary>
    public bool Wants(PlanValue value) => _wanted.Contains(value);

    /// <summary>Cotangent of an output, or null when nothing depends on it.</summary>
    public PlanValue? Of(PlanValue output) => _cotangents.TryGetValue(output, out PlanValue? g) ? g : null;

    /// <summary>Adds to the cotangent of an input.</summary>
    public void Add(PlanValue input, PlanValue cotangent)
    {
        _cotangents[input] = _cotangents.TryGetValue(input, out PlanValue? before) ? Body.Add(before, cotangent, "d" + input.Name) : cotangent;
    }

    private static HashSet<PlanValue> Reached(PlanBody forward, IEnumerable<PlanValue> sources)
    {
        var reached = new HashSet<PlanValue>(sources.Where(s => s.Type.Element == ElementKind.Real));
        foreach (PlanStep step in forward.Steps.Where(s => s.Inputs.Any(reached.Contains)))
        {
            reached.UnionWith(step.Outputs.Where(o => o.Type.Element == ElementKind.Real));
        }

        return reached;
    }
}
