using System;
using System.Linq;
using System.Threading;
using AttnDsl;

namespace Stories;

/// <summary>The model in double precision and plain loops, on a reference attention: what the other one is measured against.</summary>
/// <typeparam name="TAttention">The attention that every layer shares.</typeparam>
/// <typeparam name="TWeights">Its weights.</typeparam>
public sealed class ReferenceModel<TAttention, TWeights> : StoriesModel<double, ReferenceCache<double>>
    where TAttention : ICachedAttentionReference<TWeights, double>
    where TWeights : AttentionWeights<double>
{
    private readonly TWeights[] attention;

    private ReferenceModel(Checkpoint<double> checkpoint)
        : base(checkpoint) => attention = checkpoint.Layers.Select(ToAttention).ToArray();

    /// <summary>Loads a checkpoint; see <see cref="Checkpoint{T}.Load"/> for what is refused.</summary>
    /// <param name="path">The file.</param>
    public static ReferenceModel<TAttention, TWeights> Load(string path) => new(Checkpoint<double>.Load(path, TAttention.Shape));

    /// <inheritdoc/>
    protected override ReferenceCache<double> CreateCache() => TAttention.CreateCache(1);

    /// <inheritdoc/>
    protected override void Attend(
        int layer, ReadOnlySpan<double> x, Span<double> y, int tokens, ReferenceCache<double>? cache, CancellationToken cancellationToken)
    {
        TWeights weights = attention[layer];
        double[] attended = cache is null ? TAttention.Forward(weights, x, TokenRows.Uniform(1, tokens), cancellationToken)
            : tokens == 1 ? TAttention.Decode(weights, x, cache, cancellationToken)
            : TAttention.Prefill(weights, x, cache, TokenRows.Uniform(1, tokens), cancellationToken);
        attended.CopyTo(y);
    }

    /// <inheritdoc/>
    protected override void Norm(ReadOnlySpan<double> x, double[] weight, Span<double> y)
    {
        for (int row = 0; row < x.Length; row += weight.Length)
        {
            double squares = 0;
            for (int i = 0; i < weight.Length; i++)
            {
                squares += x[row + i] * x[row + i];
            }

            double scale = 1 / Math.Sqrt(squares / weight.Length + NormEps);
            for (int i = 0; i < weight.Length; i++)
            {
                y[row + i] = weight[i] * scale * x[row + i];
            }
        }
    }

    /// <inheritdoc/>
    protected override void Linear(ReadOnlySpan<double> x, double[] weight, Span<double> y, int tokens)
    {
        int width = x.Length / tokens, outputs = y.Length / tokens;
        for (int token = 0; token < tokens; token++)
        {
            ReadOnlySpan<double> input = x.Slice(token * width, width);
            for (int output = 0; output < outputs; output++)
            {
                ReadOnlySpan<double> weights = weight.AsSpan(output * width, width);
                double sum = 0;
                for (int i = 0; i < width; i++)
                {
                    sum += input[i] * weights[i];
                }

                y[token * outputs + output] = sum;
            }
        }
    }

    /// <inheritdoc/>
    protected override void Gate(Span<double> gate, ReadOnlySpan<double> up)
    {
        for (int i = 0; i < gate.Length; i++)
        {
            gate[i] *= up[i] / (1 + Math.Exp(-gate[i]));
        }
    }

    /// <inheritdoc/>
    protected override void Add(Span<double> x, ReadOnlySpan<double> update)
    {
        for (int i = 0; i < x.Length; i++)
        {
            x[i] += update[i];
        }
    }

    private static TWeights ToAttention(CheckpointLayer<double> layer)
    {
        TWeights weights = TAttention.ZeroWeights();
        layer.CopyAttentionTo(weights);
        return weights;
    }
}
