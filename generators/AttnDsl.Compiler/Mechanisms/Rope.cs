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
        bool sound = context.OptionalCount(attribute, "rotaryDim") & context.OptionalCount(attribute, "RotaryDim")
            && context.GivenOnce(attribute, "rotaryDim", "RotaryDim");
        if (sound && Arguments.Either(attribute, "rotaryDim", "RotaryDim") is { } rotary)
        {
            CheckRotary(context, attribute, rotary.Name, rotary.Value.AsInt());
        }
        else if (sound && context.HeadDim is { } headDim && headDim % 2 != 0)
        {
            string[] legal = headDim > 1 ? [Text.Of(headDim - 1)] : [];
            string advice = headDim > 1 ? $"give rotaryDim: {legal[0]}, or an even headDim" : "give an even headDim";
            context.Report(RuleTable.OddRotaryDim, attribute, null, ["headDim", Text.Of(headDim), advice], legal);
        }
    }

    private static void CheckRotary(RuleContext context, AttributeSpec attribute, string argument, long rotary)
    {
        if (context.HeadDim is { } headDim && rotary > headDim)
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
            long[] legal = Nearest.Evens(rotary, context.HeadDim ?? long.MaxValue);
            string advice = legal.Length == 0 ? "no legal value exists for this head width" : Nearest.Sentence(legal);
            context.Report(RuleTable.OddRotaryDim, attribute, argument, [argument, Text.Of(rotary), advice], Nearest.Texts(legal));
        }
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
}
