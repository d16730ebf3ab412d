using System.Globalization;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Lowering;

/// <summary>
/// One state per key/value head: all of its channels are the value, its first ones the part of the key that nothing turns; behind them comes one rotary key that all heads share.
/// The cache has both as they are, a stream each, and keys are put together from all visible ones.
/// </summary>
/// <param name="draft">The layer.</param>
/// <param name="content">Channels of a key head that are its state's.</param>
/// <param name="sharedBias">The map to the shared key has a bias.</param>
public sealed class TiedSource(LayerDraft draft, long content, bool sharedBias) : ILayerSource
{
    public CacheSchema Cache => new(EquatableArray.Of(States, SharedKeys), default, draft.CacheElement, draft.CachePageSize);

    public long FewTokens => 0;

    public string Formula => string.Format(
        CultureInfo.InvariantCulture,
        "{0} [B, T, {1}, {2}]; s = x Wkvᵀ{3} [B, S, {4}, {2}]; r = x Wrᵀ{5} [B, S, {6}]; v = s; k = [s_0…{7} | r], r shared by all heads",
        QueryProjection.Formula(draft, draft.HasBias),
        W.QueryHeads,
        W.KeyWidth,
        draft.HasBias ? " + b" : "",
        W.KeyHeads,
        sharedBias ? " + br" : "",
        Shared,
        content - 1);

    private LayerWidths W => draft.Widths;

    /// <summary>Channels of the shared rotary key.</summary>
    private long Shared => W.KeyWidth - content;

    // A state is read as a key too, and channels of keys are large everywhere: its codes go along tokens, channel by channel.
    private CacheStreamSpec States => new(
        "s", "tokens", W.KeyHeads, W.KeyWidth, 1, FullStorage.Instance, "states that are values and parts of keys", draft.CacheCodes?.Along(CodeAxis.Channel));

    private CacheStreamSpec SharedKeys => new("r", "tokens", 1, Shared, 1, FullStorage.Instance, "the shared key after rotation", draft.CacheCodes?.Along(CodeAxis.Channel));

    public Operands Build(BodyBuilder body, PlanValue x, LayerForm form)
    {
        (PlanValue fixedPart, PlanValue? turned) = SharedKey.Queries(draft, body, x, content, draft.HasBias);
        PlanValue s = Projected(body, x, "kv_proj", "s", W.KeyHeads, W.KeyWidth, draft.HasBias, WeightPlace.KeyValueDown, WeightPlace.KeyValueDownBias, null);
        RotatedRows? rotated = draft.Rotation is { } rotation ? new RotatedRows(1, Shared, rotation.RotaryDim) : null;
        PlanValue r = Projected(body, x, "W_rope_k", "r", 1, Shared, sharedBias, WeightPlace.SharedKey, WeightPlace.SharedKeyBias, rotated);
        r = draft.Transformed(Operand.Key, Stage.Rotate, body, r);
        if (form != LayerForm.Fresh)
        {
            s = body.Append(s, States, "states");
            r = body.Append(r, SharedKeys, "shared_keys");
        }

        PlanValue tied = body.Split(s, 3, ("k_tied", content), ("s_rest", Shared))[0];
        PlanValue k = SharedKey.Behind(body, draft.Transformed(Operand.Key, Stage.Normalise, body, tied), r);
        return new Operands(SharedKey.Joined(body, fixedPart, turned), k, s);
    }

    private PlanValue Projected(
        BodyBuilder body, PlanValue x, string weight, string name, long heads, long width, bool biased, WeightPlace place, WeightPlace biasPlace, RotatedRows? rotated)
    {
        PlanWeight matrix = draft.Weight(place, () => new PlanWeight(weight + ".weight", TensorType.Constant(heads * width, W.Dim), Rotated: rotated));
        PlanValue flat = body.Linear(x, body.Weight(matrix), name + "_flat");
        if (biased)
        {
            PlanWeight bias = draft.Weight(biasPlace, () => new PlanWeight(weight + ".bias", TensorType.Constant(heads * width), WeightInit.Zeros, 0, rotated));
            flat = body.Add(flat, body.Weight(bias), name + "_biased");
        }

        return body.SplitHeads(flat, heads, name);
    }
}
