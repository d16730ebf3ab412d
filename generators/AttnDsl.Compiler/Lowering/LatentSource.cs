using System.Globalization;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Lowering;

/// <summary>What a latent source needs to know beside the layer's widths.</summary>
/// <param name="Rank">Channels of the latent.</param>
/// <param name="Content">Channels of a query or key head that nothing turns; those behind them are rotary, and the key's shared by all heads.</param>
/// <param name="Epsilon">ε of the latent's norm; null: it has none.</param>
/// <param name="FewTokens">Most new tokens of a row for which the core attends to the latents themselves.</param>
public sealed record LatentShape(long Rank, long Content, double? Epsilon, long FewTokens);

/// <summary>
/// Keys and values of all heads are linear in one latent per token, beside one rotary key that all heads share; the cache has one row [latent | rotary key] a token. Fresh blocks and long
/// ones expand latents to heads; for few tokens the map from latent to heads goes into the query and the output, and the core has one key head, the row itself, whose prefix are the values.
/// </summary>
public sealed class LatentSource(LayerDraft draft, LatentShape shape) : ILayerSource
{
    public CacheSchema Cache => new(EquatableArray.Of(Stream), default, draft.CacheElement, draft.CachePageSize);

    public long FewTokens => shape.FewTokens;

    public string Formula => string.Format(
        CultureInfo.InvariantCulture,
        "{0} [B, T, {1}, {2}]; {3}; [k | v] = c Wkvbᵀ [B, S, {1}, {4} + {5}]{6}",
        QueryProjection.Formula(draft, biased: false),
        W.QueryHeads,
        W.KeyWidth,
        Latent,
        shape.Content,
        W.ValueWidth,
        Shared > 0 ? "; k ← [k | r], r shared by all heads" : "");

    private string Latent
    {
        get
        {
            string bias = draft.HasBias ? " + b" : "";
            string norm = shape.Epsilon is { } epsilon ? "; c ← c / √(mean(c²) + " + Number.Exact(epsilon) + ") · w" : "";
            return Shared > 0
                ? "[c | r] = x Wkvaᵀ" + bias + " [B, T, " + Number.Text(shape.Rank) + " + " + Number.Text(Shared) + "]" + norm
                : "c = x Wkvaᵀ" + bias + " [B, T, " + Number.Text(shape.Rank) + "]" + norm;
        }
    }

    private LayerWidths W => draft.Widths;

    /// <summary>Channels of the shared rotary key.</summary>
    private long Shared => W.KeyWidth - shape.Content;

    // Codes go along tokens, channel by channel, so latent and rotary key share no scale.
    private CacheStreamSpec Stream => new(
        "kv", "tokens", 1, shape.Rank + Shared, 1, FullStorage.Instance, Shared > 0 ? "latent, then the shared key after rotation" : "latent", draft.CacheCodes?.Along(CodeAxis.Channel));

    private PlanWeight Up => draft.Weight(
        WeightPlace.KeyValueUp, () => new PlanWeight("kv_b_proj.weight", TensorType.Constant(W.QueryHeads * (shape.Content + W.ValueWidth), shape.Rank)));

    public Operands Build(BodyBuilder body, PlanValue x, LayerForm form)
    {
        (PlanValue content, PlanValue? turned) = SharedKey.Queries(draft, body, x, shape.Content, biased: false);
        (PlanValue latent, PlanValue? shared) = Latents(body, x);
        if (form == LayerForm.Fresh)
        {
            return Expanded(body, content, turned, latent, shared);
        }

        PlanValue row = shared is null ? latent : body.Concat(3, "kv_new", latent, shared);
        PlanValue kv = body.Append(row, Stream, "kv");
        if (form == LayerForm.Few)
        {
            return Absorbed(body, content, turned, kv);
        }

        if (shared is null)
        {
            return Expanded(body, content, turned, kv, null);
        }

        var parts = body.Split(kv, 3, ("latents", shape.Rank), ("shared_keys", Shared));
        return Expanded(body, content, turned, parts[0], parts[1]);
    }

    /// <summary>One row each per token: [B, T, 1, rank] and [B, T, 1, shared].</summary>
    private (PlanValue Latent, PlanValue? Shared) Latents(BodyBuilder body, PlanValue x)
    {
        long width = shape.Rank + Shared;
        RotatedRows? rotated = draft.Rotation is { } rotation ? new RotatedRows(1, width, rotation.RotaryDim, shape.Rank) : null;
        PlanWeight down = draft.Weight(WeightPlace.KeyValueDown, () => new PlanWeight("kv_a_proj_with_mqa.weight", TensorType.Constant(width, W.Dim), Rotated: rotated));
        PlanValue low = body.Linear(x, body.Weight(down), "kv_low");
        if (draft.HasBias)
        {
            PlanWeight bias = draft.Weight(
                WeightPlace.KeyValueDownBias, () => new PlanWeight("kv_a_proj_with_mqa.bias", TensorType.Constant(width), WeightInit.Zeros, 0, rotated));
            low = body.Add(low, body.Weight(bias), "kv_low_biased");
        }

        PlanValue row = body.SplitHeads(low, 1, "kv_row");
        if (Shared == 0)
        {
            return (Normed(body, row), null);
        }

        var parts = body.Split(row, 3, ("latent_raw", shape.Rank), ("shared_raw", Shared));
        return (Normed(body, parts[0]), draft.Transformed(Operand.Key, Stage.Rotate, body, parts[1]));
    }

    private PlanValue Normed(BodyBuilder body, PlanValue latent)
    {
        if (shape.Epsilon is not { } epsilon)
        {
            return latent;
        }

        PlanWeight gain = draft.Weight(WeightPlace.KeyValueDownNorm, () => new PlanWeight("kv_a_layernorm.weight", TensorType.Constant(shape.Rank), WeightInit.Ones, 0));
        return body.RmsNorm(latent, body.Weight(gain), epsilon, onePlus: false, "latent");
    }

    private Operands Expanded(BodyBuilder body, PlanValue content, PlanValue? turned, PlanValue latent, PlanValue? shared)
    {
        PlanValue flat = body.Linear(body.JoinHeads(latent, "latent_rows"), body.Weight(Up), "kv_flat");
        var kv = body.Split(body.SplitHeads(flat, W.QueryHeads, "kv_heads"), 3, ("k_content", shape.Content), ("v", W.ValueWidth));
        PlanValue k = draft.Transformed(Operand.Key, Stage.Normalise, body, kv[0]);
        return new Operands(SharedKey.Joined(body, content, turned), SharedKey.Behind(body, k, shared), kv[1]);
    }

    private Operands Absorbed(BodyBuilder body, PlanValue content, PlanValue? turned, PlanValue kv)
    {
        PlanValue folded = body.Linear(content, body.Weight(Slice("keys", 0, shape.Content)), "q_latent", transposed: true, perHead: true);
        PlanWeight values = Slice("values", shape.Content, W.ValueWidth);
        return new Operands(SharedKey.Joined(body, folded, turned), kv, null)
        {
            ValuePrefix = shape.Rank,
            Finish = (after, o) => after.Linear(o, after.Weight(values), "o_heads", perHead: true),
        };
    }

    /// <summary>Rows of each head's expansion, [heads, rows, rank].</summary>
    private PlanWeight Slice(string part, long from, long rows)
    {
        PlanWeight up = Up;
        string name = "kv_b_proj." + part;
        return draft.Derived(
            name, () => new PlanWeight(name, TensorType.Constant(W.QueryHeads, rows, shape.Rank), WeightInit.Zeros, 0, Derivation: new HeadSlice(up.Name, W.QueryHeads, from, rows)));
    }
}
