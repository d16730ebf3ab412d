using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;

namespace AttnDsl.Compiler.Lowering;

/// <summary>A narrow, normalised vector between x and the queries.</summary>
/// <param name="Rank">Its channels.</param>
/// <param name="Epsilon">Added to the mean square of its norm.</param>
public sealed record Bottleneck(long Rank, double Epsilon);

/// <summary>Queries before norms and rotation: linear in x, or in a bottleneck of it. Every source of a layer projects its queries so.</summary>
internal static class QueryProjection
{
    /// <param name="draft">The layer.</param>
    /// <param name="body">Where the steps go.</param>
    /// <param name="x">[B, T, dim].</param>
    /// <param name="rotated">Rows of the projection that rotate, or null.</param>
    /// <param name="biased">The projection straight from x has a bias; a bottleneck's has one wherever the layer has biases.</param>
    /// <returns>[B, T, queryHeads, dqk].</returns>
    public static PlanValue Build(LayerDraft draft, BodyBuilder body, PlanValue x, RotatedRows? rotated, bool biased)
    {
        LayerWidths w = draft.Widths;
        long features = w.QueryHeads * w.KeyWidth;
        if (draft.QueryBottleneck is { } bottleneck)
        {
            PlanWeight up = Up(draft, bottleneck, features, rotated);
            return body.SplitHeads(body.Linear(Narrow(draft, bottleneck, body, x), body.Weight(up), "q_flat"), w.QueryHeads, "q");
        }

        PlanWeight weight = draft.Weight(WeightPlace.Query, () => new PlanWeight("q_proj.weight", TensorType.Constant(features, w.Dim), Rotated: rotated));
        PlanValue q = body.Linear(x, body.Weight(weight), "q_flat");
        if (biased)
        {
            PlanWeight bias = draft.Weight(WeightPlace.QueryBias, () => new PlanWeight("q_proj.bias", TensorType.Constant(features), WeightInit.Zeros, 0, rotated));
            q = body.Add(q, body.Weight(bias), "q_biased");
        }

        return body.SplitHeads(q, w.QueryHeads, "q");
    }

    /// <summary>q as the formula shows it, without its extents.</summary>
    public static string Formula(LayerDraft draft, bool biased) => draft.QueryBottleneck is { } bottleneck
        ? "a = norm(x Wqaᵀ" + (draft.HasBias ? " + b" : "") + ") [B, T, " + Number.Text(bottleneck.Rank) + "]; q = a Wqbᵀ"
        : "q = x Wqᵀ" + (biased ? " + b" : "");

    private static PlanWeight Up(LayerDraft draft, Bottleneck bottleneck, long features, RotatedRows? rotated) =>
        draft.Weight(WeightPlace.Query, () => new PlanWeight("q_b_proj.weight", TensorType.Constant(features, bottleneck.Rank), Rotated: rotated));

    private static PlanValue Narrow(LayerDraft draft, Bottleneck bottleneck, BodyBuilder body, PlanValue x)
    {
        PlanWeight down = draft.Weight(WeightPlace.QueryDown, () => new PlanWeight("q_a_proj.weight", TensorType.Constant(bottleneck.Rank, draft.Widths.Dim)));
        PlanValue narrow = body.Linear(x, body.Weight(down), "q_low");
        if (draft.HasBias)
        {
            PlanWeight bias = draft.Weight(WeightPlace.QueryDownBias, () => new PlanWeight("q_a_proj.bias", TensorType.Constant(bottleneck.Rank), WeightInit.Zeros, 0));
            narrow = body.Add(narrow, body.Weight(bias), "q_low_biased");
        }

        PlanWeight gain = draft.Weight(WeightPlace.QueryDownNorm, () => new PlanWeight("q_a_layernorm.weight", TensorType.Constant(bottleneck.Rank), WeightInit.Ones, 0));
        return body.RmsNorm(narrow, body.Weight(gain), bottleneck.Epsilon, onePlus: false, "q_low_normed");
    }
}
