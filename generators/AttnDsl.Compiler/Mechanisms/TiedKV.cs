using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>One state per key/value head is its value and the part of its key that nothing turns; the rest of the key is rotary and shared by all heads.</summary>
public sealed class TiedKVMechanism : Mechanism
{
    public override string Name => "TiedKV";

    public override int Rank => Ranks.KeyHeads + 12;

    public override HeadQuantities Shapes => HeadQuantities.KeyHeads | HeadQuantities.RotatedWidth | HeadQuantities.NormedWidth | HeadQuantities.CodedChannels;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
        context.Flag(attribute, "RopeBias");
        bool sound = context.Count(attribute, "ropeDim", out long rope) && Rotary(context, attribute, rope);
        context.RequireSound(sound, HeadQuantities.RotatedWidth | HeadQuantities.NormedWidth);
    }

    public override void ShapeHeads(HeadLayoutBuilder heads, AttributeSpec attribute)
    {
        long rope = attribute.Int("ropeDim");
        heads.RotatedWidth = rope;
        heads.NormedWidth = heads.ResolvedHeadDim - rope;
        heads.CodedChannels = 0;
        heads.KeepsKeysAndValues = false;
        heads.OwnWidths = HeadQuantities.RotatedWidth | HeadQuantities.CodedChannels;
    }

    public override void Lower(LayerDraft draft, AttributeSpec attribute)
    {
        long content = draft.Widths.HeadDim - attribute.Int("ropeDim");
        draft.Source = new TiedSource(draft, content, attribute.Bool("RopeBias", true));
        draft.Explain(FormulaOrder.Cache, "cached: s, and r once for all heads after its rotation; keys are put together from them at every step");
    }

    // Channels turn in pairs, and a head without another channel has nothing tied.
    private static bool Rotary(RuleContext context, AttributeSpec attribute, long rope)
    {
        if (context.HeadDim is { } width && rope >= width)
        {
            long[] legal = width > 2 ? [(width - 1) / 2 * 2] : [];
            context.Report(RuleTable.NothingTied, attribute, "ropeDim", [Text.Of(rope), Text.Of(width), Nearest.Sentence(legal)], Nearest.Texts(legal));
            return false;
        }

        if (rope % 2 != 0)
        {
            long[] legal = Nearest.Evens(rope, (context.HeadDim ?? int.MaxValue) - 1);
            context.Report(RuleTable.OddSharedKey, attribute, "ropeDim", [Text.Of(rope), Nearest.Sentence(legal)], Nearest.Texts(legal));
            return false;
        }

        return true;
    }
}
