using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Rotary positions on queries and keys.</summary>
public sealed class RopeMechanism : Mechanism
{
    private static readonly string[] s_layouts = ["HalfSplit", "Interleaved"];

    public override string Name => "Rope";

    public override int Rank => Ranks.Position;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
        if (context.OptionalReal(attribute, "theta", out double? theta) && theta <= 1)
        {
            context.Report(RuleTable.ThetaTooSmall, attribute, "theta", [Text.Of(theta.Value)]);
        }

        context.Member(attribute, "layout", s_layouts);
        context.OptionalCount(attribute, "FrequencyStride");
        bool sound = context.OptionalCount(attribute, "rotaryDim", least: 2) & context.OptionalCount(attribute, "RotaryDim", least: 2)
            && context.GivenOnce(attribute, "rotaryDim", "RotaryDim");
        if (sound && Arguments.Either(attribute, "rotaryDim", "RotaryDim") is { } rotary)
        {
            CheckRotary(context, attribute, rotary.Name, rotary.Value.AsInt());
        }
        else if (sound && context.RotatedWidth is { } headDim && headDim % 2 != 0)
        {
            string advice = headDim > 1 ? $"give rotaryDim: {Text.Of(headDim - 1)}, or an even headDim" : "give an even headDim";
            context.Report(RuleTable.OddRotaryDim, attribute, null, ["headDim", Text.Of(headDim), advice]);
        }
        else if (sound && context.RotatedWidth is { } width)
        {
            context.Table(attribute, null, width / 2, "pair of channels");
        }
    }

    private static void CheckRotary(RuleContext context, AttributeSpec attribute, string argument, long rotary)
    {
        if (context.RotatedWidth is { } headDim && rotary > headDim)
        {
            long[] legal = headDim > 1 ? [headDim - (headDim % 2)] : [];
            context.Report(
                RuleTable.RotaryExceedsHead,
                attribute,
                argument,
                [argument, Text.Of(rotary), Text.Of(headDim), Nearest.Sentence(legal)],
                Nearest.Texts(legal));
        }
        else if (rotary % 2 != 0)
        {
            long[] legal = Nearest.Evens(rotary, context.RotatedWidth ?? long.MaxValue);
            context.Report(
                RuleTable.OddRotaryDim, attribute, argument, [argument, Text.Of(rotary), Nearest.Sentence(legal)], Nearest.Texts(legal));
        }
        else
        {
            context.Table(attribute, argument, rotary / 2, "pair of channels");
        }
    }

    public override void Lower(LayerDraft draft, AttributeSpec attribute)
    {
        RopeSettings settings = RopeSettings.Read(attribute, draft.RotatedWidth);
        RotaryTable table = YarnMechanism.Scaled(draft, settings, settings.Table());
        draft.Rotation = table;
        draft.Transform(Operand.Query, Stage.Rotate, (body, q) => body.Rope(q, table, "q_rotated"));
        draft.Transform(Operand.Key, Stage.Rotate, (body, k) => body.Rope(k, table, "k_rotated"));
        string pairs = settings.Interleaved ? "(2i, 2i+1)" : "(i, i+" + Text.Of(settings.RotaryDim / 2) + ")";
        draft.Explain(FormulaOrder.Rotate, "q, k ← channel pairs " + pairs + " turned by position · f_i; " + table.Formula);
    }
}

/// <param name="Theta">Base of the frequencies.</param>
/// <param name="Interleaved">Pairs are (2i, 2i+1); otherwise (i, i + rotaryDim/2).</param>
/// <param name="RotaryDim">Leading channels of each head that rotate, even; the rest passes through.</param>
/// <param name="FrequencyStride">Every how many-th frequency is used, 1 for all.</param>
public sealed record RopeSettings(double Theta, bool Interleaved, long RotaryDim, long FrequencyStride)
{
    /// <summary>Reads the attribute; <paramref name="width"/> is the width of the vectors that rotate, used when no rotary dim is given.</summary>
    public static RopeSettings Read(AttributeSpec attribute, long width) => new(
        attribute.Double("theta", 10000),
        attribute.Enum("layout", "HalfSplit") == "Interleaved",
        Arguments.Either(attribute, "rotaryDim", "RotaryDim")?.Value.AsInt() ?? width,
        attribute.Int("FrequencyStride", 1));

    /// <summary>Unscaled frequencies.</summary>
    public RotaryTable Table() => new(
        Interleaved ? PairLayout.Interleaved : PairLayout.HalfSplit,
        RotaryDim,
        RotaryTable.Geometric(Theta, RotaryDim, FrequencyStride),
        1,
        FrequencyStride == 1
            ? "f_i = " + Text.Of(Theta) + "^(−2i/" + Text.Of(RotaryDim) + ")"
            : "f_i = " + Text.Of(Theta) + "^(−2i·" + Text.Of(FrequencyStride) + "/" + Text.Of(RotaryDim) + ")");
}
