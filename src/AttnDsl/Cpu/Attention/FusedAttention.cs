using System;
using System.Globalization;
using System.Threading;

namespace AttnDsl.Cpu;

/// <summary>Softmax attention without a score matrix: q, k, v to o and lse. Called by generated code.</summary>
public static partial class FusedAttention
{
    /// <summary>
    /// For score head h, query i, key j: s = score(scale · ⟨q_i, k_j⟩), −∞ where the mask hides j; o_i = Σ_j e^(s_ij − M) v_j / (Σ_j e^(s_ij − M) + e^(sink_h − M)); lse_i = ln Σ_j e^s_ij, without the sink.
    /// Where <see cref="AttendGeometry.Keep"/> is positive, only the largest weights of a query count.
    /// Rows that see no key, and padding, get o = 0 and lse = −∞. What lies in hidden or padded keys and values never reaches a result, be it NaN.
    /// Memory beside the operands is linear in the keys. Equal inputs give equal bits, whatever the number of threads.
    /// </summary>
    /// <typeparam name="TScore">The operation on scaled scores.</typeparam>
    /// <typeparam name="TMask">The visible pairs.</typeparam>
    /// <typeparam name="TKey">Storage of keys: <see cref="float"/>, or <see cref="ushort"/> for bfloat16 bits.</typeparam>
    /// <typeparam name="TValue">Storage of values, likewise.</typeparam>
    /// <param name="geometry">Heads, widths, scale.</param>
    /// <param name="query">[B, T, queryHeads, keyWidth].</param>
    /// <param name="keys">[B, S, keyHeads, keyWidth].</param>
    /// <param name="values">[B, S, valueHeads, valueWidth].</param>
    /// <param name="sinks">One logit per score head, or empty.</param>
    /// <param name="rows">B, T, S, and which of them are real.</param>
    /// <param name="score">The operation on scaled scores.</param>
    /// <param name="mask">The visible pairs.</param>
    /// <param name="output">[B, T, scoreHeads, valueWidth], overwritten; must not overlap the operands.</param>
    /// <param name="lse">[B, T, scoreHeads], overwritten, or empty.</param>
    /// <param name="threads">Threads to use at most; 0: <see cref="CpuThreads.Count"/>.</param>
    /// <param name="cancellation">Asked between pieces of work.</param>
    /// <exception cref="ArgumentException">A span has not the length its shape asks for.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the output is incomplete.</exception>
    public static unsafe void Forward<TScore, TMask, TKey, TValue>(
        AttendGeometry geometry,
        ReadOnlySpan<float> query,
        HeadRows<TKey> keys,
        HeadRows<TValue> values,
        ReadOnlySpan<float> sinks,
        TokenRows rows,
        TScore score,
        TMask mask,
        Span<float> output,
        Span<float> lse,
        int threads = 0,
        CancellationToken cancellation = default)
        where TScore : struct, IScore
        where TMask : struct, IPairMask
        where TKey : unmanaged
        where TValue : unmanaged
    {
        ArgumentNullException.ThrowIfNull(geometry);
        ArgumentNullException.ThrowIfNull(rows);
        if (geometry.Keep > 0)
        {
            // Which values count is known after all scores are.
            Decode(geometry, query, keys, values, sinks, rows, score, mask, output, lse, threads, cancellation);
            return;
        }

        threads = CpuThreads.Resolve(threads);
        Expect(nameof(query), query.Length, rows.Batch, rows.Tokens, geometry.Query.Heads, geometry.KeyWidth);
        keys.Check(nameof(keys), rows.Batch, rows.Keys, geometry.Key.Heads, geometry.KeyWidth);
        values.Check(nameof(values), rows.Batch, rows.Keys, geometry.Value.Heads, geometry.ValueWidth);
        Expect(nameof(output), output.Length, rows.Batch, rows.Tokens, geometry.ScoreHeads, geometry.ValueWidth);
        if (!sinks.IsEmpty)
        {
            Expect(nameof(sinks), sinks.Length, 1, 1, 1, geometry.ScoreHeads);
        }

        if (!lse.IsEmpty)
        {
            Expect(nameof(lse), lse.Length, 1, rows.Batch, rows.Tokens, geometry.ScoreHeads);
        }

        fixed (float* q = query, s = sinks, o = output, l = lse)
        fixed (TKey* k = keys.Values)
        fixed (TValue* v = values.Values)
        fixed (int* keyPlaces = keys.Places, valuePlaces = values.Places)
        {
            var keyRows = RowsPointer<TKey>.Of(keys, k, keyPlaces);
            var valueRows = RowsPointer<TValue>.Of(values, v, valuePlaces);
            switch (Simd.Current)
            {
                case SimdPath.Vector512:
                    ForwardCall<Lanes512, TScore, TMask, TKey, TValue>.Rent().Run(geometry, rows, score, mask, q, keyRows, valueRows, s, o, l, threads, cancellation);
                    break;
                case SimdPath.Vector256:
                    ForwardCall<Lanes256, TScore, TMask, TKey, TValue>.Rent().Run(geometry, rows, score, mask, q, keyRows, valueRows, s, o, l, threads, cancellation);
                    break;
                default:
                    ForwardCall<Lanes128, TScore, TMask, TKey, TValue>.Rent().Run(geometry, rows, score, mask, q, keyRows, valueRows, s, o, l, threads, cancellation);
                    break;
            }
        }
    }

    private static void Expect(string parameter, int length, int a, int b, int c, int d)
    {
        long expected = (long)a * b * c * d;
        if (length != expected)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"{parameter}: expected [{a}, {b}, {c}, {d}], {expected} elements, got {length}"),
                parameter);
        }
    }
}
