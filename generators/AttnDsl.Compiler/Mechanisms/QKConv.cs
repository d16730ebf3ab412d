using System.Collections.Generic;
using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Two short causal convolutions over the projected queries and keys: every channel over time, then every head over channels and time.</summary>
public sealed class QKConvMechanism : Mechanism
{
    public override string Name => "QKConv";

    public override int Rank => Ranks.Mix + 10;

    public override void Check(RuleContext context, AttributeSpec attribute) => CheckKernels(context, attribute, "seq", "head");

    public override IEnumerable<Matrix> Matrices(HeadLayout heads, AttributeSpec attribute) => Matrices(heads, "seq", "head", QKConvSettings.Read(attribute));

    public override void Lower(LayerDraft draft, AttributeSpec attribute) => Lower(draft, QKConvSettings.Read(attribute));

    internal static void CheckKernels(RuleContext context, AttributeSpec attribute, string seq, string head, bool used = true)
    {
        if ((context.OptionalCount(attribute, seq) & context.OptionalCount(attribute, head)) && used && attribute.Int(seq, 2) == 1 && attribute.Int(head, 2) == 1)
        {
            context.Report(RuleTable.ConvolutionOfOne, attribute, attribute.Gives(head) ? head : attribute.Gives(seq) ? seq : null, []);
        }
    }

    internal static IEnumerable<Matrix> Matrices(HeadLayout heads, string seq, string head, QKConvSettings settings)
    {
        long channels = Saturating.Multiply(heads.QueryHeads + heads.KeyHeads, heads.KeyWidth);
        yield return new Matrix("conv_seq.weight", seq, channels, settings.Seq);
        yield return new Matrix("conv_head.weight", head, channels, Saturating.Multiply(heads.KeyWidth, settings.Head));
    }

    internal static void Lower(LayerDraft draft, QKConvSettings settings)
    {
        long heads = draft.Widths.QueryHeads + draft.Widths.KeyHeads;
        long width = draft.Widths.KeyWidth;
        long channels = heads * width;
        draft.IsLayoutFixed = true;
        PlanWeight sequence = draft.Weight(WeightPlace.SequenceConvolution, () => new PlanWeight("conv_seq.weight", TensorType.Constant(channels, 1, settings.Seq)));
        PlanWeight sequenceBias = draft.Weight(WeightPlace.SequenceConvolutionBias, () => new PlanWeight("conv_seq.bias", TensorType.Constant(channels), WeightInit.Zeros, 0));
        PlanWeight head = draft.Weight(WeightPlace.HeadConvolution, () => new PlanWeight("conv_head.weight", TensorType.Constant(channels, width, settings.Head)));
        PlanWeight headBias = draft.Weight(WeightPlace.HeadConvolutionBias, () => new PlanWeight("conv_head.bias", TensorType.Constant(channels), WeightInit.Zeros, 0));
        long before = settings.Seq + settings.Head - 2;
        CacheStateSpec? state = before == 0 ? null : draft.State("qk", before, channels, "projected queries and keys");
        draft.TransformTogether(Stage.Convolve, (body, both, cached) =>
        {
            PlanValue z = body.Concat(2, "qk", both.Query, both.Key);
            z = state is null ? z : Recent.Of(body, z, state, cached, "qk_recent");
            PlanValue rows = body.Reshape(z, ByHead(z, channels, 1), "qk_channels");
            PlanValue slow = body.Linear(body.Taps(rows, settings.Seq, "qk_taps"), body.Weight(sequence), "qk_slow", perHead: true);
            slow = body.Add(slow, body.Reshape(body.Weight(sequenceBias), TensorType.Constant(channels, 1), "conv_seq_bias"), "qk_slow_biased");
            PlanValue byHead = body.Taps(body.Reshape(slow, ByHead(slow, heads, width), "qk_heads"), settings.Head, "qk_head_taps");
            PlanValue matrices = body.Reshape(body.Weight(head), TensorType.Constant(heads, width, width * settings.Head), "conv_head_matrices");
            PlanValue mixed = body.Linear(byHead, matrices, "qk_mixed", perHead: true);
            mixed = body.Add(mixed, body.Reshape(body.Weight(headBias), TensorType.Constant(heads, width), "conv_head_bias"), "qk_mixed_biased");
            IReadOnlyList<PlanValue> parts = body.Split(mixed, 2, ("q_convolved", draft.Widths.QueryHeads), ("k_convolved", draft.Widths.KeyHeads));
            return both with { Query = parts[0], Key = parts[1] };
        });
        draft.Explain(
            FormulaOrder.Convolve,
            "[q | k] ← conv over the last " + Text.Of(settings.Seq) + " tokens of every channel + b, then over the last " + Text.Of(settings.Head) + " of every head + b; nothing (0) before a row's first token");
    }

    private static TensorType ByHead(PlanValue x, long heads, long width) => TensorType.Of(x.Type.Dims[0], x.Type.Dims[1], Dim.Of(heads), Dim.Of(width));
}

/// <param name="Seq">Tokens of the convolution of every channel.</param>
/// <param name="Head">Tokens of the convolution of every head.</param>
public sealed record QKConvSettings(long Seq, long Head)
{
    public static QKConvSettings Read(AttributeSpec attribute) => new(attribute.Int("seq", 2), attribute.Int("head", 2));
}
