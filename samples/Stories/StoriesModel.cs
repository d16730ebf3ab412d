using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;
using System.Threading;

namespace Stories;

/// <summary>
/// The Llama of llama2.c around a generated attention: per layer x += attention(norm(x)), then x += down(silu(gate(norm(x))) * up(norm(x)));
/// logits = classifier(norm(x)). What computes each of these is a subclass's choice.
/// </summary>
/// <typeparam name="T">Scalars of the arithmetic.</typeparam>
/// <typeparam name="TCache">The attention's cache.</typeparam>
public abstract class StoriesModel<T, TCache> : IStoryteller
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Added to the mean square in every norm.</summary>
    protected const double NormEps = 1e-5;

    private readonly Checkpoint<T> checkpoint;

    /// <summary>A model over loaded weights.</summary>
    protected StoriesModel(Checkpoint<T> checkpoint) => this.checkpoint = checkpoint;

    /// <inheritdoc/>
    public int VocabSize => checkpoint.Header.VocabSize;

    /// <inheritdoc/>
    public int SequenceLength => checkpoint.Header.SequenceLength;

    /// <summary>An empty sequence.</summary>
    public Story<T, TCache> Begin() => new(this, checkpoint.Layers.Select(_ => CreateCache()).ToArray(), new Buffers<T>(checkpoint.Header));

    /// <summary>Logits after each token of a whole sequence, without a cache.</summary>
    /// <param name="tokens">The sequence, at most <see cref="SequenceLength"/> tokens.</param>
    /// <param name="cancellationToken">Stops between and inside layers.</param>
    /// <returns>[tokens, vocab]</returns>
    /// <exception cref="ArgumentException">A token out of range, or no or too many tokens.</exception>
    public T[] Logits(ReadOnlySpan<int> tokens, CancellationToken cancellationToken = default)
    {
        Check(tokens, past: 0);
        return Run(tokens, new Buffers<T>(checkpoint.Header), caches: null, cancellationToken).ToArray();
    }

    /// <summary>Logits after each of some further tokens of a story, which afterwards is longer by them.</summary>
    /// <param name="tokens">Any number of new tokens.</param>
    /// <param name="story">From <see cref="Begin"/>, grown by earlier calls.</param>
    /// <param name="cancellationToken">Stops between and inside layers; the story is then of no further use.</param>
    /// <returns>[tokens, vocab], until the story's next call.</returns>
    /// <exception cref="ArgumentException">A token out of range, no tokens, more than <see cref="SequenceLength"/> in all, or another model's story.</exception>
    public ReadOnlySpan<T> Logits(ReadOnlySpan<int> tokens, Story<T, TCache> story, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(story);
        if (!ReferenceEquals(story.Model, this))
        {
            throw new ArgumentException("Expected a story that this model began, actual another model's.", nameof(story));
        }

        Check(tokens, story.Length);
        ReadOnlySpan<T> logits = Run(tokens, story.Buffers, story.LayerCaches, cancellationToken);
        story.Length += tokens.Length;
        return logits;
    }

    /// <inheritdoc/>
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
            Story<T, TCache> story = Begin();
            var next = new int[1];
            for (int made = 0; made < count; made++)
            {
                next[0] = sampler.Next(Logits(made == 0 ? tokens : next, story)[^VocabSize..]);
                if (next[0] == Tokenizer.BeginOfSequence)
                {
                    yield break;
                }

                yield return next[0];
            }
        }
    }

    /// <summary>An empty cache of one sequence.</summary>
    protected abstract TCache CreateCache();

    /// <summary>y = attention(x) of one layer.</summary>
    /// <param name="layer">Number of the layer.</param>
    /// <param name="x">[tokens, dim]</param>
    /// <param name="y">[tokens, dim], overwritten.</param>
    /// <param name="tokens">New tokens.</param>
    /// <param name="cache">Holds the layer's earlier tokens and receives these; null: these are all.</param>
    /// <param name="cancellationToken">Stops the attention.</param>
    protected abstract void Attend(int layer, ReadOnlySpan<T> x, Span<T> y, int tokens, TCache? cache, CancellationToken cancellationToken);

    /// <summary>y = x / rms(x) * weight, row by row of the weight's width.</summary>
    protected abstract void Norm(ReadOnlySpan<T> x, T[] weight, Span<T> y);

    /// <summary>y [tokens, out] = x [tokens, in] times the transpose of weight [out, in].</summary>
    protected abstract void Linear(ReadOnlySpan<T> x, T[] weight, Span<T> y, int tokens);

    /// <summary>gate = silu(gate) * up</summary>
    protected abstract void Gate(Span<T> gate, ReadOnlySpan<T> up);

    /// <summary>x += update</summary>
    protected abstract void Add(Span<T> x, ReadOnlySpan<T> update);

    private Span<T> Run(ReadOnlySpan<int> tokens, Buffers<T> buffers, TCache[]? caches, CancellationToken cancellationToken)
    {
        int count = tokens.Length;
        buffers.Reserve(count);
        Span<T> x = buffers.Stream(count), normed = buffers.Normed(count), update = buffers.Update(count);
        Span<T> gate = buffers.Gate(count), up = buffers.Up(count), logits = buffers.Logits(count);
        Embed(tokens, x);
        for (int i = 0; i < checkpoint.Layers.Count; i++)
        {
            CheckpointLayer<T> layer = checkpoint.Layers[i];
            Norm(x, layer.AttentionNorm, normed);
            Attend(i, normed, update, count, caches is null ? default : caches[i], cancellationToken);
            Add(x, update);

            Norm(x, layer.FeedForwardNorm, normed);
            Linear(normed, layer.Gate, gate, count);
            Linear(normed, layer.Up, up, count);
            Gate(gate, up);
            Linear(gate, layer.Down, update, count);
            Add(x, update);
        }

        Norm(x, checkpoint.FinalNorm, normed);
        Linear(normed, checkpoint.Classifier, logits, count);
        return logits;
    }

    private void Embed(ReadOnlySpan<int> tokens, Span<T> x)
    {
        int dim = checkpoint.Header.Dim;
        for (int t = 0; t < tokens.Length; t++)
        {
            checkpoint.TokenEmbedding.AsSpan(tokens[t] * dim, dim).CopyTo(x[(t * dim)..]);
        }
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
}
