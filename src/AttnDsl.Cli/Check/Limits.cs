using System;

namespace AttnDsl.Cli.Check;

/// <summary>How far a result may be off; every number of the tool that decides between ok and MISS is here.</summary>
internal static class Limits
{
    /// <summary>
    /// Double reference against the recording: a factor times max(1, largest recorded magnitude). 1e-9 where the recording is float64
    /// throughout (such recordings agree to about 1e-14), 1e-6 where float32 took part, and four units of rounding of the narrower types.
    /// </summary>
    public static double AgainstRecording(Tensor recorded, bool throughFloat32)
    {
        double factor = recorded.Dtype switch
        {
            SafetensorsDtype.Float16 => 4 * Math.Pow(2, -11),
            SafetensorsDtype.BFloat16 => 4 * Math.Pow(2, -8),
            SafetensorsDtype.Float64 when !throughFloat32 => 1e-9,
            _ => 1e-6,
        };
        return factor * Scale(recorded.Data);
    }

    /// <summary>
    /// The reference in another number type, and backends in double, against the double reference on equally rounded inputs:
    /// 2e-6 · sqrt(longest sum) · max(1, largest magnitude) for float, 1e-12 instead of 2e-6 for double. The formulas are the same, so
    /// only rounding is left, and it grows like a random walk.
    /// </summary>
    public static double AgainstReference(ScalarKind dtype, long terms, double[] reference)
    {
        double unit = dtype == ScalarKind.F32 ? 2e-6 : 1e-12;
        return unit * Math.Sqrt(terms) * Scale(reference);
    }

    /// <summary>
    /// A backend against the double reference on equally rounded inputs: twice the error that the naive formulas make in the same type
    /// (three times for gradients, whose sums a backend orders most differently), and 4 epsilon of the largest magnitude, since the
    /// naive formulas may happen to be exact. Errors are the largest absolute ones. What goes over a bfloat16 cache gets 2^-8 of the
    /// largest magnitude more. A cached number is off by up to 2^-8 of itself. The yardstick runs over equally rounded keys and values,
    /// so twice its error holds what the storage costs, the logits' part included; but it sees each token's own key and value before the
    /// rounding, and where a backend's number lies next to the middle between two neighbours the two round apart. Outputs are weighted
    /// sums of the cached values, so these differences are of that size.
    /// </summary>
    /// <param name="dtype">The backend's number type.</param>
    /// <param name="quantity">What is compared.</param>
    /// <param name="yardstick">Error of the naive formulas in that type, over the same storage; one that is no number allows nothing.</param>
    /// <param name="reference">Numbers of the double reference.</param>
    /// <param name="roundsCache">The backend stores some of what it caches in bfloat16.</param>
    public static double AgainstYardstick(ScalarKind dtype, string quantity, double yardstick, double[] reference, bool roundsCache)
    {
        double factor = Quantities.IsGradient(quantity) ? 3 : 2;
        double floor = 4 * dtype.Epsilon();
        if (roundsCache && Quantities.IsOverCache(quantity))
        {
            floor += Math.Pow(2, -8);
        }

        return (double.IsFinite(yardstick) ? factor * yardstick : 0) + (floor * Largest(reference, atLeast: 0));
    }

    private static double Scale(double[] values) => Largest(values, atLeast: 1);

    private static double Largest(double[] values, double atLeast)
    {
        double largest = atLeast;
        foreach (double value in values)
        {
            // A NaN or infinity must not widen the limit; it fails the comparison by itself.
            if (double.IsFinite(value))
            {
                largest = Math.Max(largest, Math.Abs(value));
            }
        }

        return largest;
    }
}
