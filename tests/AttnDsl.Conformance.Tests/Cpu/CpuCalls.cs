using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>Calls that return arrays. What they return was NaN before the call: an element that the backend forgets to write shows.</summary>
internal static class CpuCalls
{
    public static float[] Nans(int count) => [.. Enumerable.Repeat(float.NaN, count)];

    public static float[] Narrow(IEnumerable<double> numbers) => [.. numbers.Select(number => (float)number)];

    public static double[] Wide(IEnumerable<float> numbers) => [.. numbers.Select(number => (double)number)];

    public static float[] Random(int seed, int count) => Narrow(Numbers.Random(seed, count));

    public static float[] Forward(this CpuCase layer, AttentionWeights<float> weights, float[] x, TokenRows rows, int threads = 0)
    {
        float[] y = Nans(x.Length);
        layer.Cpu.Forward(weights, x, y, rows, threads);
        return y;
    }

    public static (float[] Input, AttentionWeights<float> Weights) Backward(this CpuCase layer, AttentionWeights<float> weights, float[] x, float[] g, TokenRows rows, int threads = 0)
    {
        float[] dx = Nans(x.Length);
        AttentionWeights<float> gradients = NanWeights(layer);
        layer.Cpu.Backward(weights, x, g, dx, gradients, rows, threads);
        return (dx, gradients);
    }

    public static float[] Prefill(this CpuCase layer, AttentionWeights<float> weights, float[] x, KvCache cache, TokenRows block, int threads = 0)
    {
        float[] y = Nans(x.Length);
        layer.Cpu.Prefill(weights, x, y, cache, block, threads);
        return y;
    }

    public static float[] Decode(this CpuCase layer, AttentionWeights<float> weights, float[] x, KvCache cache, int threads = 0)
    {
        float[] y = Nans(x.Length);
        layer.Cpu.Decode(weights, x, y, cache, threads);
        return y;
    }

    /// <summary>Rows of equal length through a cache, in chunks of the given sizes (the last one again and again); single tokens take the decoding path.</summary>
    public static float[] InChunks(this CpuCase layer, AttentionWeights<float> weights, float[] x, int batch, KvCache cache, params int[] chunks)
    {
        int dim = layer.Cpu.Shape.Dim;
        int tokens = x.Length / batch / dim;
        float[] result = Nans(x.Length);
        int index = 0;
        for (int start = 0; start < tokens;)
        {
            int count = Math.Min(chunks[Math.Min(index++, chunks.Length - 1)], tokens - start);
            float[] part = Slice(x, batch, start * dim, count * dim);
            float[] y = count == 1 ? layer.Decode(weights, part, cache) : layer.Prefill(weights, part, cache, TokenRows.Uniform(batch, count));
            for (int row = 0; row < batch; row++)
            {
                y.AsSpan(row * count * dim, count * dim).CopyTo(result.AsSpan(((row * tokens) + start) * dim));
            }

            start += count;
        }

        return result;
    }

    /// <summary>The same part of every row.</summary>
    /// <param name="values">[B, n].</param>
    /// <param name="batch">B.</param>
    /// <param name="start">First number of the part.</param>
    /// <param name="count">Numbers of the part.</param>
    public static float[] Slice(float[] values, int batch, int start, int count)
    {
        int stride = values.Length / batch;
        return [.. Enumerable.Range(0, batch).SelectMany(row => values.AsSpan((row * stride) + start, count).ToArray())];
    }

    /// <summary>All numbers of all tensors.</summary>
    public static float[] All(AttentionWeights<float> weights) => [.. weights.Tensors.SelectMany(tensor => tensor.Data)];

    public static AttentionWeights<float> NanWeights(CpuCase layer)
    {
        AttentionWeights<float> weights = layer.Single.Zeros();
        foreach (WeightTensor<float> tensor in weights.Tensors)
        {
            Array.Fill(tensor.Data, float.NaN);
        }

        return weights;
    }
}
