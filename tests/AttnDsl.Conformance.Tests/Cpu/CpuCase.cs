using System;
using System.Linq;
using System.Reflection;
using AttnDsl.Conformance.Tests.Layers;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>A stack under test: the CPU backend, the truth in double precision, and what a plain loop in single precision makes of it.</summary>
/// <param name="Name">Name of the annotated class.</param>
/// <param name="Reference">In double precision.</param>
/// <param name="Single">In single precision: the yardstick.</param>
/// <param name="Cpu">The backend.</param>
internal sealed record CpuCase(string Name, ILayer<double> Reference, ILayer<float> Single, ICpuLayer Cpu)
{
    /// <summary>The parts of an annotated class.</summary>
    public static CpuCase Of(Type annotated)
    {
        Type cpu = Nested(annotated, "Cpu");
        Type weights = Nested(annotated, "Weights`1").MakeGenericType(typeof(float));
        Type? cache = annotated.GetNestedType("Cache");
        Type layer = cache is null ? typeof(CpuLayer<,>).MakeGenericType(cpu, weights) : typeof(CachedCpuLayer<,,>).MakeGenericType(cpu, weights, cache);
        return new CpuCase(
            annotated.Name,
            Plain<double>(Nested(annotated, "Reference"), annotated, cache is not null),
            Plain<float>(Nested(annotated, "ReferenceSingle"), annotated, cache is not null),
            (ICpuLayer)Activator.CreateInstance(layer)!);
    }

    /// <summary>Weights with every tensor filled, in both precisions; matrices are scaled so that logits stay within about ±20, as in a trained layer.</summary>
    public (AttentionWeights<double> Wide, AttentionWeights<float> Narrow) Weights(int seed)
    {
        AttentionWeights<double> wide = Numbers.RandomWeights(Reference, seed);
        foreach (WeightTensor<double> tensor in wide.Tensors.Where(tensor => tensor.Shape.Length > 1))
        {
            double factor = 2 / Math.Sqrt(tensor.Shape[^1]);
            for (int i = 0; i < tensor.Data.Length; i++)
            {
                tensor.Data[i] *= factor;
            }
        }

        return Rounded(wide);
    }

    /// <summary>The same numbers in both precisions.</summary>
    public (AttentionWeights<double> Wide, AttentionWeights<float> Narrow) Rounded(AttentionWeights<double> weights)
    {
        AttentionWeights<float> narrow = Single.Zeros();
        weights.CopyTo(narrow);
        narrow.CopyTo(weights);
        return (weights, narrow);
    }

    private static ILayer<T> Plain<T>(Type reference, Type annotated, bool cached)
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
    {
        Type weights = Nested(annotated, "Weights`1").MakeGenericType(typeof(T));
        Type layer = (cached ? typeof(CachedLayer<,,>) : typeof(Layer<,,>)).MakeGenericType(reference, weights, typeof(T));
        return (ILayer<T>)Activator.CreateInstance(layer)!;
    }

    private static Type Nested(Type annotated, string name) =>
        annotated.GetNestedType(name, BindingFlags.Public | BindingFlags.NonPublic) ?? throw new InvalidOperationException($"{annotated.Name} has no {name}.");
}
