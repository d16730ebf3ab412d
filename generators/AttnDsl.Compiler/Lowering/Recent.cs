using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;

namespace AttnDsl.Compiler.Lowering;

/// <summary>A block together with the rows before it.</summary>
internal static class Recent
{
    /// <summary>The last rows before the block and the block: from the cache's state where there is a cache, else rows of 0, for nothing came before.</summary>
    /// <param name="body">The body.</param>
    /// <param name="x">[B, T, heads, width].</param>
    /// <param name="state">As many rows as are wanted.</param>
    /// <param name="cached">Whether there is a cache.</param>
    /// <param name="name">Name of the result.</param>
    public static PlanValue Of(BodyBuilder body, PlanValue x, CacheStateSpec state, bool cached, string name) =>
        cached ? body.History(x, state, state.Rows, name) : body.Surround(x, state.Rows, state.Rows, name);
}
