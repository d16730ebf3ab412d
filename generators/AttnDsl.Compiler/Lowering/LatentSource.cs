using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Lowering;

/// <summary>What a latent source needs to know beside the layer's widths.</summary>
/// <param name="Groups">Latents of a token; contiguous groups of query heads read one each.</param>
/// <param name="Rank">Channels of a latent.</param>
/// <param name="Content">Channels of a query or key head that nothing turns; those behind them are rotary, and the key's shared by all heads.</param>
/// <param name="Epsilon">ε of a latent's norm; null: it has none.</param>
/// <param name="FewTokens">Most new tokens of a row for which the core attends to the latents themselves.</param>
/// <param name="Names">What a checkpoint calls its weights.</param>
public sealed record LatentShape(long Groups, long Rank, long Content, double? Epsilon, long FewTokens, LatentNames Names);

/// <summary>Checkpoint names of a latent source, without ".weight".</summary>
/// <param name="Down">From x to all latents and the shared key.</param>
/// <param name="Norm">Gain of a latent, by its number from 1 on.</param>
/// <param name="Up">From a latent to keys and values of its heads.</param>
/// <param name="BiasedUp">Where the layer has biases, maps from latents and queries straight from x have them too.</param>
public sealed record LatentNames(string Down, Func<long, string> Norm, Func<long, string> Up, bool BiasedUp);

/// <summary>
/// Keys and values of a group of heads are linear in one latent per token, beside one rotary key that all heads share. Fresh blocks and long ones expand latents to heads; for few tokens the
/// map from latent to heads goes into the query and the output, and the core has one key head a latent, whose prefix are the values. With one latent the cache has one row [latent | rotary key]
/// a token, which is that head; of several it has a stream, and the rotary key once in another, and the heads are put together from both.
/// </summary>
public sealed class LatentSource(LayerDraft draft, LatentShape shape) : ILayerSource
{
    public CacheSchema Cache => new(Streams, default, draft.CacheElement, draft.CachePageSize);

    public long FewTokens => shape.FewTokens;

    public string Formula => string.Format(
        CultureInfo.InvariantCulture,
        "{0} [B, T, {1}, {2}]; {3}; [k | v] = c{7} Wkvbᵀ{8} [B, S, {1}, {4} + {5}]{6}",
        QueryProjection.Formula(draft, shape.Names.BiasedUp && draft.HasBias),
        W.QueryHeads,
        W.KeyWidth,
        Latent,
        shape.Content,
        W.ValueWidth,
        Shared > 0 ? "; k ← [k | r], r shared by all heads" : "",
        One ? "" : "_g",
        UpBias ? " + b" : "");

    private string Latent
    {
        get
        {
            string bias = draft.HasBias ? " + b" : "";
            string norm = shape.Epsilon is { } epsilon ? "; c ← c / √(mean(c²) + " + Number.Exact(epsilon) + ") · w" : "";
            string latents = One ? "c" : "c_1 … c_" + Number.Text(shape.Groups);
            string widths = (One ? "" : Number.Text(shape.Groups) + "·") + Number.Text(shape.Rank);
            string each = One ? "" : ", each, head h reads g = h/" + Number.Text(Heads);
            return Shared > 0
                ? "[" + latents + " | r] = x Wkvaᵀ" + bias + " [B, T, " + widths + " + " + Number.Text(Shared) + "]" + norm + each
                : (One ? latents : "[" + latents + "]") + " = x Wkvaᵀ" + bias + " [B, T, " + widths + "]" + norm + each;
        }
    }

    private LayerWidths W => draft.Widths;

    private bool One => shape.Groups == 1;

    /// <summary>Heads that read a latent.</summary>
    private long Heads => W.QueryHeads / shape.Groups;

    /// <summary>Channels of all latents of a token.</summary>
    private long Latents => shape.Groups * shape.Rank;

    /// <summary>Channels of the shared rotary key.</summary>
    private long Shared => W.KeyWidth - shape.Content;

    private bool UpBias => shape.Names.BiasedUp && draft.HasBias;

    private EquatableArray<CacheStreamSpec> Streams => One
        ? EquatableArray.Of(Stream("kv", 1, shape.Rank + Shared, Shared > 0 ? "latent, then the shared key after rotation" : "latent"))
        : Shared > 0 ? EquatableArray.Of(LatentStream, SharedStream) : EquatableArray.Of(LatentStream);

    private CacheStreamSpec LatentStream => Stream("c", shape.Groups, shape.Rank, "latents");

    private CacheStreamSpec SharedStream => Stream("r", 1, Shared, "the shared key after rotation");

    public Operands Build(BodyBuilder body, PlanValue x, LayerForm form)
    {
        (PlanValue content, PlanValue? turned) = SharedKey.Queries(draft, body, x, shape.Content, biased: UpBias);
        (PlanValue[] latents, PlanValue? shared) = Rows(body, x);
        if (form == LayerForm.Fresh)
        {
            return Expanded(body, content, turned, latents, shared);
        }

        if (One)
        {
            PlanValue row = shared is null ? latents[0] : body.Concat(3, "kv_new", latents[0], shared);
            PlanValue kv = body.Append(row, Streams[0], "kv");
            if (form == LayerForm.Few)
            {
                return Absorbed(body, content, turned, kv);
            }

            if (shared is null)
            {
                return Expanded(body, content, turned, [kv], null);
            }

            var parts = body.Split(kv, 3, ("latents", shape.Rank), ("shared_keys", Shared));
            return Expanded(body, content, turned, [parts[0]], parts[1]);
        }

        PlanValue all = body.Append(body.Concat(2, "latents_new", latents), LatentStream, "latents");
        PlanValue? keys = shared is null ? null : body.Append(shared, SharedStream, "shared_keys");
        return form == LayerForm.Few
            ? Absorbed(body, content, turned, SharedKey.Behind(body, all, keys))
            : Expanded(body, content, turned, [.. body.Split(all, 2, Each("latents", 1))], keys);
    }

    // Codes go along tokens, channel by channel, so latent and rotary key share no scale.
    private CacheStreamSpec Stream(string name, long heads, long width, string content) =>
        new(name, "tokens", heads, width, 1, FullStorage.Instance, content, draft.CacheCodes?.Along(CodeAxis.Channel));

    /// <summary>One row each per token: [B, T, 1, rank] per latent, and [B, T, 1, shared].</summary>
    private (PlanValue[] Latents, PlanValue? Shared) Rows(BodyBuilder body, PlanValue x)
    {
        long width = Latents + Shared;
        RotatedRows? rotated = draft.Rotation is { } rotation ? new RotatedRows(1, width, rotation.RotaryDim, Latents) : null;
        PlanWeight down = draft.Weight(WeightPlace.KeyValueDown, () => new PlanWeight(shape.Names.Down + ".weight", TensorType.Constant(width, W.Dim), Rotated: rotated));
        PlanValue low = body.Linear(x, body.Weight(down), "kv_low");
        if (draft.HasBias)
        {
            PlanWeight bias = draft.Weight(
                WeightPlace.KeyValueDownBias, () => new PlanWeight(shape.Names.Down + ".bias", TensorType.Constant(width), WeightInit.Zeros, 0, rotated));
            low = body.Add(low, body.Weight(bias), "kv_low_biased");
        }

        PlanValue row = body.SplitHeads(low, 1, "kv_row");
        (string, long)[] parts = Each("latent_raw", shape.Rank);
        IReadOnlyList<PlanValue> raw = parts.Length == 1 && Shared == 0 ? [row] : body.Split(row, 3, Shared == 0 ? parts : [.. parts, ("shared_raw", Shared)]);
        PlanValue[] latents = raw.Take(parts.Length).Select((latent, i) => Normed(body, latent, i + 1)).ToArray();
        return (latents, Shared == 0 ? null : draft.Transformed(Operand.Key, Stage.Rotate, body, raw[parts.Length]));
    }

    private PlanValue Normed(BodyBuilder body, PlanValue latent, int group)
    {
        if (shape.Epsilon is not { } epsilon)
        {
            return latent;
        }

        PlanWeight gain = draft.Weight(
            WeightPlace.KeyValueDownNorm, () => new PlanWeight(shape.Names.Norm(group) + ".weight", TensorType.Constant(shape.Rank), WeightInit.Ones, 0), group);
        return body.RmsNorm(latent, body.Weight(gain), epsilon, onePlus: false, Of("latent", group));
    }

    private Operands Expanded(BodyBuilder body, PlanValue content, PlanValue? turned, PlanValue[] latents, PlanValue? shared)
    {
        PlanValue[] flats = latents.Select((latent, i) =>
        {
            PlanValue flat = body.Linear(body.JoinHeads(latent, "latent_rows"), body.Weight(Up(i + 1)), "kv_flat");
            return UpBias ? body.Add(flat, body.Weight(Bias(i + 1)), "kv_biased") : flat;
        }).ToArray();
        PlanValue all = One ? flats[0] : body.Concat(2, "kv_all", flats);
        var kv = body.Split(body.SplitHeads(all, W.QueryHeads, "kv_heads"), 3, ("k_content", shape.Content), ("v", W.ValueWidth));
        PlanValue k = draft.Transformed(Operand.Key, Stage.Normalise, body, kv[0]);
        return new Operands(SharedKey.Joined(body, content, turned), SharedKey.Behind(body, k, shared), kv[1]);
    }

    // A bias of keys moves all scores of a query alike, which softmax does not see; one of values is added to their mean.
    private Operands Absorbed(BodyBuilder body, PlanValue content, PlanValue? turned, PlanValue kv)
    {
        PlanValue folded = PerGroup(body, content, "q_content", "q_latent", (into, q, group) =>
            into.Linear(q, into.Weight(Slice("keys", group, 0, shape.Content)), Of("q_latent", group), transposed: true, perHead: true));
        return new Operands(SharedKey.Joined(body, folded, turned), kv, null)
        {
            ValuePrefix = shape.Rank,
            Finish = (after, o) => PerGroup(after, o, "o_latent", "o_heads", (into, part, group) =>
            {
                PlanValue heads = into.Linear(part, into.Weight(Slice("values", group, shape.Content, W.ValueWidth)), Of("o_heads", group), perHead: true);
                if (!UpBias)
                {
                    return heads;
                }

                PlanValue bias = into.Reshape(into.Weight(Bias(group)), TensorType.Constant(Heads, shape.Content + W.ValueWidth), Of("b_heads", group));
                return into.Add(heads, into.Split(bias, 1, (Of("b_keys", group), shape.Content), (Of("b_values", group), W.ValueWidth))[1], Of("o_biased", group));
            }),
        };
    }

    /// <summary>Heads [B, T, H, ...] mapped group by group.</summary>
    private PlanValue PerGroup(BodyBuilder body, PlanValue heads, string part, string joined, Func<BodyBuilder, PlanValue, int, PlanValue> map) => One
        ? map(body, heads, 1)
        : body.Concat(2, joined, body.Split(heads, 2, Each(part, Heads)).Select((group, i) => map(body, group, i + 1)).ToArray());

    private (string Name, long Size)[] Each(string name, long size) => Enumerable.Range(1, (int)shape.Groups).Select(group => (Of(name, group), size)).ToArray();

    private string Of(string name, int group) => One ? name : name + "_" + Number.Text(group);

    private PlanWeight Up(int group) => draft.Weight(
        WeightPlace.KeyValueUp, () => new PlanWeight(shape.Names.Up(group) + ".weight", TensorType.Constant(Heads * (shape.Content + W.ValueWidth), shape.Rank)), 2 * group);

    private PlanWeight Bias(int group) => draft.Weight(
        WeightPlace.KeyValueUp, () => new PlanWeight(shape.Names.Up(group) + ".bias", TensorType.Constant(Heads * (shape.Content + W.ValueWidth)), WeightInit.Zeros, 0), (2 * group) + 1);

    /// <summary>Rows of each head's expansion, [heads, rows, rank].</summary>
    private PlanWeight Slice(string part, int group, long from, long rows)
    {
        PlanWeight up = Up(group);
        string name = shape.Names.Up(group) + "." + part;
        return draft.Derived(
            name, () => new PlanWeight(name, TensorType.Constant(Heads, rows, shape.Rank), WeightInit.Zeros, 0, Derivation: new HeadSlice(up.Name, Heads, from, rows)));
    }
}
