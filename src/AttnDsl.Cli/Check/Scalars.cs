using System;
using System.Numerics;

namespace AttnDsl.Cli.Check;

/// <summary>Conversions between the recording's double and a backend's number type.</summary>
internal static class Scalars
{
    /// <summary>Rounds to the nearest <typeparamref name="T"/>.</summary>
    public static T[] Convert<T>(double[] values)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Array.ConvertAll(values, T.CreateSaturating);

    /// <summary>Widens to double.</summary>
    public static double[] Widen<T>(T[] values)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Array.ConvertAll(values, double.CreateSaturating);
}
