using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Costs;

/// <param name="MultiplyAdds">Multiply-adds each time.</param>
/// <param name="Extent">How often.</param>
public sealed record CostTerm(long MultiplyAdds, Extent Extent)
{
    public override string ToString() => MultiplyAdds.ToString(CultureInfo.InvariantCulture) + "*" + Extent.Symbol;
}

/// <summary>A sum of terms; one multiply-add is two FLOPs.</summary>
public sealed record Cost(EquatableArray<CostTerm> Terms)
{
    public static Cost None { get; } = new(EquatableArray<CostTerm>.Empty);

    public static Cost Of(long multiplyAdds, Extent extent) => new(EquatableArray.Of(new CostTerm(multiplyAdds, extent)));

    /// <summary>The sum, terms with equal extents merged, in order of first appearance.</summary>
    public static Cost Sum(IEnumerable<Cost> costs) => new(costs
        .SelectMany(c => c.Terms)
        .GroupBy(t => t.Extent)
        .Select(g => new CostTerm(g.Sum(t => t.MultiplyAdds), g.Key))
        .ToEquatableArray());

    public long PrefillFlops(long tokens) => checked(2 * Terms.Sum(t => t.MultiplyAdds * t.Extent.Prefill(tokens)));

    public long DecodeFlops(long context) => checked(2 * Terms.Sum(t => t.MultiplyAdds * t.Extent.Decode(context)));

    public override string ToString() => Terms.Count == 0 ? "0" : string.Join(" + ", Terms.Select(t => t.ToString()));
}
