using System.Collections.Generic;
using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Attention in a narrow space, with the convolutions, mean, shift and norm that make up for the width; each is a mechanism of its own as well.</summary>
public sealed class CompressedMechanism : Mechanism
{
    public override string Name => "Compressed";

    public override int Rank => Ranks.KeyHeads + 9;

    public override HeadQuantities Shapes => HeadQuantities.KeyHeads;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
        QKConvMechanism.CheckKernels(context, attribute, "SeqKernel", "HeadKernel", CompressedSettings.Read(attribute).Convolution);
        context.Member(attribute, "Temperature", QKL2NormMechanism.Temperatures);
        foreach (string flag in new[] { "Convolution", "QKMean", "ValueShift", "L2Norm" })
        {
            context.Flag(attribute, flag);
        }

        bool sound = context.OptionalCount(attribute, "factor") & context.OptionalCount(attribute, "QueryFactor") & context.OptionalCount(attribute, "KvFactor");
        if (sound && attribute.Find("factor") is { } factor && (attribute.Find("QueryFactor") ?? attribute.Find("KvFactor")) is { } own)
        {
            context.Report(RuleTable.FactorTwice, attribute, own.Name, [factor.Value.Text, own.Name, own.Value.Text]);
            sound = false;
        }

        sound = sound && QueryWidth(context, attribute) && KeyHeads(context, attribute);
        context.RequireSound(sound, HeadQuantities.HeadDim | HeadQuantities.KeyHeads);
        if (CompressedSettings.Read(attribute).ValueShift)
        {
            ValueShiftMechanism.Check(context, attribute, null);
        }
    }

    public override void ShapeHeads(HeadLayoutBuilder heads, AttributeSpec attribute)
    {
        CompressedSettings settings = CompressedSettings.Read(attribute);
        if (settings.QueryFactor is { } factor && heads.HeadDim is null)
        {
            heads.HeadDim = Saturating.Divide(heads.Dim, Saturating.Multiply(factor, heads.DeclaredHeads));
        }

        if (settings.KvFactor is { } kv)
        {
            long width = heads.HeadDim ?? Saturating.Divide(heads.Dim, heads.DeclaredHeads);
            heads.KeyHeads = Saturating.Divide(heads.Dim, Saturating.Multiply(kv, width));
        }
    }

    public override IEnumerable<Matrix> Matrices(HeadLayout heads, AttributeSpec attribute)
    {
        CompressedSettings settings = CompressedSettings.Read(attribute);
        return settings.Convolution ? QKConvMechanism.Matrices(heads, "SeqKernel", "HeadKernel", settings.Kernels) : [];
    }

    public override void Lower(LayerDraft draft, AttributeSpec attribute)
    {
        CompressedSettings settings = CompressedSettings.Read(attribute);
        if (settings.Convolution)
        {
            QKConvMechanism.Lower(draft, settings.Kernels);
        }

        if (settings.QKMean)
        {
            QKMeanMechanism.Lower(draft);
        }

        if (settings.ValueShift)
        {
            ValueShiftMechanism.Lower(draft);
        }

        if (settings.L2Norm)
        {
            QKL2NormMechanism.Lower(draft, settings.RawTemperature);
        }

        double Factor(long heads) => (double)draft.Widths.Dim / (heads * draft.Widths.KeyWidth);
        draft.Explain(
            FormulaOrder.Values,
            "compressed " + Text.Short(Factor(draft.Widths.QueryHeads)) + " times for queries, " + Text.Short(Factor(draft.Widths.KeyHeads)) + " times for keys and values");
    }

    // The factor shares the width out over the declared heads; what is wider than the model compresses nothing.
    private static bool QueryWidth(RuleContext context, AttributeSpec attribute)
    {
        CompressedSettings settings = CompressedSettings.Read(attribute);
        if (context.Dim is not { } dim || context.DeclaredHeads is not { } heads || context.Spec.Find("Attention") is not { } root)
        {
            return true;
        }

        if (settings.QueryFactor is { } factor)
        {
            string argument = attribute.Find("factor") is not null ? "factor" : "QueryFactor";
            long[] legal = Nearest.Divisors(dim / heads, factor);
            if (AttentionSettings.GivesHeadDim(root) && context.HeadDim is { } given && Saturating.Multiply(Saturating.Multiply(factor, heads), given) != dim)
            {
                context.Report(RuleTable.FactorAgainstWidth, attribute, argument, [argument, Text.Of(factor), Text.Of(dim), Text.Of(heads), Text.Of(given)]);
                return false;
            }

            if (dim % heads == 0 && dim % Saturating.Multiply(factor, heads) != 0)
            {
                context.Report(
                    RuleTable.FactorDoesNotDivide, attribute, argument, [argument, Text.Of(factor), Text.Of(heads), Text.Of(dim), Nearest.Sentence(legal)], Nearest.Texts(legal));
                return false;
            }
        }

        if (context.HeadDim is { } width && context.QueryHeads is { } queryHeads && Saturating.Multiply(queryHeads, width) >= dim)
        {
            string? argument = attribute.Find("factor") is not null ? "factor" : attribute.Find("QueryFactor") is not null ? "QueryFactor" : null;
            context.Report(RuleTable.NothingCompressed, attribute, argument, [Text.Of(queryHeads), Text.Of(width), Text.Of(dim)]);
        }

        return true;
    }

    private static bool KeyHeads(RuleContext context, AttributeSpec attribute)
    {
        if (CompressedSettings.Read(attribute).KvFactor is not { } factor || context.Dim is not { } dim || context.HeadDim is not { } width || context.QueryHeads is not { } queryHeads)
        {
            return true;
        }

        long channels = Saturating.Multiply(factor, width);
        long kv = dim / channels;
        if (dim % channels == 0 && kv <= queryHeads && queryHeads % kv == 0)
        {
            return true;
        }

        if (!context.InConflict(attribute))
        {
            context.Report(RuleTable.KvFactorGivesNoHeads, attribute, "KvFactor", [Text.Of(factor), Text.Of(dim), Text.Of(width), Text.Of(queryHeads)]);
        }

        return false;
    }
}

/// <param name="QueryFactor">Compression of the queries, or null where the declared widths say it.</param>
/// <param name="KvFactor">Compression of keys and values where it says their heads, or null.</param>
/// <param name="Kernels">Lengths of the convolutions.</param>
/// <param name="RawTemperature">The temperature is stored as it is.</param>
/// <param name="Convolution">Queries and keys are convolved.</param>
/// <param name="QKMean">They share their mean.</param>
/// <param name="ValueShift">Half of the values are late.</param>
/// <param name="L2Norm">Queries and keys are normalised.</param>
public sealed record CompressedSettings(long? QueryFactor, long? KvFactor, QKConvSettings Kernels, bool RawTemperature, bool Convolution, bool QKMean, bool ValueShift, bool L2Norm)
{
    public static CompressedSettings Read(AttributeSpec attribute) => new(
        Arguments.Either(attribute, "factor", "QueryFactor")?.Value.AsInt(),
        attribute.Find("KvFactor")?.Value.AsInt(),
        new QKConvSettings(attribute.Int("SeqKernel", 2), attribute.Int("HeadKernel", 2)),
        attribute.Enum("Temperature", "Exp") == "Raw",
        attribute.Bool("Convolution", true),
        attribute.Bool("QKMean", true),
        attribute.Bool("ValueShift", true),
        attribute.Bool("L2Norm", true));
}
