using System;
using System.Linq;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Threading;
using AttnDsl;
using AttnDsl.Cpu;

namespace Stories;

/// <summary>The model in single precision on the CPU backend. A token allocates nothing once a story has grown its buffers.</summary>
public sealed class CpuModel : StoriesModel<float, StoriesAttention.Cache>
{
    // No product of this model is large enough for the kernels to share it: more threads change nothing.
    private const int Threads = 1;

    private readonly StoriesAttention.Weights<float>[] attention;

    private CpuModel(Checkpoint<float> checkpoint)
        : base(checkpoint) => attention = checkpoint.Layers.Select(ToAttention).ToArray();

    /// <summary>Loads a checkpoint; see <see cref="Checkpoint{T}.Load"/> for what is refused.</summary>
    /// <param name="path">The file.</param>
    public static CpuModel Load(string path) => new(Checkpoint<float>.Load(path, StoriesAttention.Cpu.Shape));

    /// <inheritdoc/>
    protected override StoriesAttention.Cache CreateCache() => new(batch: 1, capacity: SequenceLength);

    /// <inheritdoc/>
    protected override void Attend(
        int layer, ReadOnlySpan<float> x, Span<float> y, int tokens, StoriesAttention.Cache? cache, CancellationToken cancellationToken)
    {
        StoriesAttention.Weights<float> weights = attention[layer];
        if (cache is null)
        {
            StoriesAttention.Cpu.Forward(weights, x, y, batch: 1, tokens, Threads, cancellationToken);
        }
        else if (tokens == 1)
        {
            StoriesAttention.Cpu.Decode(weights, x, y, cache, Threads, cancellationToken);
        }
        else
        {
            StoriesAttention.Cpu.Prefill(weights, x, y, cache, TokenRows.Uniform(1, tokens), Threads, cancellationToken);
        }
    }

    /// <inheritdoc/>
    protected override void Norm(ReadOnlySpan<float> x, float[] weight, Span<float> y) =>
        RmsNorm.Apply(x, weight, y, weight.Length, NormEps, onePlus: false, Threads);

    /// <inheritdoc/>
    protected override void Linear(ReadOnlySpan<float> x, float[] weight, Span<float> y, int tokens) =>
        AttnDsl.Cpu.Linear.Apply(x, weight, bias: [], y, tokens, input: x.Length / tokens, output: y.Length / tokens, threads: Threads);

    /// <inheritdoc/>
    protected override void Gate(Span<float> gate, ReadOnlySpan<float> up)
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

    /// <inheritdoc/>
    protected override void Add(Span<float> x, ReadOnlySpan<float> update) => Elementwise.Add(x, update, x, [x.Length], [x.Length], Threads);

    private static StoriesAttention.Weights<float> ToAttention(CheckpointLayer<float> layer)
    {
        StoriesAttention.Weights<float> weights = StoriesAttention.Weights<float>.Zeros();
        layer.CopyAttentionTo(weights);
        return weights;
    }
}
