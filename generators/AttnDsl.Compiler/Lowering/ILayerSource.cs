using AttnDsl.Compiler.Plan;

namespace AttnDsl.Compiler.Lowering;

/// <summary>Queries, keys and values as the core wants them.</summary>
/// <param name="Query">[B, T, queryHeads, dqk].</param>
/// <param name="Key">[B, T or S, keyHeads, dqk].</param>
/// <param name="Value">[B, T or S, valueHeads, dv].</param>
public sealed record Operands(PlanValue Query, PlanValue Key, PlanValue Value);

/// <summary>Where a layer's operands come from: plain projections, or a mechanism's own way.</summary>
public interface ILayerSource
{
    /// <summary>What is kept between calls, for layers that are.</summary>
    CacheSchema Cache { get; }

    /// <summary>Writes the operands of a body over x [B, T, dim]; with <paramref name="cached"/> keys and values go through the cache.</summary>
    Operands Build(BodyBuilder body, PlanValue x, bool cached);
}
