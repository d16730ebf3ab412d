using System.Numerics;
using System.Threading;

namespace AttnDsl.Cli.Layers;

/// <summary>Binds <see cref="ILayer{T}"/> to one generated class; instantiated once per class by reflection.</summary>
internal class Layer<TReference, TWeights, T> : ILayer<T>
    where TReference : IAttentionReference<TWeights, T>
    where TWeights : AttentionWeights<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public LayerShape Shape => TReference.Shape;

    public AttentionWeights<T> ZeroWeights() => TReference.ZeroWeights();

    public AttentionWeights<T> CreateWeights(int seed) => TReference.CreateWeights(seed);

    public T[] Forward(AttentionWeights<T> weights, T[] x, TokenRows rows, CancellationToken cancellationToken = default) =>
        TReference.Forward((TWeights)weights, x, rows, cancellationToken);

    public T[] Backward(
        AttentionWeights<T> weights,
        T[] x,
        T[] outputGradient,
        AttentionWeights<T> gradients,
        TokenRows rows,
        CancellationToken cancellationToken = default) =>
        TReference.Backward((TWeights)weights, x, outputGradient, (TWeights)gradients, rows, cancellationToken);

    public CoreResult<T> Core(
        AttentionWeights<T> weights,
        T[] query,
        T[] key,
        T[] value,
        TokenRows rows,
        CancellationToken cancellationToken = default) =>
        TReference.Core((TWeights)weights, query, key, value, rows, cancellationToken);

    public CoreGradients<T> CoreBackward(
        AttentionWeights<T> weights,
        T[] query,
        T[] key,
        T[] value,
        T[] outputGradient,
        AttentionWeights<T> gradients,
        TokenRows rows,
        CancellationToken cancellationToken = default) =>
        TReference.CoreBackward((TWeights)weights, query, key, value, outputGradient, (TWeights)gradients, rows, cancellationToken);
}
