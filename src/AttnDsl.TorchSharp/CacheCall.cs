using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Torch;

/// <summary>A cache during one call of a module, whichever kind it is: it takes the new tokens' values and shows them behind the cached ones. Called by generated code.</summary>
public abstract class CacheCall
{
    private protected CacheCall(TokenRows rows) => Rows = rows;

    /// <summary>The new tokens over cached and new keys.</summary>
    internal TokenRows Rows { get; }

    /// <summary>Adds one stream's values of the new tokens behind the cached ones.</summary>
    /// <param name="stream">Number of the stream.</param>
    /// <param name="values">[B, T, heads, width] of the new tokens; padding is not kept.</param>
    public abstract CachedStream Append(int stream, Tensor values);

    /// <summary>The last rows of a constant state before the new tokens, and theirs.</summary>
    /// <param name="state">Number of the state.</param>
    /// <param name="values">[B, T, heads, width] of the new tokens; padding is not kept.</param>
    /// <returns>[B, rows + T, heads, width].</returns>
    public abstract Tensor History(int state, Tensor values);

    /// <summary>Makes the new tokens part of the cache.</summary>
    internal abstract void Commit();
}

/// <summary>A call over growing tensors.</summary>
internal sealed class TorchCacheCall(TorchCache cache, TokenRows block) : CacheCall(cache.Extend(block))
{
    public override CachedStream Append(int stream, Tensor values) => new(cache.Append(stream, values, Rows));

    public override Tensor History(int state, Tensor values) => cache.History(state, values, Rows);

    internal override void Commit() => cache.Commit(Rows);
}
