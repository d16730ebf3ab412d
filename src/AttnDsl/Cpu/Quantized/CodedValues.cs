using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttnDsl.Cpu;

/// <summary>
/// O += P V for values that are codes with a scale s and a minimum z per token and group of channels: Σ (w s) code + Σ w z, so that scales are multiplied once per weight and group, and no value is ever a scalar in memory.
/// Codes are left where they lie in their words, so outputs come in an order, and times factors, of their own, which are undone once, at the end.
/// </summary>
internal static unsafe class CodedValues
{
    /// <summary>Whether values stored so are added as codes.</summary>
    public static bool Supports<TLanes>(QuantizedLayout layout)
        where TLanes : unmanaged, IKernelLanes<TLanes> =>
        CodeLanes.Supports<TLanes>() && !layout.PerChannel && layout.Quantization.Group % (2 * TLanes.Count) == 0;

    // Masks and factors of the lanes.
    private const int Most = 16;

    // Values beyond this could exceed what a float holds while codes lie where they lie.
    private const float Largest = 1e28f;

    /// <summary>Floats of scratch for the lanes, the scales and minima of a block of values, and the weights of a group of rows.</summary>
    public static int ScratchFloats(QuantizedLayout layout) => (2 * Most) + (((2 * layout.Scales) + 4) * ValueTile.WeightRow);

    /// <summary>Masks and factors of the lanes, at the beginning of the scratch.</summary>
    public static void Begin<TLanes>(QuantizedLayout layout, float* scratch)
        where TLanes : unmanaged, IKernelLanes<TLanes>
    {
        for (int lane = 0; lane < TLanes.Count; lane++)
        {
            Channel<TLanes>(layout, lane, out int shift);
            ((int*)scratch)[lane] = ((1 << layout.Quantization.Bits) - 1) << shift;
            scratch[Most + lane] = 1 << shift;
        }
    }

    /// <summary>One row of outputs as it should be.</summary>
    /// <param name="layout">How the codes lie.</param>
    /// <param name="output">Outputs of <see cref="Run{TLanes}"/>, [width].</param>
    /// <param name="target">[width].</param>
    public static void End<TLanes>(QuantizedLayout layout, float* output, float* target)
        where TLanes : unmanaged, IKernelLanes<TLanes>
    {
        int step = 2 * TLanes.Count;
        for (int i = 0; i < layout.Width; i++)
        {
            target[(i / step * step) + Channel<TLanes>(layout, i % step, out int shift)] = output[i] / (1 << shift);
        }
    }

    /// <summary>Brings the scales and minima of a block of values together, zeros behind them.</summary>
    /// <param name="layout">How the codes lie.</param>
    /// <param name="values">First value.</param>
    /// <param name="count">Values.</param>
    /// <param name="scratch">Behind the lanes: scales, then minima, [2, scales, <see cref="ValueTile.WeightRow"/>].</param>
    /// <returns>Whether all values are small enough to be added.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Collect(QuantizedLayout layout, int* values, int count, float* scratch)
    {
        float* scales = scratch + (2 * Most);
        int rows = 2 * layout.Scales;
        float* from = (float*)values + layout.CodeWords;
        int stride = layout.UnitWords;
        int token = 0;
        for (; token + 4 <= count; token += 4, from += 4 * stride)
        {
            int row = 0;
            for (; row + 4 <= rows; row += 4)
            {
                Vector128<float> a = Vector128.Load(from + row);
                Vector128<float> b = Vector128.Load(from + stride + row);
                Vector128<float> c = Vector128.Load(from + (2 * stride) + row);
                Vector128<float> d = Vector128.Load(from + (3 * stride) + row);
                Transpose4.Apply(ref a, ref b, ref c, ref d);
                float* to = scales + (row * ValueTile.WeightRow) + token;
                a.Store(to);
                b.Store(to + ValueTile.WeightRow);
                c.Store(to + (2 * ValueTile.WeightRow));
                d.Store(to + (3 * ValueTile.WeightRow));
            }

            for (; row < rows; row++)
            {
                Vector128.Create(from[row], from[stride + row], from[(2 * stride) + row], from[(3 * stride) + row]).Store(scales + (row * ValueTile.WeightRow) + token);
            }
        }

        for (int row = 0; row < rows; row++)
        {
            float* to = scales + (row * ValueTile.WeightRow);
            for (int i = token; i < ValueTile.WeightRow; i++)
            {
                to[i] = i < count ? from[((long)(i - token) * stride) + row] : 0;
            }
        }

        Vector256<float> largest = Vector256.Create(Largest);
        Vector256<float> fits = Vector256<float>.AllBitsSet;
        float* end = scales + (rows * ValueTile.WeightRow);
        for (float* at = scales; at < end; at += Vector256<float>.Count)
        {
            fits &= Vector256.LessThan(Vector256.Abs(Vector256.Load(at)), largest);
        }

        return Vector256.EqualsAll(fits.AsInt32(), Vector256<int>.AllBitsSet);
    }

    /// <summary>Adds a block of values to a group of outputs.</summary>
    /// <param name="layout">How the codes lie.</param>
    /// <param name="values">First value.</param>
    /// <param name="count">Values, <see cref="ValueTile.WeightRow"/> at most.</param>
    /// <param name="scratch">What <see cref="Collect"/> brought together; behind it, room for four rows of weights.</param>
    /// <param name="weights">[rows, <see cref="ValueTile.WeightRow"/>]; finite also behind the last value.</param>
    /// <param name="rows">Rows of the group: 4, 2 or 1.</param>
    /// <param name="output">[rows, width], in their own order.</param>
    /// <param name="ahead">Memory that will be needed next.</param>
    public static void Run<TLanes>(QuantizedLayout layout, int* values, int count, float* scratch, float* weights, int rows, float* output, Lookahead ahead)
        where TLanes : unmanaged, IKernelLanes<TLanes>
    {
        switch (layout.Quantization.Bits)
        {
            case 2:
                Run<TLanes, TwoBits>(layout, values, count, scratch, weights, rows, output, ahead);
                break;
            case 4:
                Run<TLanes, FourBits>(layout, values, count, scratch, weights, rows, output, ahead);
                break;
            default:
                Run<TLanes, EightBits>(layout, values, count, scratch, weights, rows, output, ahead);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TLanes, TBits>(QuantizedLayout layout, int* values, int count, float* scratch, float* weights, int rows, float* output, Lookahead ahead)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where TBits : struct, ICodeBits
    {
        int group = layout.Quantization.Group;
        int step = 2 * TLanes.Count;
        int width = layout.Width;
        long stride = (long)layout.UnitWords * sizeof(int);
        float* scales = scratch + (2 * Most);
        float* scaled = scales + (2L * layout.Scales * ValueTile.WeightRow);
        float* offsets = stackalloc float[4];
        for (int channel = 0; channel < width; channel += step)
        {
            if (channel % group == 0)
            {
                float* own = scales + (channel / group * ValueTile.WeightRow);
                Scale<TLanes>(weights, rows, count, own, own + (layout.Scales * ValueTile.WeightRow), scaled, offsets);
            }

            byte* codes = (byte*)values + (channel * TBits.Count / 8);
            switch (rows)
            {
                case 4:
                    Four<TLanes, TBits>(codes, stride, count, scaled, scratch, offsets, output + channel, width);
                    break;
                case 2:
                    Two<TLanes, TBits>(codes, stride, count, scaled, scratch, offsets, output + channel, width);
                    break;
                default:
                    One<TLanes, TBits>(codes, stride, count, scaled, scratch, offsets, output + channel);
                    break;
            }

            ahead.Advance<TLanes>(ahead.At, 2);
        }
    }

    private static int Channel<TLanes>(QuantizedLayout layout, int lane, out int shift)
        where TLanes : unmanaged, IKernelLanes<TLanes> => layout.Quantization.Bits switch
        {
            2 => CodeLanes.Place<TLanes, TwoBits>(lane, out shift),
            4 => CodeLanes.Place<TLanes, FourBits>(lane, out shift),
            _ => CodeLanes.Place<TLanes, EightBits>(lane, out shift),
        };

    /// <summary>w s, and Σ w z of every row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scale<TLanes>(float* weights, int rows, int count, float* scales, float* minima, float* scaled, float* offsets)
        where TLanes : unmanaged, IKernelLanes<TLanes>
    {
        for (int row = 0; row < rows; row++)
        {
            TLanes sum = default;
            float* w = weights + (row * ValueTile.WeightRow);
            float* to = scaled + (row * ValueTile.WeightRow);
            for (int i = 0; i < count; i += TLanes.Count)
            {
                TLanes weight = TLanes.Load(w + i);
                sum = TLanes.MultiplyAdd(weight, TLanes.Load(minima + i), sum);
                TLanes.Store(to + i, weight * TLanes.Load(scales + i));
            }

            offsets[row] = TLanes.Sum(sum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four<TLanes, TBits>(byte* codes, long stride, int count, float* weights, float* lanesOf, float* offsets, float* output, int outputRow)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where TBits : struct, ICodeBits
    {
        int lanes = TLanes.Count;
        TLanes mask = TLanes.Load(lanesOf);
        TLanes factor = TLanes.Load(lanesOf + Most);
        TLanes a0 = TLanes.MultiplyAdd(factor, TLanes.Broadcast(offsets[0]), TLanes.Load(output));
        TLanes b0 = TLanes.MultiplyAdd(factor, TLanes.Broadcast(offsets[0]), TLanes.Load(output + lanes));
        TLanes a1 = TLanes.MultiplyAdd(factor, TLanes.Broadcast(offsets[1]), TLanes.Load(output + outputRow));
        TLanes b1 = TLanes.MultiplyAdd(factor, TLanes.Broadcast(offsets[1]), TLanes.Load(output + outputRow + lanes));
        TLanes a2 = TLanes.MultiplyAdd(factor, TLanes.Broadcast(offsets[2]), TLanes.Load(output + (2 * outputRow)));
        TLanes b2 = TLanes.MultiplyAdd(factor, TLanes.Broadcast(offsets[2]), TLanes.Load(output + (2 * outputRow) + lanes));
        TLanes a3 = TLanes.MultiplyAdd(factor, TLanes.Broadcast(offsets[3]), TLanes.Load(output + (3 * outputRow)));
        TLanes b3 = TLanes.MultiplyAdd(factor, TLanes.Broadcast(offsets[3]), TLanes.Load(output + (3 * outputRow) + lanes));
        float* end = weights + count;
        for (; weights + 1 < end; weights += 2, codes += 2 * stride)
        {
            CodeLanes.Spread<TLanes, TBits>(codes, mask, out TLanes x, out TLanes y);
            TLanes w0 = TLanes.Broadcast(*weights);
            a0 = TLanes.MultiplyAdd(x, w0, a0);
            b0 = TLanes.MultiplyAdd(y, w0, b0);
            TLanes w1 = TLanes.Broadcast(weights[ValueTile.WeightRow]);
            a1 = TLanes.MultiplyAdd(x, w1, a1);
            b1 = TLanes.MultiplyAdd(y, w1, b1);
            TLanes w2 = TLanes.Broadcast(weights[2 * ValueTile.WeightRow]);
            a2 = TLanes.MultiplyAdd(x, w2, a2);
            b2 = TLanes.MultiplyAdd(y, w2, b2);
            TLanes w3 = TLanes.Broadcast(weights[3 * ValueTile.WeightRow]);
            a3 = TLanes.MultiplyAdd(x, w3, a3);
            b3 = TLanes.MultiplyAdd(y, w3, b3);
            CodeLanes.Spread<TLanes, TBits>(codes + stride, mask, out TLanes z, out TLanes u);
            TLanes v0 = TLanes.Broadcast(weights[1]);
            a0 = TLanes.MultiplyAdd(z, v0, a0);
            b0 = TLanes.MultiplyAdd(u, v0, b0);
            TLanes v1 = TLanes.Broadcast(weights[ValueTile.WeightRow + 1]);
            a1 = TLanes.MultiplyAdd(z, v1, a1);
            b1 = TLanes.MultiplyAdd(u, v1, b1);
            TLanes v2 = TLanes.Broadcast(weights[(2 * ValueTile.WeightRow) + 1]);
            a2 = TLanes.MultiplyAdd(z, v2, a2);
            b2 = TLanes.MultiplyAdd(u, v2, b2);
            TLanes v3 = TLanes.Broadcast(weights[(3 * ValueTile.WeightRow) + 1]);
            a3 = TLanes.MultiplyAdd(z, v3, a3);
            b3 = TLanes.MultiplyAdd(u, v3, b3);
        }

        if (weights != end)
        {
            CodeLanes.Spread<TLanes, TBits>(codes, mask, out TLanes x, out TLanes y);
            TLanes w0 = TLanes.Broadcast(*weights);
            a0 = TLanes.MultiplyAdd(x, w0, a0);
            b0 = TLanes.MultiplyAdd(y, w0, b0);
            TLanes w1 = TLanes.Broadcast(weights[ValueTile.WeightRow]);
            a1 = TLanes.MultiplyAdd(x, w1, a1);
            b1 = TLanes.MultiplyAdd(y, w1, b1);
            TLanes w2 = TLanes.Broadcast(weights[2 * ValueTile.WeightRow]);
            a2 = TLanes.MultiplyAdd(x, w2, a2);
            b2 = TLanes.MultiplyAdd(y, w2, b2);
            TLanes w3 = TLanes.Broadcast(weights[3 * ValueTile.WeightRow]);
            a3 = TLanes.MultiplyAdd(x, w3, a3);
            b3 = TLanes.MultiplyAdd(y, w3, b3);
        }

        TLanes.Store(output, a0);
        TLanes.Store(output + lanes, b0);
        TLanes.Store(output + outputRow, a1);
        TLanes.Store(output + outputRow + lanes, b1);
        TLanes.Store(output + (2 * outputRow), a2);
        TLanes.Store(output + (2 * outputRow) + lanes, b2);
        TLanes.Store(output + (3 * outputRow), a3);
        TLanes.Store(output + (3 * outputRow) + lanes, b3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Two<TLanes, TBits>(byte* codes, long stride, int count, float* weights, float* lanesOf, float* offsets, float* output, int outputRow)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where TBits : struct, ICodeBits
    {
        int lanes = TLanes.Count;
        TLanes mask = TLanes.Load(lanesOf);
        TLanes factor = TLanes.Load(lanesOf + Most);
        TLanes a0 = TLanes.MultiplyAdd(factor, TLanes.Broadcast(offsets[0]), TLanes.Load(output));
        TLanes b0 = TLanes.MultiplyAdd(factor, TLanes.Broadcast(offsets[0]), TLanes.Load(output + lanes));
        TLanes a1 = TLanes.MultiplyAdd(factor, TLanes.Broadcast(offsets[1]), TLanes.Load(output + outputRow));
        TLanes b1 = TLanes.MultiplyAdd(factor, TLanes.Broadcast(offsets[1]), TLanes.Load(output + outputRow + lanes));
        float* end = weights + count;
        for (; weights != end; weights++, codes += stride)
        {
            CodeLanes.Spread<TLanes, TBits>(codes, mask, out TLanes x, out TLanes y);
            TLanes w0 = TLanes.Broadcast(*weights);
            a0 = TLanes.MultiplyAdd(x, w0, a0);
            b0 = TLanes.MultiplyAdd(y, w0, b0);
            TLanes w1 = TLanes.Broadcast(weights[ValueTile.WeightRow]);
            a1 = TLanes.MultiplyAdd(x, w1, a1);
            b1 = TLanes.MultiplyAdd(y, w1, b1);
        }

        TLanes.Store(output, a0);
        TLanes.Store(output + lanes, b0);
        TLanes.Store(output + outputRow, a1);
        TLanes.Store(output + outputRow + lanes, b1);
    }

    // Two values at a time: two sums alone would wait for each other.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One<TLanes, TBits>(byte* codes, long stride, int count, float* weights, float* lanesOf, float* offsets, float* output)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where TBits : struct, ICodeBits
    {
        int lanes = TLanes.Count;
        TLanes mask = TLanes.Load(lanesOf);
        TLanes factor = TLanes.Load(lanesOf + Most);
        TLanes a0 = TLanes.MultiplyAdd(factor, TLanes.Broadcast(offsets[0]), TLanes.Load(output));
        TLanes b0 = TLanes.MultiplyAdd(factor, TLanes.Broadcast(offsets[0]), TLanes.Load(output + lanes));
        TLanes a1 = default;
        TLanes b1 = default;
        float* end = weights + count;
        for (; weights + 1 < end; weights += 2, codes += 2 * stride)
        {
            CodeLanes.Spread<TLanes, TBits>(codes, mask, out TLanes x, out TLanes y);
            TLanes w0 = TLanes.Broadcast(*weights);
            a0 = TLanes.MultiplyAdd(x, w0, a0);
            b0 = TLanes.MultiplyAdd(y, w0, b0);
            CodeLanes.Spread<TLanes, TBits>(codes + stride, mask, out TLanes z, out TLanes u);
            TLanes w1 = TLanes.Broadcast(weights[1]);
            a1 = TLanes.MultiplyAdd(z, w1, a1);
            b1 = TLanes.MultiplyAdd(u, w1, b1);
        }

        if (weights != end)
        {
            CodeLanes.Spread<TLanes, TBits>(codes, mask, out TLanes x, out TLanes y);
            TLanes w0 = TLanes.Broadcast(*weights);
            a0 = TLanes.MultiplyAdd(x, w0, a0);
            b0 = TLanes.MultiplyAdd(y, w0, b0);
        }

        TLanes.Store(output, a0 + a1);
        TLanes.Store(output + lanes, b0 + b1);
    }
}
