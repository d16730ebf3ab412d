using System;
using System.Globalization;
using AttnDsl.Torch.Cores;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Torch;

/// <summary>A call over the layer's own cache, whatever its storage: nothing is asked of it but what <see cref="KvCache"/> promises.</summary>
internal sealed class KvCacheCall(KvCache cache, TokenRows block, ScalarType dtype, Device device) : CacheCall(cache.Extend(block))
{
    public override CachedStream Append(int stream, Tensor values)
    {
        using DisposeScope scope = NewDisposeScope();

        // Neither step copies where the values are contiguous floats on the CPU already.
        Tensor floats = values.to(ScalarType.Float32, CPU).contiguous();
        CheckSize(stream, floats);
        cache.Append(stream, FusedCore.Floats(floats), Rows);
        GC.KeepAlive(floats);
        return new CachedStream(cache, () => Read(stream));
    }

    public override Tensor History(int state, Tensor values)
    {
        using DisposeScope scope = NewDisposeScope();
        float[] floats = [.. values.to(ScalarType.Float32, CPU).contiguous().data<float>()];
        CacheState kept = cache.States[state];
        long[] shape = values.shape;
        var recent = new float[shape[0] * (kept.Rows + shape[1]) * kept.Width];
        cache.History(state, floats, Rows, recent);
        return tensor(recent, [shape[0], kept.Rows + shape[1], shape[2], shape[3]]).to(dtype, device).MoveToOuterDisposeScope();
    }

    internal override void Commit() => cache.Commit(Rows);

    private Tensor Read(int stream)
    {
        using DisposeScope scope = NewDisposeScope();
        CacheStream kept = cache.Streams[stream];
        Tensor copy = empty([cache.Batch, Rows.Keys, kept.Heads, kept.Width], ScalarType.Float32, CPU);
        CheckSize(stream, copy);
        cache.Read(stream, Rows, FusedCore.Floats(copy));
        return copy.to(dtype, device).MoveToOuterDisposeScope();
    }

    private void CheckSize(int stream, Tensor floats)
    {
        long bytes = floats.NumberOfElements * sizeof(float);
        if (bytes > int.MaxValue)
        {
            throw new InvalidOperationException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"stream '{cache.Streams[stream].Name}': expected {TensorText.Of(floats)} to span at most {int.MaxValue} bytes, got {bytes}; shorter blocks and CorePath.Fused, which reads the cache in place, need less"));
        }
    }
}
