using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;

namespace AttnDsl.Compiler.Lowering;

/// <summary>A narrow, normalised vector between x and the queries.</summary>
/// <param name="Rank">Its channels.</param>
/// <param name="Epsilon">Added to the mean square of its norm.</param>
public sealed record Bottleneck(long Rank, double Epsilon);

/// <summary>Checkpoint names of the queries' weights, without ".weight".</summary>
/// <param name="Direct">Straight from x.</param>
/// <param name="Down">From x to the bottleneck.</param>
/// <param name="Norm">The bottleneck's gain.</param>
/// <param name="Up">From the bottleneck.</param>
/// <param name="BiasedUp">Where the layer has biases, the map from the bottleneck has one too.</param>
public sealed record QueryNames(string Direct, string Down, string Norm, string Up, bool BiasedUp)
{
    public static QueryNames Usual { get; } = new("q_proj", "q_a_proj", "q_a_layernorm", "q_b_proj", BiasedUp: false);
}

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
        QueryNames names = draft.QueryNames;
        (string name, PlanValue from) = draft.QueryBottleneck is { } bottleneck ? (names.Up, Narrow(draft, bottleneck, body, x)) : (names.Direct, x);
        PlanWeight weight = draft.Weight(WeightPlace.Query, () => new PlanWeight(name + ".weight", TensorType.Constant(features, from.Type.Channels.Size), Rotated: rotated));
        PlanValue q = body.Linear(from, body.Weight(weight), "q_flat");
        if (draft.QueryBottleneck is null ? biased : names.BiasedUp && draft.HasBias)
        {
            PlanWeight bias = draft.Weight(WeightPlace.QueryBias, () => new PlanWeight(name + ".bias", TensorType.Constant(features), WeightInit.Zeros, 0, rotated));
            q = body.Add(q, body.Weight(bias), "q_biased");
        }

        return body.SplitHeads(q, w.QueryHeads, "q");
    }

    /// <summary>q as the formula shows it, without its extents.</summary>
    public static string Formula(LayerDraft draft, bool biased) => draft.QueryBottleneck is { } bottleneck
        ? "a = norm(x Wqaᵀ" + (draft.HasBias ? " + b" : "") + ") [B, T, " + Number.Text(bottleneck.Rank) + "]; q = a Wqbᵀ" + (draft.QueryNames.BiasedUp && draft.HasBias ? " + b" : "")
        : "q = x Wqᵀ" + (biased ? " + b" : "");

    private static PlanValue Narrow(LayerDraft draft, Bottleneck bottleneck, BodyBuilder body, PlanValue x)
    {
        PlanWeight down = draft.Weight(WeightPlace.QueryDown, () => new PlanWeight(draft.QueryNames.Down + ".weight", TensorType.Constant(bottleneck.Rank, draft.Widths.Dim)));
        PlanValue narrow = body.Linear(x, body.Weight(down), "q_low");
        if (draft.HasBias)
        {
            PlanWeight bias = draft.Weight(WeightPlace.QueryDownBias, () => new PlanWeight(draft.QueryNames.Down + ".bias", TensorType.Constant(bottleneck.Rank), WeightInit.Zeros, 0));
            narrow = body.Add(narrow, body.Weight(bias), "q_low_biased");
        }

        PlanWeight gain = draft.Weight(WeightPlace.QueryDownNorm, () => new PlanWeight(draft.QueryNames.Norm + ".weight", TensorType.Constant(bottleneck.Rank), WeightInit.Ones, 0));
        return body.RmsNorm(narrow, body.Weight(gain), bottleneck.Epsilon, onePlus: false, "q_low_normed");
    }
}
