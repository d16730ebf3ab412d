using System.Linq;
using AttnDsl.Compiler.Plan;

namespace AttnDsl.Compiler.Emit;

/// <summary>Weights that follow from stored ones, as every backend sees them.</summary>
internal static class DerivedWeights
{
    /// <summary>Why no backend can run the plan, or null: slices of heads are read in place or copied out, and no gradient flows back through them.</summary>
    public static string? Refusal(AttentionPlan plan) =>
        plan.Weights.FirstOrDefault(w => w.Derivation is not null and not HeadSlice) is { } strange ? "it derives no weight by " + strange.Derivation
        : plan.Bodies.Values.Where(b => b.Name.Contains('.')).SelectMany(b => b.Weights).FirstOrDefault(w => Slice(plan, w) is not null) is { } trained ? "no gradient flows back through " + trained.Name
        : null;

    /// <summary>What the weight is a slice of, or null when it is stored.</summary>
    public static HeadSlice? Slice(AttentionPlan plan, PlanValue weight) => plan.Weights.FirstOrDefault(w => w.Name == weight.Name)?.Derivation as HeadSlice;

    /// <summary>Rows of each head of a slice's source.</summary>
    public static long HeadRows(AttentionPlan plan, HeadSlice slice) => plan.Weights.First(w => w.Name == slice.Source).Type.Dims[0].Size / slice.Heads;
}
