using System.Collections.Generic;
using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Keys projected and kept narrower than the scores read them; one matrix widens every key head.</summary>
public sealed class KeyWidthMechanism : Mechanism
{
    public override string Name => "KeyWidth";

    /// <summary>Longest block whose queries are folded: decoding and speculative steps. Modules have kernels for longer ones, over keys that are widened.</summary>
    private const long FewTokens = 16;

    /// <summary>After norms and positions: whether they are there decides how few tokens are run.</summary>
    public override int Rank => Ranks.Mask - 1;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
        if (!context.Count(attribute, "width", out long width) || context.HeadDim is not { } headDim)
        {
            return;
        }

        if (width > headDim)
        {
            context.Report(
                RuleTable.KeysWiderThanHeads, attribute, "width", [Text.Of(width), Text.Of(headDim), Nearest.Sentence([headDim])], [Text.Of(headDim)]);
        }
        else if (width == headDim)
        {
            context.Report(RuleTable.KeysAsWideAsHeads, attribute, "width", [Text.Of(width)]);
        }
    }

    public override IEnumerable<Matrix> Matrices(HeadLayout heads, AttributeSpec attribute)
    {
        yield return new Matrix("k_expand.weight", "width", heads.KeyWidth, attribute.Int("width"));
    }

    public override void Lower(LayerDraft draft, AttributeSpec attribute)
    {
        long narrow = attribute.Int("width");
        long width = draft.Widths.KeyWidth;
        if (narrow == width)
        {
            return;
        }

        bool folds = draft.IsLast(Operand.Key, Stage.Widen);
        draft.Mixes(Operand.Key);
        PlanWeight Expansion() => draft.Weight(WeightPlace.KeyExpansion, () => new PlanWeight("k_expand.weight", TensorType.Constant(width, narrow), Rotated: draft.Rotated(1)));
        draft.StoredKeys = new StoredKeys(Stage.Widen, narrow, "keys before they are widened")
        {
            Fold = folds ? (body, q) => body.Linear(q, body.Weight(Expansion()), "q_narrow", transposed: true) : null,
            FewTokens = FewTokens,
        };
        draft.Transform(Operand.Key, Stage.Widen, (body, k) => body.Linear(k, body.Weight(Expansion()), "k_wide"));
        if (folds)
        {
            draft.Explain(FormulaOrder.Cache, "over the cache: for up to " + Text.Of(FewTokens) + " new tokens a row q ← q We, and the scores are with the narrow keys; for more, keys are widened");
        }

        draft.Explain(FormulaOrder.Widen, "k ← k Weᵀ per head [B, S, " + Text.Of(draft.Widths.KeyHeads) + ", " + Text.Of(width) + "], after the cache");
    }
}
