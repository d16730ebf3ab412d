using System;
using System.Linq;

namespace AttnDsl.Compiler.Tests.Plans;

/// <summary>Flat indices of row-major arrays, one repeated over the other.</summary>
public static class Broadcast
{
    /// <summary>For every element of the wide shape, the element of the narrow one that stands over it: leading axes may be missing, extents of 1 repeat.</summary>
    public static int[] Map(int[] wide, int[] narrow)
    {
        int[] strides = new int[wide.Length];
        int stride = 1;
        for (int axis = narrow.Length - 1; axis >= 0; axis--)
        {
            strides[axis + wide.Length - narrow.Length] = narrow[axis] == 1 ? 0 : stride;
            stride *= narrow[axis];
        }

        int[] map = new int[wide.Aggregate(1, (product, extent) => product * extent)];
        int[] at = new int[wide.Length];
        int flat = 0;
        for (int i = 0; i < map.Length; i++)
        {
            map[i] = flat;
            for (int axis = wide.Length - 1; axis >= 0; axis--)
            {
                flat += strides[axis];
                if (++at[axis] < wide[axis])
                {
                    break;
                }

                flat -= strides[axis] * wide[axis];
                at[axis] = 0;
            }
        }

        return map;
    }

    /// <summary>Elements before, along and after an axis.</summary>
    public static (int Outer, int Extent, int Inner) Around(int[] shape, int axis) =>
        (shape.Take(axis).Aggregate(1, (p, e) => p * e), shape[axis], shape.Skip(axis + 1).Aggregate(1, (p, e) => p * e));
}
