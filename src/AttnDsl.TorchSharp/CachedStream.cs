using System;
using static TorchSharp.torch;

namespace AttnDsl.Torch;

/// <summary>One stream of a cache during a call, cached tokens and appended ones. Made by <see cref="CacheCall.Append"/>, used by generated code.</summary>
public sealed class CachedStream
{
    private readonly Func<Tensor>? _read;
    private Tensor? _tensor;

    internal CachedStream(Tensor tensor) => _tensor = tensor;

    internal CachedStream(KvCache storage, Func<Tensor> read)
    {
        Storage = storage;
        _read = read;
    }

    /// <summary>[B, S, heads, width], of the module's type and on its device, good until the cache changes. Of a storage that is no tensor this is a copy, made when it is first asked for.</summary>
    public Tensor Tensor => _tensor ??= _read!();

    /// <summary>Where kernels find the stream in place; null: in <see cref="Tensor"/>.</summary>
    internal KvCache? Storage { get; }
}
