using System;
using System.Threading;

namespace AttnDsl.Cpu;

/// <content>Few queries over many keys.</content>
public static partial class FusedAttention
{
    // Decoding costs time in proportion to the queries; the other kernel packs keys and values first and then takes a vector of queries for the price of one.
    // They break even at 8 queries (16 heads on one key head) to 20 (a key head of its own for each), over thousands of keys.
    private const int MostDecoded = 8;

    /// <summary><see cref="Decode"/> for a handful of queries, <see cref="Forward"/> for more.</summary>
    /// <inheritdoc cref="Forward" path="/*[not(self::summary)]"/>
    public static void Attend<TScore, TMask, TKey, TValue>(
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
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(geometry);
        if (rows.Tokens <= MostDecoded || geometry.Keep > 0)
        {
            Decode(geometry, query, keys, values, sinks, rows, score, mask, output, lse, threads, cancellation);
        }
        else
        {
            Forward(geometry, query, keys, values, sinks, rows, score, mask, output, lse, threads, cancellation);
        }
    }

    /// <summary><see cref="Forward"/> for few queries, or for any number where only some values count: keys and values are read once, as they lie, and shared by the heads that use them. Same operands, same results up to rounding.</summary>
    /// <inheritdoc cref="Forward" path="/*[not(self::summary)]"/>
    public static unsafe void Decode<TScore, TMask, TKey, TValue>(
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

            // Channels are in the lanes here: a head must fill a vector.
            int bytes = Math.Min(geometry.KeyWidth * sizeof(TKey), geometry.ValueWidth * sizeof(TValue));
            switch (Simd.Current)
            {
                case SimdPath.Vector512 when bytes >= 64:
                    DecodeCall<Lanes512, TScore, TMask, TKey, TValue>.Rent().Run(geometry, rows, score, mask, q, keyRows, valueRows, s, o, l, threads, cancellation);
                    break;
                case SimdPath.Vector512 or SimdPath.Vector256 when bytes >= 32:
                    DecodeCall<Lanes256, TScore, TMask, TKey, TValue>.Rent().Run(geometry, rows, score, mask, q, keyRows, valueRows, s, o, l, threads, cancellation);
                    break;
                default:
                    DecodeCall<Lanes128, TScore, TMask, TKey, TValue>.Rent().Run(geometry, rows, score, mask, q, keyRows, valueRows, s, o, l, threads, cancellation);
                    break;
            }
        }
    }
}
