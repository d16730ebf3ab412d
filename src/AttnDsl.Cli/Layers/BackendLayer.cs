using System;
using System.Threading;

namespace AttnDsl.Cli.Layers;

/// <summary>Binds <see cref="ILayer{T}"/> to one generated backend class; instantiated by reflection.</summary>
/// <param name="threads">Threads of every call; 0 leaves it to the process.</param>
internal class BackendLayer<TBackend, TWeights>(int threads) : ILayer<float>
    where TBackend : IAttentionBackend<TWeights>
    where TWeights : AttentionWeights<float>
{
    // A backend makes no weights; the class of the weights does, by static methods that no contract names.
    private static readonly Func<TWeights> Zeros = typeof(TWeights).GetMethod(nameof(Zeros), [])!.CreateDelegate<Func<TWeights>>();
    private static readonly Func<int, TWeights> Create = typeof(TWeights).GetMethod(nameof(Create), [typeof(int)])!.CreateDelegate<Func<int, TWeights>>();

    public LayerShape Shape => TBackend.Shape;

    /// <summary>Threads of every call; 0 leaves it to the process.</summary>
    protected int Threads => threads;

    public AttentionWeights<float> ZeroWeights() => Zeros();

    public AttentionWeights<float> CreateWeights(int seed) => Create(seed);

    public float[] Forward(AttentionWeights<float> weights, float[] x, TokenRows rows, CancellationToken cancellationToken = default)
    {
        float[] output = Unwritten(x.Length);
        TBackend.Forward((TWeights)weights, x, output, rows, threads, cancellationToken);
        return output;
    }

    public float[] Backward(
        AttentionWeights<float> weights,
        float[] x,
        float[] outputGradient,
        AttentionWeights<float> gradients,
        TokenRows rows,
        CancellationToken cancellationToken = default)
    {
        float[] inputGradient = Unwritten(x.Length);
        TBackend.Backward((TWeights)weights, x, outputGradient, inputGradient, (TWeights)gradients, rows, threads, cancellationToken);
        return inputGradient;
    }

    public CoreResult<float> Core(
        AttentionWeights<float> weights,
        float[] query,
        float[] key,
        float[] value,
        TokenRows rows,
        CancellationToken cancellationToken = default)
    {
        int scores = checked(rows.Batch * rows.Tokens * Shape.ScoreHeads);
        float[] output = Unwritten(checked(scores * Shape.ValueWidth));
        float[] lse = Unwritten(scores);
        TBackend.Core((TWeights)weights, query, key, value, output, lse, rows, threads, cancellationToken);
        return new CoreResult<float>(output, lse);
    }

    public CoreGradients<float> CoreBackward(
        AttentionWeights<float> weights,
        float[] query,
        float[] key,
        float[] value,
        float[] outputGradient,
        AttentionWeights<float> gradients,
        TokenRows rows,
        CancellationToken cancellationToken = default)
    {
        CoreGradients<float> found = new(Unwritten(query.Length), Unwritten(key.Length), Unwritten(value.Length));
        TBackend.CoreBackward(
            (TWeights)weights, query, key, value, outputGradient, found.Query, found.Key, found.Value, (TWeights)gradients, rows, threads, cancellationToken);
        return found;
    }

    /// <summary>An output whose every element the backend must write: one that it forgets is no number and fails every comparison.</summary>
    protected static float[] Unwritten(int length)
    {
        float[] values = new float[length];
        Array.Fill(values, float.NaN);
        return values;
    }
}
