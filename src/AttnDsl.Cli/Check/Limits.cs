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
    /// Another number type against the double reference on equally rounded inputs: 2e-6 · sqrt(longest sum) · max(1, largest magnitude)
    /// for float. The formulas are the same, so only rounding is left, and it grows like a random walk.
    /// </summary>
    public static double AgainstReference(ScalarKind dtype, long terms, double[] reference)
    {
        double unit = dtype == ScalarKind.F32 ? 2e-6 : 1e-12;
        return unit * Math.Sqrt(terms) * Scale(reference);
    }

    private static double Scale(double[] values)
    {
        double largest = 1;
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
