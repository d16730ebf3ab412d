using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Scores;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Tests.Plans.PaperPlans;

public enum Compression
{
    /// <summary>Means of rotated keys and of values over blocks that do not overlap.</summary>
    Mean,

    /// <summary>A learned map of overlapping windows of unrotated keys (with a code for the place in the window) and of values; the result rotates at the window's start.</summary>
    Linear,
}

/// <summary>Sizes of native sparse attention.</summary>
/// <param name="Dim">Model width.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KvHeads">Key and value heads; query heads of one share a list.</param>
/// <param name="Width">Channels of a head.</param>
/// <param name="Compression">How a window becomes one key and one value.</param>
/// <param name="Length">Tokens of a compressed window.</param>
/// <param name="Stride">Tokens between window starts.</param>
/// <param name="Block">Tokens of a block that is selected or not.</param>
/// <param name="Top">Blocks a query selects, forced ones included.</param>
/// <param name="First">Forced blocks at the start.</param>
/// <param name="Window">Keys of the sliding window, the query's own included.</param>
/// <param name="GatePerHead">A gate per head and branch, or one per branch.</param>
public sealed record NativeSparseSizes(
    long Dim, long Heads, long KvHeads, long Width, Compression Compression, long Length, long Stride, long Block, long Top, long First, long Window, bool GatePerHead);

/// <summary>Three causal attentions over one set of keys and values (compressed windows, selected blocks, a sliding window), added with gates.</summary>
public sealed class NativeSparsePlan
{
    private const long Branches = 3;

    private readonly NativeSparseSizes _sizes;
    private readonly PlanWeight _query;
    private readonly PlanWeight _key;
    private readonly PlanWeight _value;
    private readonly PlanWeight _gate;
    private readonly PlanWeight _output;
    private readonly PlanWeight _compressKey;
    private readonly PlanWeight _compressValue;
    private readonly PlanWeight _place;
    private readonly RotaryTable _rotation;

    public NativeSparsePlan(NativeSparseSizes sizes)
    {
        _sizes = sizes;
        _query = Parts.Matrix("q_proj.weight", sizes.Heads * sizes.Width, sizes.Dim);
        _key = Parts.Matrix("k_proj.weight", sizes.KvHeads * sizes.Width, sizes.Dim);
        _value = Parts.Matrix("v_proj.weight", sizes.KvHeads * sizes.Width, sizes.Dim);
        _gate = Parts.Matrix("gate.weight", GateHeads * Branches, sizes.Dim);
        _output = Parts.Matrix("o_proj.weight", sizes.Dim, sizes.Heads * sizes.Width);
        _compressKey = new PlanWeight("compress_key", TensorType.Constant(sizes.KvHeads, sizes.Length * sizes.Width, sizes.Width));
        _compressValue = new PlanWeight("compress_value", TensorType.Constant(sizes.KvHeads, sizes.Length * sizes.Width, sizes.Width));
        _place = new PlanWeight("intra_block_pe", TensorType.Constant(sizes.KvHeads, sizes.Length, sizes.Width));
        _rotation = Parts.Rotation(PairLayout.HalfSplit, sizes.Width);
    }

    private long GateHeads => _sizes.GatePerHead ? _sizes.Heads : 1;

    private bool IsLinear => _sizes.Compression == Compression.Linear;

    /// <summary>A window that straddles two calls needs this many rows of the earlier one.</summary>
    private long Overhang => _sizes.Length - 1;

    private CacheStreamSpec KeyStream => Parts.Stream("k", _sizes.KvHeads, _sizes.Width, "keys after rotation");

    private CacheStreamSpec ValueStream => Parts.Stream("v", _sizes.KvHeads, _sizes.Width, "values");

    public AttentionPlan Build()
    {
        PlanBody train = Body(BodyNames.Train, cached: false);
        IEnumerable<PlanWeight> compression = IsLinear ? [_compressKey, _compressValue, _place] : [];
        IEnumerable<CacheStateSpec> states = IsLinear ? [State("k"), State("v")] : [];
        return new AttentionPlan(
            new LayerWidths(_sizes.Dim, _sizes.Heads, _sizes.Heads, _sizes.KvHeads, _sizes.KvHeads, _sizes.Heads, _sizes.Width, _sizes.Width, _sizes.Width),
            new[] { _query, _key, _value, _output, _gate }.Concat(compression),
            [],
            new CacheSchema(EquatableArray.Of(KeyStream, ValueStream, Compressed("k"), Compressed("v")), states.ToEquatableArray()),
            [train, Differentiator.Backward(train, "d_out"), Body(BodyNames.Prefill, cached: true), Body(BodyNames.Decode, cached: true)],
            ["y = (g_cmp o_cmp + g_slc o_slc + g_win o_win) Woᵀ, g = σ(x Wgᵀ); the blocks of o_slc rank by the probabilities of o_cmp"],
            new RunTimeInputs(true, true, PairLayout.HalfSplit, Alignment.BottomRight));
    }

    private PlanBody Body(string name, bool cached)
    {
        var body = new BodyBuilder(name);
        PlanValue x = Parts.X(body, _sizes.Dim);
        PlanValue q = body.Rope(Parts.Heads(body, x, _query, _sizes.Heads, "q"), _rotation, "q_rotated");
        PlanValue raw = Parts.Heads(body, x, _key, _sizes.KvHeads, "k");
        PlanValue k = body.Rope(raw, _rotation, "k_rotated");
        PlanValue v = Parts.Heads(body, x, _value, _sizes.KvHeads, "v");
        PlanValue keys = cached ? body.Append(k, KeyStream, "keys") : k;
        PlanValue values = cached ? body.Append(v, ValueStream, "values") : v;
        PlanValue pooledKeys = IsLinear ? body.Rope(Mapped(body, raw, "k", _compressKey, _place, cached), _rotation, "k_cmp_rotated") : Mean(body, keys, "k", cached);
        PlanValue pooledValues = IsLinear ? Mapped(body, v, "v", _compressValue, null, cached) : Mean(body, values, "v", cached);
        if (cached)
        {
            pooledKeys = body.Append(pooledKeys, Compressed("k"), "keys_cmp");
            pooledValues = body.Append(pooledValues, Compressed("v"), "values_cmp");
        }

        Mask complete = Mask.Everything.And(new WindowCompleteAtom(_sizes.Length, _sizes.Stride));
        IReadOnlyList<PlanValue> compressed = body.Attend(q, pooledKeys, pooledValues, null, Settings(complete), "o_cmp", perKeyHeadProbabilities: true);
        PlanValue importance = body.UnitScores(compressed[2], _sizes.Length, _sizes.Stride, _sizes.Block, "importance");
        PlanValue list = body.TopUnits(importance, _sizes.Top, _sizes.First, 1, "blocks");
        PlanValue selected = body.Attend(q, keys, values, null, Settings(Parts.Causal.And(new ListAtom(list, 1, _sizes.Block))), "o_slc")[0];
        PlanValue near = body.Attend(q, keys, values, null, Settings(Parts.Causal.And(new WindowAtom(_sizes.Window - 1, null))), "o_win")[0];
        return body.Build(Parts.Output(body, Gated(body, x, compressed[0], selected, near), _output));
    }

    private PlanValue Gated(BodyBuilder body, PlanValue x, params PlanValue[] branches)
    {
        PlanValue gates = body.Activation(ActivationKind.Sigmoid, body.Linear(x, body.Weight(_gate), "gate_logits"), "gates");
        IReadOnlyList<PlanValue> parts = body.Split(body.SplitHeads(gates, GateHeads, "gates_by_branch"), 3, ("g_cmp", 1), ("g_slc", 1), ("g_win", 1));
        PlanValue[] gated = branches.Zip(parts, (o, g) => body.Multiply(o, g, o.Name + "_gated")).ToArray();
        return body.Add(body.Add(gated[0], gated[1], "o_far"), gated[2], "o");
    }

    /// <summary>Means over blocks; in a cached body only of those the call completes, read back from the stream.</summary>
    private PlanValue Mean(BodyBuilder body, PlanValue rows, string name, bool cached) =>
        body.Pool(cached ? body.Tail(rows, Overhang, name + "_tail") : rows, _sizes.Length, _sizes.Stride, name + "_cmp");

    /// <summary>A matrix per head over the window's rows side by side; the rows are kept nowhere else, so a cached body holds the last ones itself.</summary>
    private PlanValue Mapped(BodyBuilder body, PlanValue rows, string name, PlanWeight weight, PlanWeight? place, bool cached)
    {
        PlanValue recent = cached ? body.History(rows, State(name), Overhang, name + "_recent") : rows;
        PlanValue windows = body.Unfold(recent, _sizes.Length, _sizes.Stride, name + "_windows");
        if (place is not null)
        {
            PlanValue flat = body.Reshape(body.Weight(place), TensorType.Constant(_sizes.KvHeads, _sizes.Length * _sizes.Width), name + "_place");
            windows = body.Add(windows, flat, name + "_placed");
        }

        return body.Linear(windows, body.Weight(weight), name + "_cmp", transposed: true, perHead: true);
    }

    private AttendSettings Settings(Mask mask) => Parts.Grouped(_sizes.Heads, _sizes.KvHeads, _sizes.Width, mask);

    private CacheStreamSpec Compressed(string name) =>
        new(name + "_cmp", "tokens", _sizes.KvHeads, _sizes.Width, _sizes.Stride, FullStorage.Instance, "windows of " + _sizes.Length + " tokens, compressed");

    private CacheStateSpec State(string name) => new(name + "_raw", Overhang * _sizes.KvHeads * _sizes.Width, "last rows before rotation");
}
