using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttnDsl.Cpu;

/// <content>From sums to outputs.</content>
internal unsafe partial struct QueryTile<TLanes, TScore, TMask, TValue>
{
    private const double Ln2 = 0.69314718055994530942;

    /// <summary>Divides by the sums and writes the rows; after <see cref="Attend"/> returned true.</summary>
    /// <param name="sink">A logit that takes part in the denominator only, or −∞.</param>
    /// <param name="output">First output vector of the head.</param>
    /// <param name="outputStride">Floats from token to token.</param>
    /// <param name="lse">First log-sum of the head, or null.</param>
    /// <param name="lseStride">Floats from token to token.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(float sink, float* output, long outputStride, float* lse, long lseStride)
    {
        for (int lane = 0; lane < Rows; lane++)
        {
            float sum = _sums[lane];
            float maximum = _maximum[lane];
            if (lse != null)
            {
                lse[lane * lseStride] = sum == 0 ? float.NegativeInfinity : (float)((maximum + Math.Log2(sum)) * Ln2);
            }

            float total = float.IsNegativeInfinity(sink) ? sum : sum + MathF.Pow(2, (float)((sink / Ln2) - maximum));

            // From here on the sums are factors.
            _sums[lane] = sum == 0 ? 0 : 1 / total;
        }

        for (int lane = Rows; lane < _vectors * TLanes.Count; lane++)
        {
            _sums[lane] = 0;
        }

        for (int lane = 0; lane < Rows; lane += 4)
        {
            WriteRows(lane, Math.Min(Rows - lane, 4), output + (lane * outputStride), outputStride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void WriteRows(int lane, int count, float* output, long stride)
    {
        int lanes = Lanes;
        Vector128<float> factor = Vector128.Load(_sums + lane);
        float* from = _output + lane;
        int channel = 0;
        if (count == 4)
        {
            for (; channel + 4 <= ValueWidth; channel += 4)
            {
                Vector128<float> a = Vector128.Load(from) * factor;
                Vector128<float> b = Vector128.Load(from + lanes) * factor;
                Vector128<float> c = Vector128.Load(from + (2 * lanes)) * factor;
                Vector128<float> d = Vector128.Load(from + (3 * lanes)) * factor;
                Transpose4.Apply(ref a, ref b, ref c, ref d);
                a.Store(output + channel);
                b.Store(output + stride + channel);
                c.Store(output + (2 * stride) + channel);
                d.Store(output + (3 * stride) + channel);
                from += 4 * lanes;
            }
        }

        for (; channel < ValueWidth; channel++, from += lanes)
        {
            Vector128<float> value = Vector128.Load(from) * factor;
            for (int row = 0; row < count; row++)
            {
                output[(row * stride) + channel] = value.GetElement(row);
            }
        }
    }
}
