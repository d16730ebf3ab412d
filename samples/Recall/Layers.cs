using AttnDsl;

namespace Recall;

/// <summary>The attention layers that compete, on a residual stream of 64. Positions come with the embedding, so none rotates. Heads are 32 wide: narrower ones learn the task several times later.</summary>
public static partial class Width64
{
    /// <summary>Multi-head attention: a key and a value head for every query head.</summary>
    [Attention(dim: 64, heads: 2)]
    [Causal]
    public partial class MultiHead;

    /// <summary>Grouped-query attention: two query heads share a key and value head.</summary>
    [Attention(dim: 64, heads: 2)]
    [GroupedQuery(kv: 1)]
    [Causal]
    public partial class Grouped;

    /// <summary>Sparse query attention: half the query heads, over one key and value head.</summary>
    [Attention(dim: 64, heads: 2)]
    [SparseQuery(ratio: 2)]
    [GroupedQuery(kv: 1)]
    [Causal]
    public partial class SparseQueries;

    /// <summary>Multi-head attention over the last 16 tokens: queries that come later cannot see the pairs in one step.</summary>
    [Attention(dim: 64, heads: 2)]
    [SlidingWindow(size: 16)]
    [Causal]
    public partial class Windowed;
}

/// <summary>The same kinds on a residual stream of 128, with four heads.</summary>
public static partial class Width128
{
    /// <summary>Multi-head attention.</summary>
    [Attention(dim: 128, heads: 4)]
    [Causal]
    public partial class MultiHead;

    /// <summary>Grouped-query attention: two query heads share a key and value head.</summary>
    [Attention(dim: 128, heads: 4)]
    [GroupedQuery(kv: 2)]
    [Causal]
    public partial class Grouped;

    /// <summary>Sparse query attention: half the query heads, over one key and value head.</summary>
    [Attention(dim: 128, heads: 4)]
    [SparseQuery(ratio: 2)]
    [GroupedQuery(kv: 1)]
    [Causal]
    public partial class SparseQueries;

    /// <summary>Multi-head attention over the last 16 tokens.</summary>
    [Attention(dim: 128, heads: 4)]
    [SlidingWindow(size: 16)]
    [Causal]
    public partial class Windowed;
}
