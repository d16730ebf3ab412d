using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;
using System.Threading;
using AttnDsl.Conformance.Tests.Stories;
using global::Stories;
using TorchSharp;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace AttnDsl.Torch.Tests.Stories;

/// <summary>The pretrained model on modules: at once, in chunks, token by token.</summary>
[KeepsTensors]
public sealed class FusedStoriesLogitsTests(ITestOutputHelper output) : StoriesLogitsTests<float, TorchCache>(output)
{
    protected override StoriesModel<float, TorchCache> Load(string path) => new TorchModel<float>(path, ScalarType.Float32, CorePath.Fused);
}

/// <summary>The same by plain torch operations in double precision.</summary>
public sealed class PlainStoriesLogitsTests(ITestOutputHelper output) : StoriesLogitsTests<double, TorchCache>(output)
{
    protected override StoriesModel<double, TorchCache> Load(string path) => new TorchModel<double>(path, ScalarType.Float64, CorePath.Torch);
}

/// <summary>The same by libtorch's own attention.</summary>
public sealed class SdpaStoriesLogitsTests(ITestOutputHelper output) : StoriesLogitsTests<float, TorchCache>(output)
{
    protected override StoriesModel<float, TorchCache> Load(string path) => new TorchModel<float>(path, ScalarType.Float32, CorePath.Sdpa);
}

/// <summary>The language model with a module for every layer's attention, the rest in plain loops.</summary>
internal sealed class TorchModel<T> : StoriesModel<T, TorchCache>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly StoriesAttention.Module[] _attention;
    private readonly ScalarType _dtype;

    public TorchModel(string path, ScalarType dtype, CorePath core)
        : this(Checkpoint<T>.Load(path, StoriesAttention.Reference.Shape), dtype, core)
    {
    }

    private TorchModel(Checkpoint<T> checkpoint, ScalarType dtype, CorePath core)
        : base(checkpoint)
    {
        _dtype = dtype;
        _attention = [.. checkpoint.Layers.Select(layer =>
        {
            StoriesAttention.Weights<T> weights = StoriesAttention.Weights<T>.Zeros();
            layer.CopyAttentionTo(weights);
            var module = new StoriesAttention.Module(dtype: dtype) { Core = core };
            module.CopyFrom(weights);
            return module;
        })];
    }

    protected override TorchCache CreateCache() => _attention[0].CreateCache(1);

    protected override void Attend(int layer, ReadOnlySpan<T> x, Span<T> y, int tokens, TorchCache? cache, CancellationToken cancellationToken)
    {
        using DisposeScope scope = NewDisposeScope();
        using var constants = no_grad();
        Tensor input = tensor(Array.ConvertAll(x.ToArray(), double.CreateChecked)).reshape(1, tokens, -1).to(_dtype);
        Tensor attended = cache is null ? _attention[layer].forward(input) : _attention[layer].forward(input, cache);
        double[] numbers = TorchLayer.Numbers(attended);
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = T.CreateTruncating(numbers[i]);
        }
    }

    protected override void Norm(ReadOnlySpan<T> x, T[] weight, Span<T> y)
    {
        for (int row = 0; row < x.Length; row += weight.Length)
        {
            T squares = T.Zero;
            for (int i = 0; i < weight.Length; i++)
            {
                squares += x[row + i] * x[row + i];
            }

            T scale = T.One / T.Sqrt((squares / T.CreateChecked(weight.Length)) + T.CreateChecked(NormEps));
            for (int i = 0; i < weight.Length; i++)
            {
                y[row + i] = weight[i] * scale * x[row + i];
            }
        }
    }

    protected override void Linear(ReadOnlySpan<T> x, T[] weight, Span<T> y, int tokens)
    {
        int width = x.Length / tokens;
        int outputs = y.Length / tokens;
        for (int token = 0; token < tokens; token++)
        {
            for (int output = 0; output < outputs; output++)
            {
                T sum = T.Zero;
                for (int i = 0; i < width; i++)
                {
                    sum += x[(token * width) + i] * weight[(output * width) + i];
                }

                y[(token * outputs) + output] = sum;
            }
        }
    }

    protected override void Gate(Span<T> gate, ReadOnlySpan<T> up)
    {
        for (int i = 0; i < gate.Length; i++)
        {
            gate[i] *= up[i] / (T.One + T.Exp(-gate[i]));
        }
    }

    protected override void Add(Span<T> x, ReadOnlySpan<T> update)
    {
        for (int i = 0; i < x.Length; i++)
        {
            x[i] += update[i];
        }
    }
}
