using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>One learned logit per score head takes part in the softmax and its probability is dropped.</summary>
public sealed class AttentionSinkMechanism : Mechanism
{
    public override string Name => "AttentionSink";

    public override int Rank => Ranks.Score + 2;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
    }

    public override void Lower(LayerDraft draft, AttributeSpec attribute) =>
        draft.Sink = draft.Weight(WeightPlace.Sink, () => new PlanWeight("sinks", TensorType.Constant(draft.Widths.ScoreHeads)));
}
