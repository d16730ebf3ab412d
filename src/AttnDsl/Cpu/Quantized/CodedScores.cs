using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttnDsl.Cpu;

/// <summary>
/// ⟨q, k⟩ of a few queries and keys that are codes with a scale s and a minimum z per channel: Σ (q s) code + Σ q z, so that scales are multiplied once per group of tokens, and no key is ever a scalar in memory.
/// Queries are kept in groups of four rows, and a last one of one or two, [vector of channels][row][lane].
/// </summary>
internal static unsafe class CodedScores
{
    /// <summary>Keys that are scored at once: the first one's number must be a multiple of it, and their number.</summary>
    public const int Step = 4;

    /// <summary>Whether keys stored so are scored as codes.</summary>
    public static bool Supports<TLanes>(QuantizedLayout layout)
        where TLanes : unmanaged, IKernelLanes<TLanes> =>
        CodeLanes.Supports<TLanes>() && layout.PerChannel && layout.Quantization.Group % Step == 0 && layout.Width % TLanes.Count == 0;

    /// <summary>Scores of a group of queries.</summary>
    /// <param name="layout">How the codes lie.</param>
    /// <param name="head">First unit of the head.</param>
    /// <param name="token">First key.</param>
    /// <param name="count">Keys.</param>
    /// <param name="query">Queries of the group.</param>
    /// <param name="rows">How many: 4, 2 or 1.</param>
    /// <param name="scaled">Scratch, as large as the queries of the group.</param>
    /// <param name="scores">[rows, <paramref name="scoreRow"/>].</param>
    /// <param name="scoreRow">Floats from one query's scores to the next one's.</param>
    /// <param name="ahead">Memory that will be needed next.</param>
    public static void Run<TLanes>(QuantizedLayout layout, int* head, int token, int count, float* query, int rows, float* scaled, float* scores, int scoreRow, Lookahead ahead)
        where TLanes : unmanaged, IKernelLanes<TLanes>
    {
        switch (layout.Quantization.Bits)
        {
            case 2:
                Run<TLanes, TwoBits>(layout, head, token, count, query, rows, scaled, scores, scoreRow, ahead);
                break;
            case 4:
                Run<TLanes, FourBits>(layout, head, token, count, query, rows, scaled, scores, scoreRow, ahead);
                break;
            default:
                Run<TLanes, EightBits>(layout, head, token, count, query, rows, scaled, scores, scoreRow, ahead);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TLanes, TBits>(QuantizedLayout layout, int* head, int token, int count, float* query, int rows, float* scaled, float* scores, int scoreRow, Lookahead ahead)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where TBits : struct, ICodeBits
    {
        int width = layout.Width;
        int group = layout.Quantization.Group;
        float* offsets = stackalloc float[4];
        while (count > 0)
        {
            (int unit, int place) = Math.DivRem(token, layout.Unit);
            int* words = head + ((long)unit * layout.UnitWords);
            float* scales = (float*)(words + layout.CodeWords) + ((long)(place / group) * width);
            int run = Math.Min(count, group - (place % group));
            Scale<TLanes>(query, rows, scales, scales + layout.Scales, width, scaled, offsets);
            switch (rows)
            {
                case 4:
                    Four<TLanes, TBits>(words, place, run, scaled, width, offsets, scores, scoreRow, ref ahead);
                    break;
                case 2:
                    Two<TLanes, TBits>(words, place, run, scaled, width, offsets, scores, scoreRow, ref ahead);
                    break;
                default:
                    One<TLanes, TBits>(words, place, run, scaled, width, offsets, scores, ref ahead);
                    break;
            }

            token += run;
            count -= run;
            scores += run;
        }
    }

    /// <summary>q s, and Σ q z of every query.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scale<TLanes>(float* query, int rows, float* scales, float* minima, int width, float* scaled, float* offsets)
        where TLanes : unmanaged, IKernelLanes<TLanes>
    {
        int lanes = TLanes.Count;
        for (int row = 0; row < rows; row++)
        {
            TLanes sum = default;
            float* q = query + (row * lanes);
            float* to = scaled + (row * lanes);
            for (int channel = 0; channel < width; channel += lanes)
            {
                TLanes x = TLanes.Load(q);
                sum = TLanes.MultiplyAdd(x, TLanes.Load(minima + channel), sum);
                TLanes.Store(to, x * TLanes.Load(scales + channel));
                q += rows * lanes;
                to += rows * lanes;
            }

            offsets[row] = TLanes.Sum(sum);
        }
    }

    /// <summary>Undoes that codes were left where they lie in their words.</summary>
    private static float Factor(int shift) => BitConverter.Int32BitsToSingle((127 - shift) << 23);

    // 4 queries, 2 keys.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four<TLanes, TBits>(int* words, int place, int count, float* scaled, int width, float* offsets, float* scores, int scoreRow, ref Lookahead ahead)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where TBits : struct, ICodeBits
    {
        int lanes = TLanes.Count;
        int perWord = 32 / TBits.Count;
        Vector128<float> each = Vector128.Load(offsets);
        Vector256<float> offset = Vector256.Create(Vector128.Shuffle(each, Vector128.Create(0, 0, 1, 1)), Vector128.Shuffle(each, Vector128.Create(2, 2, 3, 3)));
        for (int key = place; key < place + count; key += 2, scores += 2)
        {
            int shift = key % perWord * TBits.Count;
            TLanes mask = CodeLanes.Mask<TLanes, TBits>(shift);
            int* codes = words + ((long)(key / perWord) * width);
            int* end = codes + width;
            float* q = scaled;
            TLanes s00 = default;
            TLanes s01 = default;
            TLanes s10 = default;
            TLanes s11 = default;
            TLanes s20 = default;
            TLanes s21 = default;
            TLanes s30 = default;
            TLanes s31 = default;
            for (; codes < end; codes += lanes)
            {
                // Half of the queries is loaded once and used twice, half is loaded twice: as many loads and as many moves as go beside the products.
                CodeLanes.Two<TLanes, TBits>(codes, mask, out TLanes x0, out TLanes x1);
                TLanes y0 = TLanes.Load(q);
                s00 = TLanes.MultiplyAdd(x0, y0, s00);
                s01 = TLanes.MultiplyAdd(x1, y0, s01);
                TLanes y1 = TLanes.Load(q + lanes);
                s10 = TLanes.MultiplyAdd(x0, y1, s10);
                s11 = TLanes.MultiplyAdd(x1, y1, s11);
                s20 = TLanes.MultiplyAdd(x0, TLanes.Load(q + (2 * lanes)), s20);
                s21 = TLanes.MultiplyAdd(x1, TLanes.Load(q + (2 * lanes)), s21);
                s30 = TLanes.MultiplyAdd(x0, TLanes.Load(q + (3 * lanes)), s30);
                s31 = TLanes.MultiplyAdd(x1, TLanes.Load(q + (3 * lanes)), s31);
                q += 4 * lanes;
            }

            Vector256<float> sums = (EightSums.Of(s00, s01, s10, s11, s20, s21, s30, s31) * Vector256.Create(Factor(shift))) + offset;
            *(double*)scores = sums.AsDouble().GetElement(0);
            *(double*)(scores + scoreRow) = sums.AsDouble().GetElement(1);
            *(double*)(scores + (2 * scoreRow)) = sums.AsDouble().GetElement(2);
            *(double*)(scores + (3 * scoreRow)) = sums.AsDouble().GetElement(3);
            ahead.Advance<TLanes>(ahead.At, 2);
        }
    }

    // 2 queries, 4 keys.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Two<TLanes, TBits>(int* words, int place, int count, float* scaled, int width, float* offsets, float* scores, int scoreRow, ref Lookahead ahead)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where TBits : struct, ICodeBits
    {
        int lanes = TLanes.Count;
        int perWord = 32 / TBits.Count;
        Vector256<float> offset = Vector256.Create(Vector128.Create(offsets[0]), Vector128.Create(offsets[1]));
        for (int key = place; key < place + count; key += Step, scores += Step)
        {
            int shift = key % perWord * TBits.Count;
            TLanes mask = CodeLanes.Mask<TLanes, TBits>(shift);
            int* codes = words + ((long)(key / perWord) * width);
            int* end = codes + width;
            float* q = scaled;
            TLanes s00 = default;
            TLanes s01 = default;
            TLanes s02 = default;
            TLanes s03 = default;
            TLanes s10 = default;
            TLanes s11 = default;
            TLanes s12 = default;
            TLanes s13 = default;
            for (; codes < end; codes += lanes)
            {
                CodeLanes.Four<TLanes, TBits>(codes, mask, out TLanes x0, out TLanes x1, out TLanes x2, out TLanes x3);
                TLanes y0 = TLanes.Load(q);
                s00 = TLanes.MultiplyAdd(x0, y0, s00);
                s01 = TLanes.MultiplyAdd(x1, y0, s01);
                s02 = TLanes.MultiplyAdd(x2, y0, s02);
                s03 = TLanes.MultiplyAdd(x3, y0, s03);
                TLanes y1 = TLanes.Load(q + lanes);
                s10 = TLanes.MultiplyAdd(x0, y1, s10);
                s11 = TLanes.MultiplyAdd(x1, y1, s11);
                s12 = TLanes.MultiplyAdd(x2, y1, s12);
                s13 = TLanes.MultiplyAdd(x3, y1, s13);
                q += 2 * lanes;
            }

            Vector256<float> sums = (EightSums.Of(s00, s01, s02, s03, s10, s11, s12, s13) * Vector256.Create(Factor(shift))) + offset;
            sums.GetLower().Store(scores);
            sums.GetUpper().Store(scores + scoreRow);
            ahead.Advance<TLanes>(ahead.At, Step);
        }
    }

    // 1 query, 4 keys, two vectors of channels at a time for the sake of eight sums that do not wait for each other.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One<TLanes, TBits>(int* words, int place, int count, float* scaled, int width, float* offsets, float* scores, ref Lookahead ahead)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where TBits : struct, ICodeBits
    {
        int lanes = TLanes.Count;
        int perWord = 32 / TBits.Count;
        for (int key = place; key < place + count; key += Step, scores += Step)
        {
            int shift = key % perWord * TBits.Count;
            TLanes mask = CodeLanes.Mask<TLanes, TBits>(shift);
            int* codes = words + ((long)(key / perWord) * width);
            int* end = codes + width;
            float* q = scaled;
            TLanes s0 = default;
            TLanes s1 = default;
            TLanes s2 = default;
            TLanes s3 = default;
            TLanes t0 = default;
            TLanes t1 = default;
            TLanes t2 = default;
            TLanes t3 = default;
            for (; codes + lanes < end; codes += 2 * lanes)
            {
                CodeLanes.Four<TLanes, TBits>(codes, mask, out TLanes x0, out TLanes x1, out TLanes x2, out TLanes x3);
                TLanes y0 = TLanes.Load(q);
                s0 = TLanes.MultiplyAdd(x0, y0, s0);
                s1 = TLanes.MultiplyAdd(x1, y0, s1);
                s2 = TLanes.MultiplyAdd(x2, y0, s2);
                s3 = TLanes.MultiplyAdd(x3, y0, s3);
                CodeLanes.Four<TLanes, TBits>(codes + lanes, mask, out TLanes z0, out TLanes z1, out TLanes z2, out TLanes z3);
                TLanes y1 = TLanes.Load(q + lanes);
                t0 = TLanes.MultiplyAdd(z0, y1, t0);
                t1 = TLanes.MultiplyAdd(z1, y1, t1);
                t2 = TLanes.MultiplyAdd(z2, y1, t2);
                t3 = TLanes.MultiplyAdd(z3, y1, t3);
                q += 2 * lanes;
            }

            if (codes < end)
            {
                CodeLanes.Four<TLanes, TBits>(codes, mask, out TLanes x0, out TLanes x1, out TLanes x2, out TLanes x3);
                TLanes y0 = TLanes.Load(q);
                s0 = TLanes.MultiplyAdd(x0, y0, s0);
                s1 = TLanes.MultiplyAdd(x1, y0, s1);
                s2 = TLanes.MultiplyAdd(x2, y0, s2);
                s3 = TLanes.MultiplyAdd(x3, y0, s3);
            }

            Vector256<float> sums = EightSums.Of(s0, s1, s2, s3, t0, t1, t2, t3) * Vector256.Create(Factor(shift));
            (sums.GetLower() + sums.GetUpper() + Vector128.Create(offsets[0])).Store(scores);
            ahead.Advance<TLanes>(ahead.At, Step);
        }
    }
}
