using System;
using AttnDsl.Compiler.Plan;

namespace AttnDsl.Compiler.Lowering;

/// <summary>Queries, keys and values as the core wants them.</summary>
/// <param name="Query">[B, T, queryHeads, dqk].</param>
/// <param name="Key">[B, T or S, keyHeads, dqk].</param>
/// <param name="Value">[B, T or S, valueHeads, dv]; null when values are a prefix of the keys.</param>
public sealed record Operands(PlanValue Query, PlanValue Key, PlanValue? Value)
{
    /// <summary>When positive, values are the first channels of the keys.</summary>
    public long ValuePrefix { get; init; }

    /// <summary>From the core's output to [B, T, scoreHeads, dv]; null when it is that already.</summary>
    public Func<BodyBuilder, PlanValue, PlanValue>? Finish { get; init; }
}

/// <summary>The situations a layer's operands are made for.</summary>
public enum LayerForm
{
    /// <summary>A fresh block, no cache; what is differentiated.</summary>
    Fresh,

    /// <summary>New tokens go through the cache, and the core sees what it holds.</summary>
    Cached,

    /// <summary>The same for few new tokens, where a source has a cheaper way.</summary>
    Few,
}

/// <summary>Where a layer's operands come from: plain projections, or a mechanism's own way.</summary>
public interface ILayerSource
{
    /// <summary>What is kept between calls, for layers that are.</summary>
    CacheSchema Cache { get; }

    /// <summary>Most new tokens of a row for which <see cref="LayerForm.Few"/> is the way; 0 when there is no other way than <see cref="LayerForm.Cached"/>.</summary>
    long FewTokens { get; }

    /// <summary>The line of the formula that says how operands come from x.</summary>
    string Formula { get; }

    /// <summary>Writes the operands of a body over x [B, T, dim].</summary>
    Operands Build(BodyBuilder body, PlanValue x, LayerForm form);
}
