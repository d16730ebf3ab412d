using System;
using System.Numerics;

namespace AttnDsl;

/// <summary>Scalars of one group as whole numbers between their smallest and their largest. Computed in double whatever the scalar, so that all caches find the same codes.</summary>
internal static class AffineCodes
{
    /// <summary>The distance of two codes. NaN if a scalar of the group is not finite.</summary>
    public static double Scale(double least, double most, int highestCode) => (most - least) / highestCode;

    /// <summary>The code of a scalar; 0 in a group of equal scalars, and where nothing is finite.</summary>
    public static int Of(double x, double scale, double least, int highestCode)
    {
        double code = Math.Round((x - least) / scale, MidpointRounding.ToEven);
        return scale > 0 && code > 0 ? (int)Math.Min(code, highestCode) : 0;
    }

    /// <summary>c·s + mn, in single precision with one rounding, as kernels compute it.</summary>
    public static T Value<T>(int code, T scale, T least)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => typeof(T) == typeof(float)
        ? T.FusedMultiplyAdd(T.CreateTruncating(code), scale, least)
        : (T.CreateTruncating(code) * scale) + least;

    /// <summary>Replaces the scalars of a group by what is read of them.</summary>
    /// <param name="values">Memory.</param>
    /// <param name="first">The group's first scalar.</param>
    /// <param name="stride">From one of its scalars to the next.</param>
    /// <param name="count">Scalars of the group.</param>
    /// <param name="highestCode">2^bits − 1.</param>
    public static void Pass<T>(Span<T> values, int first, int stride, int count, int highestCode)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        double least = double.PositiveInfinity;
        double most = double.NegativeInfinity;
        for (int i = 0; i < count; i++)
        {
            double x = double.CreateTruncating(values[first + (i * stride)]);
            least = Math.Min(least, x);
            most = Math.Max(most, x);
        }

        double scale = Scale(least, most, highestCode);
        T storedScale = T.CreateTruncating(scale);
        T storedLeast = T.CreateTruncating(least);
        for (int i = 0; i < count; i++)
        {
            ref T x = ref values[first + (i * stride)];
            x = Value(Of(double.CreateTruncating(x), scale, least, highestCode), storedScale, storedLeast);
        }
    }
}
