using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;

namespace AttnDsl.Compiler.Lowering;

/// <summary>A rotary key that all heads share: the last channels of queries and keys turn, and the key has them once.</summary>
internal static class SharedKey
{
    /// <summary>Queries cut into channels that nothing turns, after their norm, and those that positions turn.</summary>
    /// <param name="draft">The layer.</param>
    /// <param name="body">Where the steps go.</param>
    /// <param name="x">[B, T, dim].</param>
    /// <param name="content">Channels of a head that nothing turns, its first.</param>
    /// <param name="biased">Whether a projection straight from x has a bias where the layer has biases.</param>
    /// <returns>[B, T, queryHeads, content] and [B, T, queryHeads, rest]; null where there is no rest.</returns>
    public static (PlanValue Content, PlanValue? Turned) Queries(LayerDraft draft, BodyBuilder body, PlanValue x, long content, bool biased)
    {
        LayerWidths w = draft.Widths;
        RotatedRows? rotated = draft.Rotation is { } rotation ? new RotatedRows(w.QueryHeads, w.KeyWidth, rotation.RotaryDim, content) : null;
        PlanValue q = QueryProjection.Build(draft, body, x, rotated, biased);
        if (w.KeyWidth == content)
        {
            return (draft.Transformed(Operand.Query, Stage.Normalise, body, q), null);
        }

        var parts = body.Split(q, 3, ("q_content", content), ("q_turning", w.KeyWidth - content));
        return (draft.Transformed(Operand.Query, Stage.Normalise, body, parts[0]), draft.Transformed(Operand.Query, Stage.Rotate, body, parts[1]));
    }

    /// <summary>Queries put together again.</summary>
    public static PlanValue Joined(BodyBuilder body, PlanValue content, PlanValue? turned) => turned is null ? content : body.Concat(3, "q_joined", content, turned);

    /// <summary>Every head's own channels with the shared ones behind them.</summary>
    /// <param name="body">Where the steps go.</param>
    /// <param name="keys">[B, S, heads, own].</param>
    /// <param name="shared">[B, S, 1, shared], or null where there is none.</param>
    public static PlanValue Behind(BodyBuilder body, PlanValue keys, PlanValue? shared) =>
        shared is null ? keys : body.Concat(3, "k_joined", keys, body.RepeatTo(shared, keys.Type.WithChannels(shared.Type.Channels), "k_shared"));
}
