using AttnDsl.Compiler.Mechanisms;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Lowering;

/// <summary>Spec to plan: resolves the heads, lets every mechanism describe itself in rank order, assembles.</summary>
public static class LayerCompiler
{
    /// <param name="spec">A spec in which the rules found no error.</param>
    public static AttentionPlan Lower(AttentionSpec spec)
    {
        HeadLayout heads = HeadLayout.Of(spec);
        var draft = new LayerDraft(spec, new LayerWidths(
            heads.Dim, heads.DeclaredHeads, heads.QueryHeads, heads.KeyHeads, heads.ValueHeads, heads.ScoreHeads, heads.HeadDim, heads.KeyWidth, heads.ValueWidth)) { RotatedWidth = heads.RotatedWidth, NormedWidth = heads.NormedWidth };
        foreach (Mechanism mechanism in MechanismTable.ByRank)
        {
            if (spec.Find(mechanism.Name) is { } attribute)
            {
                mechanism.Lower(draft, attribute);
            }
        }

        return LayerAssembler.Assemble(draft);
    }
}
