using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Goldens;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Caches;

/// <summary>A prompt and single tokens over codes of four bits, as the authors' code runs them: through the generated reference and the generated kernels.</summary>
[Collection(GoldenTests.Name)]
public sealed class QuantizedDecodeTests(ITestOutputHelper output)
{
    private const string Recording = "kv-cache-kivi-decode-int4";
    private const int Batch = 2;
    private const int Prompt = 37;
    private const int Steps = 14;

    // The recording's softmax is in float32.
    private const double Tolerance = 1e-6;

    [Fact]
    public void The_reference_gives_the_recorded_outputs()
    {
        using SafetensorsFile? file = Open();
        if (file is null)
        {
            return;
        }

        var weights = QuantizedRecording.Weights<double>.Zeros();
        Load(file, weights);
        (double[] x, double[] y) = (file.ReadDouble("x"), file.ReadDouble("y"));
        ReferenceCache<double> cache = QuantizedRecording.Reference.CreateCache(Batch);
        Near(Part(y, 0, Prompt), QuantizedRecording.Reference.Prefill(weights, Part(x, 0, Prompt), cache, TokenRows.Uniform(Batch, Prompt)), Tolerance);
        for (int step = 0; step < Steps; step++)
        {
            Near(Part(y, Prompt + step, 1), QuantizedRecording.Reference.Decode(weights, Part(x, Prompt + step, 1), cache), Tolerance);
        }
    }

    [Fact]
    public void Kernels_give_the_recorded_outputs()
    {
        using SafetensorsFile? file = Open();
        if (file is null)
        {
            return;
        }

        var exact = QuantizedRecording.Weights<double>.Zeros();
        Load(file, exact);
        var weights = QuantizedRecording.Weights<float>.Zeros();
        exact.CopyTo(weights);
        float[] x = Array.ConvertAll(file.ReadDouble("x"), value => (float)value);
        double[] y = file.ReadDouble("y");
        var cache = new QuantizedRecording.Cache(Batch);
        var given = new float[Batch * Prompt * QuantizedRecording.Spec.Dim];
        QuantizedRecording.Cpu.Prefill(weights, Part(x, 0, Prompt), given, cache, TokenRows.Uniform(Batch, Prompt));
        Near(Part(y, 0, Prompt), Array.ConvertAll(given, value => (double)value), 5e-6);
        var next = new float[Batch * QuantizedRecording.Spec.Dim];

        // A scalar next to the border between two codes may fall to the other side in single precision: that is one step of its scale, in one scalar.
        for (int step = 0; step < Steps; step++)
        {
            QuantizedRecording.Cpu.Decode(weights, Part(x, Prompt + step, 1), next, cache);
            Near(Part(y, Prompt + step, 1), Array.ConvertAll(next, value => (double)value), 2e-2);
        }
    }

    [Fact]
    public void Codes_and_scalars_are_as_many_as_recorded()
    {
        using SafetensorsFile? file = Open();
        if (file is null)
        {
            return;
        }

        var cache = new QuantizedRecording.Cache(Batch);
        (CacheQuantization keys, CacheQuantization values) = (cache.Streams[0].Quantization!, cache.Streams[1].Quantization!);
        long[] recorded = file.ReadInt64("lengths_kq_kfull_vq_vfull");
        long[] ours = [.. Enumerable.Range(Prompt, Steps + 1).SelectMany(length => new long[]
        {
            keys.Border(length), length - keys.Border(length), values.Border(length), length - values.Border(length),
        })];
        Assert.Equal(recorded, ours);
    }

    private SafetensorsFile? Open()
    {
        GoldenSummary.Count(Recording, present: false);
        string? path = Shared.Find($"goldens/{Recording}.safetensors", output);
        GoldenSummary.Count(Recording, path is not null);
        return path is null ? null : SafetensorsFile.Open(path);
    }

    private static void Load(SafetensorsFile file, QuantizedRecording.Weights<double> weights)
    {
        file.ReadDouble("W_q").CopyTo(weights.QProj.Data, 0);
        file.ReadDouble("W_k").CopyTo(weights.KProj.Data, 0);
        file.ReadDouble("W_v").CopyTo(weights.VProj.Data, 0);
        file.ReadDouble("W_o").CopyTo(weights.OProj.Data, 0);
    }

    private static T[] Part<T>(T[] whole, int first, int count)
    {
        int dim = QuantizedRecording.Spec.Dim;
        int row = whole.Length / Batch;
        return [.. Enumerable.Range(0, Batch).SelectMany(b => whole.AsSpan((b * row) + (first * dim), count * dim).ToArray())];
    }

    private void Near(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        double off = expected.Zip(actual, (e, a) => Math.Abs(e - a)).Max();
        output.WriteLine(FormattableString.Invariant($"off by {off:E1} of {tolerance:E0}"));
        Assert.True(off <= tolerance, FormattableString.Invariant($"off by {off}"));
    }
}

/// <summary>The recording's layer.</summary>
[Attention(dim: 48, heads: 3)]
[Rope(theta: 10000)]
[Causal]
[QuantizedCache(bits: 4, Group = 8, Residual = 16)]
public partial class QuantizedRecording;
