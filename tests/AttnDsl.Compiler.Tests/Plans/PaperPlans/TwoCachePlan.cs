using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Scores;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Tests.Plans.PaperPlans;

/// <summary>Sizes of DuoAttention.</summary>
/// <param name="Dim">Model width.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KvHeads">Key and value heads.</param>
/// <param name="Width">Channels of a head.</param>
/// <param name="Retrieval">Key heads that keep every token, ascending; the others stream.</param>
/// <param name="Sinks">First tokens that streaming heads keep.</param>
/// <param name="Recent">Last tokens that they keep.</param>
public sealed record TwoCacheSizes(long Dim, long Heads, long KvHeads, long Width, EquatableArray<int> Retrieval, long Sinks, long Recent);

/// <summary>
/// Deployed: retrieval heads keep every token, streaming heads a ring, so the layer has two caches and two attention cores; heads are reordered by permuted weights, the layer's function
/// is not. Identifying: a gate per key head mixes the full attention of one stream, as a constant, into the streaming attention of another.
/// </summary>
public sealed class TwoCachePlan
{
    private readonly TwoCacheSizes _sizes;
    private readonly PlanWeight _query;
    private readonly PlanWeight _key;
    private readonly PlanWeight _value;
    private readonly PlanWeight _output;
    private readonly PlanWeight _gate;
    private readonly RotaryTable _rotation;

    public TwoCachePlan(TwoCacheSizes sizes, double theta = 10000)
    {
        _sizes = sizes;
        _query = Parts.Matrix("q_proj.weight", sizes.Heads * sizes.Width, sizes.Dim);
        _key = Parts.Matrix("k_proj.weight", sizes.KvHeads * sizes.Width, sizes.Dim);
        _value = Parts.Matrix("v_proj.weight", sizes.KvHeads * sizes.Width, sizes.Dim);
        _output = Parts.Matrix("o_proj.weight", sizes.Dim, sizes.Heads * sizes.Width);
        _gate = Parts.Gain("gate_alpha", sizes.KvHeads);
        _rotation = Parts.Rotation(PairLayout.HalfSplit, sizes.Width, theta);
    }

    private long Group => _sizes.Heads / _sizes.KvHeads;

    private long Retrieval => _sizes.Retrieval.Count;

    private long Streaming => _sizes.KvHeads - Retrieval;

    /// <summary>Key heads in cache order: retrieval first.</summary>
    private EquatableArray<int> Order => _sizes.Retrieval.Concat(Enumerable.Range(0, (int)_sizes.KvHeads).Except(_sizes.Retrieval)).ToEquatableArray();

    private LayerWidths Widths => new(
        _sizes.Dim, _sizes.Heads, _sizes.Heads, _sizes.KvHeads, _sizes.KvHeads, _sizes.Heads, _sizes.Width, _sizes.Width, _sizes.Width);

    public AttentionPlan Deployed() => new(
        Widths,
        [_query, _key, _value, _output, Permuted(_query, 0, Group), Permuted(_key, 0, 1), Permuted(_value, 0, 1), Permuted(_output, 1, Group)],
        [],
        new CacheSchema(Kinds().SelectMany(kind => new[] { kind.Keys, kind.Values }).ToEquatableArray(), default),
        [Plain(), Cached(BodyNames.Prefill), Cached(BodyNames.Decode)],
        ["key heads " + string.Join(", ", _sizes.Retrieval) + " see every token; the others the first " + _sizes.Sinks + ", the last " + _sizes.Recent + " and the block's own"],
        new RunTimeInputs(false, true, PairLayout.HalfSplit, Alignment.BottomRight));

    public AttentionPlan Identifying()
    {
        PlanBody train = TwoWay();
        return new AttentionPlan(
            Widths,
            [_query, _key, _value, _output, _gate],
            [],
            CacheSchema.None,
            [train, Differentiator.Backward(train, "d_full", "d_mixed", "d_gate_l1")],
            ["y = ((1 − a) o_stream + a o_full) Woᵀ, a = clamp(gate_alpha, 0, 1); o_full is a constant"],
            new RunTimeInputs(false, false, PairLayout.HalfSplit, Alignment.BottomRight),
            [
                new AuxiliaryOutput("mixed", BodyNames.Train, 1, null, "the gated stream's result, input of the next layer's gated stream"),
                new AuxiliaryOutput("gate_l1", BodyNames.Train, 2, 0.05, "mean of |gate_alpha| over the layer's key heads"),
            ]);
    }

    /// <summary>Fresh tokens in one block: every head is plain causal, whatever it keeps afterwards.</summary>
    private PlanBody Plain()
    {
        var body = new BodyBuilder(BodyNames.Train);
        (PlanValue q, PlanValue k, PlanValue v) = Project(body, Parts.X(body, _sizes.Dim), "", _query, _key, _value);
        return body.Build(Parts.Output(body, body.Attend(q, k, v, null, Settings(_sizes.KvHeads, Parts.Causal), "o")[0], _output));
    }

    private PlanBody Cached(string name)
    {
        var body = new BodyBuilder(name);
        PlanValue x = Parts.X(body, _sizes.Dim);
        (PlanValue q, PlanValue k, PlanValue v) = Project(body, x, "", Permuted(_query, 0, Group), Permuted(_key, 0, 1), Permuted(_value, 0, 1));
        Kind[] kinds = Kinds();
        IReadOnlyList<PlanValue> queries = body.Split(q, 2, kinds.Select(kind => ("q_" + kind.Name, kind.KeyHeads * Group)).ToArray());
        IReadOnlyList<PlanValue> keys = body.Split(k, 2, kinds.Select(kind => ("k_" + kind.Name, kind.KeyHeads)).ToArray());
        IReadOnlyList<PlanValue> values = body.Split(v, 2, kinds.Select(kind => ("v_" + kind.Name, kind.KeyHeads)).ToArray());
        PlanValue[] outputs = kinds.Select((kind, i) => body.Attend(
            queries[i],
            body.Append(keys[i], kind.Keys, "keys_" + kind.Name),
            body.Append(values[i], kind.Values, "values_" + kind.Name),
            null,
            Settings(kind.KeyHeads, Parts.Causal),
            "o_" + kind.Name)[0]).ToArray();
        return body.Build(Parts.Output(body, body.Concat(2, "o", outputs), Permuted(_output, 1, Group)));
    }

    private PlanBody TwoWay()
    {
        var body = new BodyBuilder(BodyNames.Train);
        PlanValue full = Parts.X(body, _sizes.Dim, "x_full");
        PlanValue gated = Parts.X(body, _sizes.Dim, "x_gated");
        (PlanValue fullQ, PlanValue fullK, PlanValue fullV) = Project(body, full, "_full", _query, _key, _value);
        PlanValue everything = body.Attend(fullQ, fullK, fullV, null, Settings(_sizes.KvHeads, Parts.Causal), "o_every")[0];
        PlanValue constant = body.StopGradient(everything, "o_full");
        (PlanValue q, PlanValue k, PlanValue v) = Project(body, gated, "_gated", _query, _key, _value);
        Mask band = Parts.Causal.AndAny(new WindowAtom(_sizes.Recent - 1, null), new SinkTokensAtom(_sizes.Sinks));
        PlanValue streaming = body.Attend(q, k, v, null, Settings(_sizes.KvHeads, band), "o_stream")[0];

        // One gate per key head: its group of query heads lies side by side.
        var grouped = TensorType.Of(Dim.B, Dim.T, Dim.Of(_sizes.KvHeads), Dim.Of(Group * _sizes.Width));
        PlanValue alpha = body.Weight(_gate);
        PlanValue gate = body.Reshape(body.Activation(ActivationKind.Clamp, alpha, "gate"), TensorType.Constant(_sizes.KvHeads, 1), "gate_by_head");
        PlanValue lacking = body.Reshape(body.Subtract(constant, streaming, "lacking"), grouped, "lacking_by_group");
        PlanValue added = body.Reshape(body.Multiply(lacking, gate, "added_by_group"), streaming.Type, "added");
        PlanValue mixed = body.Add(streaming, added, "o_mixed");
        PlanValue norm = body.Reduce(Reduction.Mean, body.Activation(ActivationKind.Abs, alpha, "gate_size"), "gate_l1");

        // The full stream is a constant to the end: not even the output projection learns from it.
        PlanValue result = body.StopGradient(Parts.Output(body, everything, _output, "full_projected"), "full");
        return body.Build(result, Parts.Output(body, mixed, _output, "mixed"), norm);
    }

    private (PlanValue Q, PlanValue K, PlanValue V) Project(BodyBuilder body, PlanValue x, string suffix, PlanWeight query, PlanWeight key, PlanWeight value) => (
        body.Rope(Parts.Heads(body, x, query, _sizes.Heads, "q" + suffix), _rotation, "q_rotated" + suffix),
        body.Rope(Parts.Heads(body, x, key, _sizes.KvHeads, "k" + suffix), _rotation, "k_rotated" + suffix),
        Parts.Heads(body, x, value, _sizes.KvHeads, "v" + suffix));

    private AttendSettings Settings(long keyHeads, Mask mask) => Parts.Grouped(keyHeads * Group, keyHeads, _sizes.Width, mask);

    /// <summary>Heads of one key head stay together: a block is one key head, or its group of query heads.</summary>
    private PlanWeight Permuted(PlanWeight weight, int axis, long headsPerBlock) =>
        weight with { Name = weight.Name + ".by_cache", Derivation = new BlockPermutation(weight.Name, axis, headsPerBlock * _sizes.Width, Order) };

    private Kind[] Kinds() => new[]
    {
        new Kind("retrieval", Retrieval, FullStorage.Instance, _sizes.Width),
        new Kind("streaming", Streaming, new RingStorage(_sizes.Sinks, _sizes.Recent), _sizes.Width),
    }.Where(kind => kind.KeyHeads > 0).ToArray();

    private sealed record Kind(string Name, long KeyHeads, CacheStorage Storage, long Width)
    {
        public CacheStreamSpec Keys => new("k", Name, KeyHeads, Width, 1, Storage, "keys after rotation");

        public CacheStreamSpec Values => new("v", Name, KeyHeads, Width, 1, Storage, "values");
    }
}
