using System;
using System.Numerics;
using System.Threading;
using AttnDsl.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Cli.Layers;

/// <summary>A generated TorchSharp module as a layer: gradients come from autograd. libtorch is loaded before one is made.</summary>
/// <param name="reference">Shape and weights of the stack.</param>
/// <param name="module">The module, of <typeparamref name="T"/>; its parameters are overwritten by every call.</param>
internal class TorchLayer<T>(ILayer<T> reference, AttentionModule module) : ILayer<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public LayerShape Shape => reference.Shape;

    /// <summary>The module.</summary>
    protected AttentionModule Module => module;

    public AttentionWeights<T> ZeroWeights() => reference.ZeroWeights();

    public AttentionWeights<T> CreateWeights(int seed) => reference.CreateWeights(seed);

    public T[] Forward(AttentionWeights<T> weights, T[] x, TokenRows rows, CancellationToken cancellationToken = default)
    {
        using DisposeScope scope = Begin(weights, cancellationToken);
        return TorchTensors.Numbers<T>(module.forward(Input(x, rows), rows));
    }

    public T[] Backward(
        AttentionWeights<T> weights,
        T[] x,
        T[] outputGradient,
        AttentionWeights<T> gradients,
        TokenRows rows,
        CancellationToken cancellationToken = default)
    {
        using DisposeScope scope = Begin(weights, cancellationToken);
        Tensor input = Input(x, rows).requires_grad_();
        Tensor output = module.forward(input, rows);
        output.backward([TorchTensors.Of(outputGradient, output.shape)]);
        module.CopyGradientsTo(gradients);
        return TorchTensors.Gradient<T>(input);
    }

    public CoreResult<T> Core(AttentionWeights<T> weights, T[] query, T[] key, T[] value, TokenRows rows, CancellationToken cancellationToken = default)
    {
        using DisposeScope scope = Begin(weights, cancellationToken);
        (Tensor q, Tensor k, Tensor v) = Operands(query, key, value, rows);
        return new CoreResult<T>(TorchTensors.Numbers<T>(module.Attend(q, k, v, rows)), TorchTensors.Numbers<T>(module.Lse(q, k, rows)));
    }

    public CoreGradients<T> CoreBackward(
        AttentionWeights<T> weights,
        T[] query,
        T[] key,
        T[] value,
        T[] outputGradient,
        AttentionWeights<T> gradients,
        TokenRows rows,
        CancellationToken cancellationToken = default)
    {
        using DisposeScope scope = Begin(weights, cancellationToken);
        (Tensor q, Tensor k, Tensor v) = Operands(query, key, value, rows);
        Tensor output = module.Attend(q.requires_grad_(), k.requires_grad_(), v.requires_grad_(), rows);
        output.backward([TorchTensors.Of(outputGradient, output.shape)]);
        module.CopyGradientsTo(gradients);
        return new CoreGradients<T>(TorchTensors.Gradient<T>(q), TorchTensors.Gradient<T>(k), TorchTensors.Gradient<T>(v));
    }

    /// <summary>Gives the module its weights and no gradients; what is made until the scope ends goes with it.</summary>
    protected DisposeScope Begin(AttentionWeights<T> weights, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        DisposeScope scope = NewDisposeScope();
        module.CopyFrom(weights);
        module.zero_grad();
        return scope;
    }

    /// <summary>[B, T, dim].</summary>
    protected Tensor Input(T[] x, TokenRows rows) => TorchTensors.Of(x, [rows.Batch, rows.Tokens, Shape.Dim]);

    private (Tensor Query, Tensor Key, Tensor Value) Operands(T[] query, T[] key, T[] value, TokenRows rows) =>
    (
        TorchTensors.Of(query, [rows.Batch, rows.Tokens, Shape.QueryHeads, Shape.KeyWidth]),
        TorchTensors.Of(key, [rows.Batch, rows.Keys, Shape.KeyHeads, Shape.KeyWidth]),
        TorchTensors.Of(value, [rows.Batch, rows.Keys, Shape.ValueHeads, Shape.ValueWidth])
    );
}

/// <summary>A module of a stack that keeps a cache.</summary>
/// <param name="reference">Shape and weights of the stack.</param>
/// <param name="module">The module, of <typeparamref name="T"/>.</param>
internal sealed class CachedTorchLayer<T>(ILayer<T> reference, AttentionModule module) : TorchLayer<T>(reference, module), ICachedLayer<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public ILayerCache<T> CreateCache(int batch) => new TorchLayerCache<T>(Module.CreateCache(batch));

    public T[] Prefill(AttentionWeights<T> weights, T[] x, ILayerCache<T> cache, TokenRows rows, CancellationToken cancellationToken = default)
    {
        using DisposeScope scope = Begin(weights, cancellationToken);
        return TorchTensors.Numbers<T>(Module.forward(Input(x, rows), ((TorchLayerCache<T>)cache).Cache, rows));
    }

    public T[] Decode(AttentionWeights<T> weights, T[] x, ILayerCache<T> cache, CancellationToken cancellationToken = default) =>
        Prefill(weights, x, cache, TokenRows.Uniform(cache.Batch, 1), cancellationToken);
}
