using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using AttnDsl;

namespace Stories;

/// <summary>
/// The Llama of llama2.c around a generated attention: per layer x += attention(norm(x)), then x += down(silu(gate(norm(x))) * up(norm(x)));
/// logits = classifier(norm(x)). Everything in double precision, like the reference backend it runs on.
/// </summary>
/// <typeparam name="TAttention">The generated attention that every layer shares.</typeparam>
/// <typeparam name="TWeights">Its weights.</typeparam>
public sealed class StoriesModel<TAttention, TWeights>
    where TAttention : ICachedAttentionReference<TWeights, double>
    where TWeights : AttentionWeights<double>
{
    private const double NormEps = 1e-5;

    private readonly Checkpoint checkpoint;
    private readonly TWeights[] attention;

    private StoriesModel(Checkpoint checkpoint)
    {
        this.checkpoint = checkpoint;
        attention = checkpoint.Layers.Select(ToAttention).ToArray();
    }

    /// <summary>Number of tokens the model knows.</summary>
    public int VocabSize => checkpoint.Header.VocabSize;

    /// <summary>Largest number of positions the model was trained for.</summary>
    public int SequenceLength => checkpoint.Header.SequenceLength;

    /// <summary>Loads a checkpoint; see <see cref="Checkpoint.Load"/> for what is refused.</summary>
    /// <param name="path">The file.</param>
    public static StoriesModel<TAttention, TWeights> Load(string path) => new(Checkpoint.Load(path, TAttention.Shape));

    /// <summary>Empty caches, one per layer: the beginning of a sequence.</summary>
    public ReferenceCache<double>[] CreateCaches() => checkpoint.Layers.Select(_ => TAttention.CreateCache(1)).ToArray();

    /// <summary>Logits after each token of a whole sequence, without a cache.</summary>
    /// <param name="tokens">The sequence, at most <see cref="SequenceLength"/> tokens.</param>
    /// <param name="cancellationToken">Stops between and inside layers.</param>
    /// <returns>[tokens, vocab]</returns>
    /// <exception cref="ArgumentException">A token out of range, or no or too many tokens.</exception>
    public double[] Logits(ReadOnlySpan<int> tokens, CancellationToken cancellationToken = default)
    {
        Check(tokens, past: 0);
        double[] x = Embed(tokens);
        TokenRows rows = TokenRows.Uniform(1, tokens.Length);
        for (int layer = 0; layer < attention.Length; layer++)
        {
            double[] normed = Norm(x, checkpoint.Layers[layer].AttentionNorm);
            Add(x, TAttention.Forward(attention[layer], normed, rows, cancellationToken));
            FeedForward(x, checkpoint.Layers[layer]);
        }

        return Classify(x);
    }

    /// <summary>Logits after each of some further tokens; the caches hold what came before and afterwards these tokens too.</summary>
    /// <param name="tokens">Any number of new tokens.</param>
    /// <param name="caches">From <see cref="CreateCaches"/>, grown by earlier calls.</param>
    /// <param name="cancellationToken">Stops between and inside layers; the caches are then of no further use.</param>
    /// <returns>[tokens, vocab]</returns>
    /// <exception cref="ArgumentException">A token out of range, no tokens, more than <see cref="SequenceLength"/> in all, or another model's caches.</exception>
    public double[] Logits(ReadOnlySpan<int> tokens, IReadOnlyList<ReferenceCache<double>> caches, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(caches);
        if (caches.Count != attention.Length)
        {
            throw new ArgumentException(FormattableString.Invariant($"Expected {attention.Length} caches, one per layer, actual {caches.Count}."), nameof(caches));
        }

        Check(tokens, caches[0].Length(0));
        double[] x = Embed(tokens);
        TokenRows rows = TokenRows.Uniform(1, tokens.Length);
        for (int layer = 0; layer < attention.Length; layer++)
        {
            double[] normed = Norm(x, checkpoint.Layers[layer].AttentionNorm);
            Add(x, tokens.Length == 1
                ? TAttention.Decode(attention[layer], normed, caches[layer], cancellationToken)
                : TAttention.Prefill(attention[layer], normed, caches[layer], rows, cancellationToken));
            FeedForward(x, checkpoint.Layers[layer]);
        }

        return Classify(x);
    }

    /// <summary>Continues a prompt, one token at a time, until the model begins another story.</summary>
    /// <param name="prompt">At least one token; the whole prompt is one prefill.</param>
    /// <param name="sampler">Chooses each token.</param>
    /// <param name="count">Largest number of new tokens; together with the prompt at most <see cref="SequenceLength"/>.</param>
    /// <exception cref="ArgumentException">The prompt is empty, or prompt and new tokens are too many.</exception>
    public IEnumerable<int> Continue(IReadOnlyList<int> prompt, Sampler sampler, int count)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(sampler);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        int[] tokens = prompt.ToArray();
        Check(tokens, past: 0, nameof(prompt));
        if (count > SequenceLength - tokens.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(count), count, FormattableString.Invariant(
                $"Expected at most {SequenceLength - tokens.Length} tokens after a prompt of {tokens.Length}: the model was trained for {SequenceLength} positions."));
        }

        return Run();

        IEnumerable<int> Run()
        {
            ReferenceCache<double>[] caches = CreateCaches();
            for (int made = 0; made < count; made++)
            {
                int next = sampler.Next(Logits(tokens, caches).AsSpan(^VocabSize..));
                if (next == Tokenizer.BeginOfSequence)
                {
                    yield break;
                }

                yield return next;
                tokens = [next];
            }
        }
    }

    private static TWeights ToAttention(CheckpointLayer layer)
    {
        TWeights weights = TAttention.ZeroWeights();
        layer.Query.CopyTo(weights["q_proj.weight"].Data, 0);
        layer.Key.CopyTo(weights["k_proj.weight"].Data, 0);
        layer.Value.CopyTo(weights["v_proj.weight"].Data, 0);
        layer.Output.CopyTo(weights["o_proj.weight"].Data, 0);
        return weights;
    }

    private void Check(ReadOnlySpan<int> tokens, int past, string parameter = "tokens")
    {
        int room = SequenceLength - past;
        if (tokens.IsEmpty || tokens.Length > room)
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"Expected 1 to {room} tokens ({SequenceLength} positions, {past} taken), actual {tokens.Length}."), parameter);
        }

        foreach (int token in tokens)
        {
            if ((uint)token >= (uint)VocabSize)
            {
                throw new ArgumentOutOfRangeException(parameter, token, FormattableString.Invariant($"Expected tokens from 0 to {VocabSize - 1}."));
            }
        }
    }

    private double[] Embed(ReadOnlySpan<int> tokens)
    {
        int dim = checkpoint.Header.Dim;
        var x = new double[tokens.Length * dim];
        for (int t = 0; t < tokens.Length; t++)
        {
            checkpoint.TokenEmbedding.AsSpan(tokens[t] * dim, dim).CopyTo(x.AsSpan(t * dim));
        }

        return x;
    }

    private double[] Classify(double[] x) => Linear(Norm(x, checkpoint.FinalNorm), checkpoint.Classifier, checkpoint.Header.Dim);

    private void FeedForward(double[] x, CheckpointLayer layer)
    {
        double[] normed = Norm(x, layer.FeedForwardNorm);
        double[] hidden = Linear(normed, layer.Gate, checkpoint.Header.Dim);
        double[] up = Linear(normed, layer.Up, checkpoint.Header.Dim);
        for (int i = 0; i < hidden.Length; i++)
        {
            hidden[i] *= up[i] / (1 + Math.Exp(-hidden[i]));
        }

        Add(x, Linear(hidden, layer.Down, checkpoint.Header.HiddenDim));
    }

    /// <summary>Root-mean-square norm of each row of the weight's width.</summary>
    private static double[] Norm(double[] x, double[] weight)
    {
        var result = new double[x.Length];
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
                result[row + i] = weight[i] * scale * x[row + i];
            }
        }

        return result;
    }

    /// <summary>x [rows, width] times the transpose of weight [out, width].</summary>
    private static double[] Linear(double[] x, double[] weight, int width)
    {
        int rows = x.Length / width, outputs = weight.Length / width;
        var result = new double[rows * outputs];
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<double> input = x.AsSpan(row * width, width);
            for (int output = 0; output < outputs; output++)
            {
                ReadOnlySpan<double> weights = weight.AsSpan(output * width, width);
                double sum = 0;
                for (int i = 0; i < width; i++)
                {
                    sum += input[i] * weights[i];
                }

                result[row * outputs + output] = sum;
            }
        }

        return result;
    }

    private static void Add(double[] x, double[] update)
    {
        for (int i = 0; i < x.Length; i++)
        {
            x[i] += update[i];
        }
    }
}
