using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Scores;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Tests.Plans.PaperPlans;

/// <summary>Widths of multi-head latent attention.</summary>
/// <param name="Dim">Model width.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="QueryRank">Width of the query latent, 0 for a direct query projection.</param>
/// <param name="Rank">Width of the key and value latent.</param>
/// <param name="Nope">Content channels of a query or key head.</param>
/// <param name="Rope">Rotary channels, shared by all key heads.</param>
/// <param name="ValueWidth">Channels of a value head.</param>
public sealed record LatentSizes(long Dim, long Heads, long QueryRank, long Rank, long Nope, long Rope, long ValueWidth);

/// <summary>
/// Keys and values are linear in one normalised latent per token, plus one rotary key that all heads share. Training expands the latent to heads; decode is another body, which folds
/// the expansion into the query and the output and attends to the latent itself: one key head [latent | rope key], values its prefix.
/// </summary>
public sealed class LatentPlan(LatentSizes sizes)
{
    private readonly PlanWeight _query = Parts.Matrix("q_proj.weight", sizes.Heads * (sizes.Nope + sizes.Rope), sizes.Dim);
    private readonly PlanWeight _queryDown = Parts.Matrix("q_a_proj.weight", sizes.QueryRank, sizes.Dim);
    private readonly PlanWeight _queryNorm = Parts.Gain("q_a_layernorm.weight", sizes.QueryRank);
    private readonly PlanWeight _queryUp = Parts.Matrix("q_b_proj.weight", sizes.Heads * (sizes.Nope + sizes.Rope), sizes.QueryRank);
    private readonly PlanWeight _latentDown = Parts.Matrix("kv_a_proj_with_mqa.weight", sizes.Rank + sizes.Rope, sizes.Dim);
    private readonly PlanWeight _latentNorm = Parts.Gain("kv_a_layernorm.weight", sizes.Rank);
    private readonly PlanWeight _latentUp = Parts.Matrix("kv_b_proj.weight", sizes.Heads * (sizes.Nope + sizes.ValueWidth), sizes.Rank);
    private readonly PlanWeight _output = Parts.Matrix("o_proj.weight", sizes.Dim, sizes.Heads * sizes.ValueWidth);
    private readonly PlanWeight _keyUp = new(
        "kv_b_proj.keys", TensorType.Constant(sizes.Heads, sizes.Nope, sizes.Rank), Derivation: new HeadSlice("kv_b_proj.weight", sizes.Heads, 0, sizes.Nope));

    private readonly PlanWeight _valueUp = new(
        "kv_b_proj.values", TensorType.Constant(sizes.Heads, sizes.ValueWidth, sizes.Rank), Derivation: new HeadSlice("kv_b_proj.weight", sizes.Heads, sizes.Nope, sizes.ValueWidth));

    private readonly CacheStreamSpec _latents = Parts.Stream("latent", 1, sizes.Rank, "latent after its norm");
    private readonly CacheStreamSpec _ropeKeys = Parts.Stream("rope_key", 1, sizes.Rope, "shared key after rotation");
    private readonly RotaryTable _rotation = Parts.Rotation(PairLayout.Interleaved, sizes.Rope);

    /// <summary>The scale stays that of the expanded heads in both forms.</summary>
    private readonly double _scale = 1 / System.Math.Sqrt(sizes.Nope + sizes.Rope);

    public AttentionPlan Build()
    {
        PlanBody train = Expanded(BodyNames.Train, cached: false);
        PlanWeight[] query = sizes.QueryRank > 0 ? [_queryDown, _queryNorm, _queryUp] : [_query];
        return new AttentionPlan(
            new LayerWidths(sizes.Dim, sizes.Heads, sizes.Heads, sizes.Heads, sizes.Heads, sizes.Heads, sizes.Nope, sizes.Nope + sizes.Rope, sizes.ValueWidth),
            [.. query, _latentDown, _latentNorm, _latentUp, _output, _keyUp, _valueUp],
            [],
            new CacheSchema(EquatableArray.Of(_latents, _ropeKeys), default),
            [train, Differentiator.Backward(train, "d_out"), Expanded(BodyNames.Prefill, cached: true), Absorbed()],
            ["c = norm(x Wcᵀ); [k | v] = c Wuᵀ per head; s_ij = (⟨q_i, k_j⟩ + ⟨q_i^r, k_j^r⟩) / √(dn + dr)"],
            new RunTimeInputs(true, true, PairLayout.Interleaved, Alignment.BottomRight));
    }

    private PlanBody Expanded(string name, bool cached)
    {
        var body = new BodyBuilder(name);
        PlanValue x = Parts.X(body, sizes.Dim);
        (PlanValue content, PlanValue rotated) = Queries(body, x);
        (PlanValue latent, PlanValue ropeKey) = Latents(body, x, cached);
        PlanValue expanded = Parts.Heads(body, body.JoinHeads(latent, "latent_rows"), _latentUp, sizes.Heads, "kv");
        var kv = body.Split(expanded, 3, ("k_content", sizes.Nope), ("v", sizes.ValueWidth));
        PlanValue shared = body.RepeatTo(ropeKey, kv[0].Type.WithChannels(Dim.Of(sizes.Rope)), "k_rope");
        PlanValue q = body.Concat(3, "q", content, rotated);
        PlanValue k = body.Concat(3, "k", kv[0], shared);
        HeadMap own = HeadMap.Grouped(sizes.Heads, sizes.Heads);
        PlanValue o = body.Attend(q, k, kv[1], null, new AttendSettings(own, own, own, _scale, TheScore.Instance, Parts.Causal), "o")[0];
        return body.Build(Parts.Output(body, o, _output));
    }

    private PlanBody Absorbed()
    {
        var body = new BodyBuilder(BodyNames.Decode);
        PlanValue x = Parts.X(body, sizes.Dim);
        (PlanValue content, PlanValue rotated) = Queries(body, x);
        (PlanValue latent, PlanValue ropeKey) = Latents(body, x, cached: true);
        PlanValue folded = body.Linear(content, body.Weight(_keyUp), "q_latent", transposed: true, perHead: true);
        PlanValue q = body.Concat(3, "q", folded, rotated);
        PlanValue k = body.Concat(3, "k", latent, ropeKey);
        HeadMap one = HeadMap.Grouped(1, sizes.Heads);
        var settings = new AttendSettings(HeadMap.Grouped(sizes.Heads, sizes.Heads), one, one, _scale, TheScore.Instance, Parts.Causal, ValuePrefix: sizes.Rank);
        PlanValue latents = body.Attend(q, k, null, null, settings, "o_latent")[0];
        PlanValue o = body.Linear(latents, body.Weight(_valueUp), "o", perHead: true);
        return body.Build(Parts.Output(body, o, _output));
    }

    private (PlanValue Content, PlanValue Rotated) Queries(BodyBuilder body, PlanValue x)
    {
        PlanValue source = x;
        if (sizes.QueryRank > 0)
        {
            PlanValue low = body.Linear(x, body.Weight(_queryDown), "q_low");
            source = body.RmsNorm(low, body.Weight(_queryNorm), 1e-6, onePlus: false, "q_norm");
        }

        PlanValue heads = Parts.Heads(body, source, sizes.QueryRank > 0 ? _queryUp : _query, sizes.Heads, "q_heads");
        var parts = body.Split(heads, 3, ("q_content", sizes.Nope), ("q_rope", sizes.Rope));
        return (parts[0], body.Rope(parts[1], _rotation, "q_rotated"));
    }

    /// <summary>One row each per token, [B, T or S, 1, rank] and [B, T or S, 1, rope].</summary>
    private (PlanValue Latent, PlanValue RopeKey) Latents(BodyBuilder body, PlanValue x, bool cached)
    {
        PlanValue down = Parts.Heads(body, x, _latentDown, 1, "kv_low");
        var parts = body.Split(down, 3, ("latent_raw", sizes.Rank), ("rope_raw", sizes.Rope));
        PlanValue latent = body.RmsNorm(parts[0], body.Weight(_latentNorm), 1e-6, onePlus: false, "latent_new");
        PlanValue ropeKey = body.Rope(parts[1], _rotation, "rope_new");
        return cached ? (body.Append(latent, _latents, "latent"), body.Append(ropeKey, _ropeKeys, "rope_key")) : (latent, ropeKey);
    }
}
