using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>The root: widths and declared heads of the layer.</summary>
public sealed class AttentionMechanism : Mechanism
{
    public override string Name => "Attention";

    public override int Rank => Ranks.Root;

    public override HeadQuantities Shapes => HeadQuantities.Dim | HeadQuantities.DeclaredHeads | HeadQuantities.HeadDim;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
        context.RequireSound(context.Count(attribute, "dim", out long dim), HeadQuantities.Dim);
        context.RequireSound(context.Count(attribute, "heads", out long heads), HeadQuantities.DeclaredHeads);
        bool headDimsSound = context.OptionalCount(attribute, "headDim") & context.OptionalCount(attribute, "HeadDim")
            && context.GivenOnce(attribute, "headDim", "HeadDim");
        context.RequireSound(headDimsSound, HeadQuantities.HeadDim);
        context.Flag(attribute, "Bias");
        context.Flag(attribute, "OutputBias");
        if (!AttentionSettings.GivesHeadDim(attribute) && context.Dim is not null && context.DeclaredHeads is not null && dim % heads != 0)
        {
            long[] legal = Nearest.Divisors(dim, heads);
            context.Report(
                RuleTable.DimNotDivisible, attribute, "heads", [Text.Of(dim), Text.Of(heads), Nearest.Sentence(legal, "of heads")], Nearest.Texts(legal));
            context.Spoil(HeadQuantities.HeadDim);
        }
    }

    public override void ShapeHeads(HeadLayoutBuilder heads, AttributeSpec attribute)
    {
        AttentionSettings settings = AttentionSettings.Read(attribute);
        heads.Dim = settings.Dim;
        heads.DeclaredHeads = settings.Heads;
        heads.HeadDim = settings.HeadDim;
    }

    public override void Lower(LayerDraft draft, AttributeSpec attribute)
    {
        AttentionSettings settings = AttentionSettings.Read(attribute);
        draft.HasBias = settings.Bias;
        draft.HasOutputBias = settings.OutputBias;
    }
}

/// <param name="Dim">Channels of input and output.</param>
/// <param name="Heads">Declared heads.</param>
/// <param name="HeadDim">Channels per head when given, else null (dim / heads).</param>
/// <param name="Bias">Biases on the q, k and v projections.</param>
/// <param name="OutputBias">Bias on the output projection.</param>
public sealed record AttentionSettings(long Dim, long Heads, long? HeadDim, bool Bias, bool OutputBias)
{
    public static AttentionSettings Read(AttributeSpec attribute) => new(
        attribute.Int("dim"),
        attribute.Int("heads"),
        GivesHeadDim(attribute) ? Arguments.Either(attribute, "headDim", "HeadDim")!.Value.AsInt() : null,
        attribute.Bool("Bias"),
        attribute.Bool("OutputBias"));

    /// <summary>True when the head width is written, by parameter or by property.</summary>
    public static bool GivesHeadDim(AttributeSpec attribute) => Arguments.Either(attribute, "headDim", "HeadDim") is not null;
}
