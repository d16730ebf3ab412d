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
    /// The body that recomputes <paramref name="forward"/> and then maps the cotangents of its first outputs (one name each) to those of its real inputs and weights.
    /// Outputs: inputs first, then weights in order of first use; zeros where every path is stopped.
    /// </summary>
    public static PlanBody Backward(PlanBody forward, params string[] cotangentNames)
    {
        var body = new BodyBuilder(forward.Name + ".backward");
        body.Continue(forward);
        return Reversed(forward, body, cotangentNames);
    }

    /// <summary>
    /// The body that maps the cotangents of <paramref name="forward"/>'s first outputs to those of its real inputs and weights, given its outputs as further inputs instead of computing them again.
    /// For bodies whose derivative reads nothing else: what automatic differentiation saves between the two halves. Outputs as of <see cref="Backward"/>.
    /// </summary>
    public static PlanBody Gradient(PlanBody forward, params string[] cotangentNames)
    {
        var body = new BodyBuilder(BodyNames.GradientOf(forward.Name));
        body.ContinueFromOutputs(forward);
        PlanBody gradient = Reversed(forward, body, cotangentNames);
        var known = new HashSet<PlanValue>(gradient.Inputs.Concat(forward.Weights).Concat(gradient.Steps.SelectMany(s => s.Outputs)));
        PlanValue? lost = gradient.Steps.SelectMany(s => s.Inputs).FirstOrDefault(v => !known.Contains(v));
        return lost is null ? gradient : throw new PlanException("the gradient of " + forward.Name + " reads " + lost + ", which it does not return");
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

    /// <summary>Adds the cotangents as inputs, then every step's derivative in reverse.</summary>
    private static PlanBody Reversed(PlanBody forward, BodyBuilder body, string[] cotangentNames)
    {
        PlanValue[] sources = forward.Inputs.Concat(forward.Weights).Where(s => s.Type.Element == ElementKind.Real).ToArray();
        var d = new Differentiator(body, Reached(forward, sources));
        for (int i = 0; i < cotangentNames.Length; i++)
        {
            d.Add(forward.Outputs[i], body.Input(cotangentNames[i], forward.Outputs[i].Type));
        }

        foreach (PlanStep step in forward.Steps.Reverse())
        {
            if (step.PassesGradient && step.Outputs.Any(o => d._cotangents.ContainsKey(o)) && step.Inputs.Any(d.Wants))
            {
                step.Differentiate(d);
            }
        }

        return body.Build(sources.Select(s => d.Of(s) ?? body.Scale(s, 0, "d" + s.Name)).ToArray());
    }

    private static HashSet<PlanValue> Reached(PlanBody forward, IEnumerable<PlanValue> sources)
    {
        var reached = new HashSet<PlanValue>(sources.Where(s => s.Type.Element == ElementKind.Real));
        foreach (PlanStep step in forward.Steps.Where(s => s.PassesGradient && s.Inputs.Any(reached.Contains)))
        {
            reached.UnionWith(step.Outputs.Where(o => o.Type.Element == ElementKind.Real));
        }

        return reached;
    }
}
