using System;
using System.Linq;
using System.Numerics;
using System.Runtime.InteropServices;
using AttnDsl;
using AttnDsl.Cpu;
using Stories;

namespace Serving;

/// <summary>The Llama of llama2.c over a ragged batch: one block of new tokens, some per row, through all layers over one stack of paged caches.</summary>
public sealed class ServingModel
{
    private const double NormEps = 1e-5;

    private readonly Checkpoint<float> checkpoint;
    private readonly ServingAttention.Weights<float>[] attention;
    private float[] stream = [], normed = [], update = [], gate = [], up = [], last = [], logits = [];

    private ServingModel(Checkpoint<float> checkpoint)
    {
        this.checkpoint = checkpoint;
        attention = checkpoint.Layers.Select(layer =>
        {
            ServingAttention.Weights<float> weights = ServingAttention.Weights<float>.Zeros();
            layer.CopyAttentionTo(weights);
            return weights;
        }).ToArray();
    }

    /// <summary>Number of tokens there are.</summary>
    public int VocabSize => checkpoint.Header.VocabSize;

    /// <summary>Longest sequence the model was trained for.</summary>
    public int SequenceLength => checkpoint.Header.SequenceLength;

    /// <summary>Number of layers.</summary>
    public int Layers => attention.Length;

    /// <summary>Loads a checkpoint; see <see cref="Checkpoint{T}.Load"/> for what is refused.</summary>
    /// <param name="path">The file.</param>
    public static ServingModel Load(string path) => new(Checkpoint<float>.Load(path, ServingAttention.Cpu.Shape));

    /// <summary>Runs new tokens of every row and appends them to the caches.</summary>
    /// <param name="tokens">[rows, <paramref name="width"/>], padded.</param>
    /// <param name="counts">New tokens of each row, 0 to <paramref name="width"/>.</param>
    /// <param name="width">Tokens of a row, padding included.</param>
    /// <param name="wanted">For each row the number of its last tokens whose logits are wanted.</param>
    /// <param name="caches">One cache per layer, on one stack.</param>
    /// <returns>Logits of the wanted tokens, row after row, [wanted, vocab], until the next call.</returns>
    public ReadOnlySpan<float> Run(ReadOnlySpan<int> tokens, ReadOnlySpan<int> counts, int width, ReadOnlySpan<int> wanted, ServingAttention.Cache[] caches)
    {
        TokenRows block = TokenRows.Ragged(counts, width);
        int all = tokens.Length, dim = checkpoint.Header.Dim, hidden = checkpoint.Header.HiddenDim;
        Span<float> x = Room(ref stream, all * dim), y = Room(ref normed, all * dim), z = Room(ref update, all * dim);
        Span<float> g = Room(ref gate, all * hidden), u = Room(ref up, all * hidden);
        for (int t = 0; t < all; t++)
        {
            checkpoint.TokenEmbedding.AsSpan(tokens[t] * dim, dim).CopyTo(x[(t * dim)..]);
        }

        for (int i = 0; i < attention.Length; i++)
        {
            CheckpointLayer<float> layer = checkpoint.Layers[i];
            RmsNorm.Apply(x, layer.AttentionNorm, y, dim, NormEps, onePlus: false);
            ServingAttention.Cpu.Prefill(attention[i], y, z, caches[i], block);
            Elementwise.Add(x, z, x, [x.Length], [x.Length]);
            RmsNorm.Apply(x, layer.FeedForwardNorm, y, dim, NormEps, onePlus: false);
            Linear.Apply(y, layer.Gate, bias: [], g, all, dim, hidden);
            Linear.Apply(y, layer.Up, bias: [], u, all, dim, hidden);
            Gate(g, u);
            Linear.Apply(g, layer.Down, bias: [], z, all, hidden, dim);
            Elementwise.Add(x, z, x, [x.Length], [x.Length]);
        }

        // The head is the largest product: only the tokens that somebody asks about go through it.
        int asked = 0;
        foreach (int count in wanted)
        {
            asked += count;
        }

        Span<float> ends = Room(ref last, asked * dim), scores = Room(ref logits, asked * VocabSize);
        int at = 0;
        for (int row = 0; row < counts.Length; row++)
        {
            for (int t = counts[row] - wanted[row]; t < counts[row]; t++)
            {
                x.Slice(((row * width) + t) * dim, dim).CopyTo(ends[(at++ * dim)..]);
            }
        }

        if (asked > 0)
        {
            Span<float> head = y[..(asked * dim)];
            RmsNorm.Apply(ends, checkpoint.FinalNorm, head, dim, NormEps, onePlus: false);
            Linear.Apply(head, checkpoint.Classifier, bias: [], scores, asked, dim, VocabSize);
        }

        return scores;
    }

    private static void Gate(Span<float> gate, ReadOnlySpan<float> up)
    {
        Span<Vector<float>> gates = MemoryMarshal.Cast<float, Vector<float>>(gate);
        ReadOnlySpan<Vector<float>> ups = MemoryMarshal.Cast<float, Vector<float>>(up);
        for (int i = 0; i < gates.Length; i++)
        {
            gates[i] *= ups[i] / (Vector<float>.One + Vector.Exp(-gates[i]));
        }

        for (int i = gates.Length * Vector<float>.Count; i < gate.Length; i++)
        {
            gate[i] *= up[i] / (1 + MathF.Exp(-gate[i]));
        }
    }

    private static Span<float> Room(ref float[] memory, int length)
    {
        if (memory.Length < length)
        {
            memory = new float[length];
        }

        return memory.AsSpan(0, length);
    }
}
