using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Scores;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Tests.Plans.PaperPlans;

/// <summary>Sizes of a mixture of heads.</summary>
/// <param name="Dim">Model width.</param>
/// <param name="Heads">Heads, the shared ones first.</param>
/// <param name="Width">Channels of a head.</param>
/// <param name="Shared">Heads that are always on.</param>
/// <param name="Active">Routed heads a token uses, of the heads that are not shared.</param>
/// <param name="Causal">Causal with a cache, or bidirectional without.</param>
public sealed record MixtureSizes(long Dim, long Heads, long Width, long Shared, long Active, bool Causal);

/// <summary>A gate per token and head on the heads' outputs: softmax weights for shared heads, renormalised probabilities of the chosen ones for routed heads, two weights between both.</summary>
public sealed class MixtureOfHeadsPlan
{
    private readonly MixtureSizes _sizes;
    private readonly PlanWeight[] _projections;
    private readonly PlanWeight[] _biases;
    private readonly PlanWeight _output;
    private readonly PlanWeight _outputBias;
    private readonly PlanWeight _router;
    private readonly PlanWeight _shared;
    private readonly PlanWeight _mix;

    public MixtureOfHeadsPlan(MixtureSizes sizes)
    {
        _sizes = sizes;
        _projections = new[] { "q", "k", "v" }.Select(n => Parts.Matrix(n + "_proj.weight", sizes.Heads * sizes.Width, sizes.Dim)).ToArray();
        _biases = new[] { "q", "k", "v" }.Select(n => Parts.Bias(n + "_proj.bias", sizes.Heads * sizes.Width)).ToArray();
        _output = Parts.Matrix("o_proj.weight", sizes.Dim, sizes.Heads * sizes.Width);
        _outputBias = Parts.Bias("o_proj.bias", sizes.Dim);
        _router = Parts.Matrix("router.weight", Routed, sizes.Dim);
        _shared = Parts.Matrix("shared_gate.weight", sizes.Shared, sizes.Dim);
        _mix = Parts.Matrix("mix.weight", 2, sizes.Dim);
    }

    private long Routed => _sizes.Heads - _sizes.Shared;

    private bool HasRouter => _sizes.Active > 0;

    private CacheStreamSpec[] Streams => _sizes.Causal
        ? [Parts.Stream("k", _sizes.Heads, _sizes.Width, "keys of all heads: a later token may route to any"), Parts.Stream("v", _sizes.Heads, _sizes.Width, "values")]
        : [];

    public AttentionPlan Build()
    {
        PlanBody train = Body(BodyNames.Train, cached: false);
        IEnumerable<PlanWeight> gates = new[] { (_router, HasRouter), (_shared, _sizes.Shared > 1), (_mix, HasRouter && _sizes.Shared > 0) }.Where(w => w.Item2).Select(w => w.Item1);
        IEnumerable<PlanBody> cached = _sizes.Causal ? [Body(BodyNames.Prefill, cached: true), Body(BodyNames.Decode, cached: true)] : [];
        AuxiliaryOutput balance = new("balance_loss", BodyNames.Train, 1, 0.01, "routed heads times the sum over them of mean probability times mean use");
        return new AttentionPlan(
            new LayerWidths(_sizes.Dim, _sizes.Heads, _sizes.Heads, _sizes.Heads, _sizes.Heads, _sizes.Heads, _sizes.Width, _sizes.Width, _sizes.Width),
            _projections.Zip(_biases).SelectMany(p => new[] { p.First, p.Second }).Concat([_output, _outputBias]).Concat(gates),
            [],
            new CacheSchema(Streams.ToEquatableArray(), default),
            [train, HasRouter ? Differentiator.Backward(train, "d_out", "d_balance") : Differentiator.Backward(train, "d_out"), .. cached],
            ["y = concat_h(gate_h o_h) Woᵀ + bo; the " + _sizes.Active + " likeliest of " + Routed + " routed heads, " + _sizes.Shared + " shared"],
            new RunTimeInputs(true, _sizes.Causal, null, _sizes.Causal ? Alignment.BottomRight : null),
            HasRouter ? [balance] : []);
    }

    private PlanBody Body(string name, bool cached)
    {
        var body = new BodyBuilder(name);
        PlanValue x = Parts.X(body, _sizes.Dim);
        PlanValue[] heads = new[] { "q", "k", "v" }
            .Select((n, i) => body.SplitHeads(body.Add(body.Linear(x, body.Weight(_projections[i]), n + "_flat"), body.Weight(_biases[i]), n + "_biased"), _sizes.Heads, n))
            .ToArray();
        PlanValue keys = cached ? body.Append(heads[1], Streams[0], "keys") : heads[1];
        PlanValue values = cached ? body.Append(heads[2], Streams[1], "values") : heads[2];
        Mask mask = _sizes.Causal ? Parts.Causal : Mask.Everything;
        PlanValue o = body.Attend(heads[0], keys, values, null, Parts.Grouped(_sizes.Heads, _sizes.Heads, _sizes.Width, mask), "head_out")[0];
        Routes? routes = HasRouter ? Route(body, x) : null;
        PlanValue gates = Gates(body, x, routes?.Gates);
        PlanValue factors = body.Reshape(gates, o.Type.WithChannels(Dim.Of(1)), "gate_factors");
        PlanValue y = body.Add(Parts.Output(body, body.Multiply(o, factors, "gated"), _output, "projected"), body.Weight(_outputBias), "output");
        return routes is { } r && name == BodyNames.Train ? body.Build(y, Balance(body, r)) : body.Build(y);
    }

    private PlanValue Gates(BodyBuilder body, PlanValue x, PlanValue? routed)
    {
        if (_sizes.Shared == 0)
        {
            return routed!;
        }

        PlanValue shared = body.Scale(body.Softmax(body.Linear(x, body.Weight(_shared), "shared_logits"), "shared_weights"), _sizes.Shared, "shared_gates");
        if (routed is null)
        {
            return shared;
        }

        PlanValue alpha = body.Scale(body.Softmax(body.Linear(x, body.Weight(_mix), "mix_logits"), "mix_weights"), 2, "alpha");
        IReadOnlyList<PlanValue> sides = body.Split(alpha, 2, ("alpha_shared", 1), ("alpha_routed", 1));
        return body.Concat(2, "gates", body.Multiply(shared, sides[0], "shared_part"), body.Multiply(routed, sides[1], "routed_part"));
    }

    private Routes Route(BodyBuilder body, PlanValue x)
    {
        PlanValue p = body.Softmax(body.Linear(x, body.Weight(_router), "router_logits"), "router_probs");
        PlanValue mask = body.TopMask(p, _sizes.Active, "route_mask");
        PlanValue chosen = body.Multiply(p, mask, "chosen");
        PlanValue inverse = body.Activation(ActivationKind.Reciprocal, body.Reduce(Reduction.Sum, chosen, "chosen_sum"), "chosen_inverse");
        return new Routes(p, mask, body.Scale(body.Multiply(chosen, inverse, "chosen_share"), _sizes.Active, "routed_gates"));
    }

    /// <summary>R Σ_i mean(p_i) mean(m_i): gradients flow through the probabilities, the counts are constants.</summary>
    private PlanValue Balance(BodyBuilder body, Routes routes)
    {
        PlanValue likely = body.TokenMean(routes.Probabilities, "mean_probability");
        PlanValue used = body.TokenMean(routes.Mask, "mean_use");
        return body.Scale(body.Reduce(Reduction.Sum, body.Multiply(likely, used, "balance_terms"), "balance_sum"), Routed, "balance_loss");
    }

    private readonly record struct Routes(PlanValue Probabilities, PlanValue Mask, PlanValue Gates);
}
