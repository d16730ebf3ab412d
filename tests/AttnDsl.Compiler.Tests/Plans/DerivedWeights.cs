using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Plan;

namespace AttnDsl.Compiler.Tests.Plans;

/// <summary>Numbers for all weights of a plan, given those of the stored ones.</summary>
public static class DerivedWeights
{
    public static Dictionary<string, double[]> Of(AttentionPlan plan, IReadOnlyDictionary<string, double[]> stored)
    {
        var all = new Dictionary<string, double[]>(stored);
        foreach (PlanWeight weight in plan.Weights.Where(w => !w.IsStored))
        {
            all[weight.Name] = weight.Derivation switch
            {
                HeadSlice slice => Slice(slice, all[slice.Source], weight),
                BlockPermutation permutation => Permute(permutation, all[permutation.Source], plan.Weights.Single(w => w.Name == permutation.Source)),
                _ => throw new ArgumentOutOfRangeException(nameof(plan), weight.Derivation, "no such derivation"),
            };
        }

        return all;
    }

    /// <summary>Normal numbers, small enough to keep softmaxes soft.</summary>
    public static Dictionary<string, double[]> Random(AttentionPlan plan, int seed = 5) => Of(plan, plan.Weights
        .Where(w => w.IsStored)
        .ToDictionary(w => w.Name, w => PlanSetting.Normal((int)w.Count, (w.Name.Sum(c => c * 17) * 100) + seed, 0.4)));

    private static double[] Slice(HeadSlice slice, double[] source, PlanWeight weight)
    {
        int columns = (int)weight.Type.Channels.Size;
        double[][] heads = source.Chunk(source.Length / (int)slice.Heads).ToArray();
        return heads.SelectMany(h => h.Skip((int)slice.From * columns).Take((int)slice.Rows * columns)).ToArray();
    }

    private static double[] Permute(BlockPermutation permutation, double[] source, PlanWeight weight)
    {
        int[] shape = weight.Type.Dims.Select(d => (int)d.Size).ToArray();
        (int outer, int extent, int inner) = Broadcast.Around(shape, permutation.Axis);
        int block = (int)permutation.BlockSize;
        return Enumerable.Range(0, outer)
            .SelectMany(o => Enumerable.Range(0, extent).SelectMany(at =>
            {
                int from = (permutation.Order[at / block] * block) + (at % block);
                return source.Skip(((o * extent) + from) * inner).Take(inner);
            }))
            .ToArray();
    }
}
