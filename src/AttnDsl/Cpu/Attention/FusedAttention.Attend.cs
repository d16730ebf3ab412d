using System;
using System.Threading;

namespace AttnDsl.Cpu;

/// <content>The choice between the kernels.</content>
public static partial class FusedAttention
{
    /// <summary>
    /// Queries per row up to which the kernel that reads every key once for all of them wins: it takes a few queries at a time, while a register tile of the other holds 48 of them (AVX-512) however few there are.
    /// </summary>
    private const int FewQueries = 8;

    /// <summary><see cref="Forward"/> for many queries a row, <see cref="Decode"/> for few: the same function.</summary>
    /// <inheritdoc cref="Forward"/>
    public static void Attend<TScore, TMask, T>(
        AttendGeometry geometry,
        ReadOnlySpan<float> query,
        HeadRows<T> keys,
        HeadRows<T> values,
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
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (rows.Tokens <= FewQueries)
        {
            Decode(geometry, query, keys, values, sinks, rows, score, mask, output, lse, threads, cancellation);
        }
        else
        {
            Forward(geometry, query, keys, values, sinks, rows, score, mask, output, lse, threads, cancellation);
        }
    }
}
