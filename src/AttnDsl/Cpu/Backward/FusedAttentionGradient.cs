using System;
using System.Threading;
using AttnDsl.Runtime;

namespace AttnDsl.Cpu;

/// <summary>Gradients of <see cref="FusedAttention"/> without a score matrix. Called by generated code.</summary>
public static class FusedAttentionGradient
{
    /// <summary>
    /// Gradients of q, k, v and the sinks from that of the output. With p_ij = e^(s_ij − lse_i), times the keys' share of the denominator where there is a sink, and D_i = ⟨dO_i, o_i⟩, per score head h:
    /// dv_j = Σ_i p_ij dO_i; dz_ij = p_ij (⟨dO_i, v_j⟩ − D_i) · score'(z_ij) · scale; dq_i = Σ_j dz_ij k_j; dk_j = Σ_i dz_ij q_i; dsink_h = −Σ_i (1 − share_i) D_i.
    /// Heads that several score heads read get the sum over these.
    /// Rows that see no key (their lse is −∞) and padding neither give nor get a gradient: theirs is exactly 0. What lies in hidden or padded places never reaches a result, be it NaN.
    /// Memory beside the operands is linear in queries and keys. Equal inputs give equal bits, whatever the number of threads.
    /// </summary>
    /// <typeparam name="TScore">The operation on scaled scores, with its derivative.</typeparam>
    /// <typeparam name="TMask">The visible pairs.</typeparam>
    /// <param name="geometry">Heads, widths, scale.</param>
    /// <param name="query">[B, T, queryHeads, keyWidth].</param>
    /// <param name="key">[B, S, keyHeads, keyWidth].</param>
    /// <param name="value">[B, S, valueHeads, valueWidth].</param>
    /// <param name="sinks">One logit per score head, or empty.</param>
    /// <param name="output">[B, T, scoreHeads, valueWidth], as the forward gave it.</param>
    /// <param name="lse">[B, T, scoreHeads], as the forward gave it: natural, without the sink.</param>
    /// <param name="outputGradient">[B, T, scoreHeads, valueWidth].</param>
    /// <param name="rows">B, T, S, and which of them are real.</param>
    /// <param name="score">The operation on scaled scores.</param>
    /// <param name="mask">The visible pairs.</param>
    /// <param name="queryGradient">As query, overwritten. No result may overlap an operand or another result.</param>
    /// <param name="keyGradient">As key, overwritten.</param>
    /// <param name="valueGradient">As value, overwritten.</param>
    /// <param name="sinkGradient">As sinks, overwritten; empty without sinks.</param>
    /// <param name="threads">Threads to use at most; 0: <see cref="CpuThreads.Count"/>.</param>
    /// <param name="cancellation">Asked between pieces of work.</param>
    /// <exception cref="ArgumentException">A span has not the length its shape asks for.</exception>
    /// <exception cref="NotSupportedException">The geometry selects values.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the results are incomplete.</exception>
    public static unsafe void Backward<TScore, TMask>(
        AttendGeometry geometry,
        ReadOnlySpan<float> query,
        ReadOnlySpan<float> key,
        ReadOnlySpan<float> value,
        ReadOnlySpan<float> sinks,
        ReadOnlySpan<float> output,
        ReadOnlySpan<float> lse,
        ReadOnlySpan<float> outputGradient,
        TokenRows rows,
        TScore score,
        TMask mask,
        Span<float> queryGradient,
        Span<float> keyGradient,
        Span<float> valueGradient,
        Span<float> sinkGradient,
        int threads = 0,
        CancellationToken cancellation = default)
        where TScore : struct, IScore
        where TMask : struct, IPairMask
    {
        ArgumentNullException.ThrowIfNull(geometry);
        ArgumentNullException.ThrowIfNull(rows);
        if (geometry.Keep > 0)
        {
            throw new NotSupportedException("a core that selects values has no gradient");
        }

        threads = CpuThreads.Resolve(threads);
        Check.Length(nameof(query), query.Length, rows.Batch, rows.Tokens, geometry.Query.Heads, geometry.KeyWidth);
        Check.Length(nameof(key), key.Length, rows.Batch, rows.Keys, geometry.Key.Heads, geometry.KeyWidth);
        Check.Length(nameof(value), value.Length, rows.Batch, rows.Keys, geometry.Value.Heads, geometry.ValueWidth);
        Check.Length(nameof(output), output.Length, rows.Batch, rows.Tokens, geometry.ScoreHeads, geometry.ValueWidth);
        Check.Length(nameof(lse), lse.Length, rows.Batch, rows.Tokens, geometry.ScoreHeads);
        Check.Length(nameof(outputGradient), outputGradient.Length, rows.Batch, rows.Tokens, geometry.ScoreHeads, geometry.ValueWidth);
        Check.Length(nameof(queryGradient), queryGradient.Length, rows.Batch, rows.Tokens, geometry.Query.Heads, geometry.KeyWidth);
        Check.Length(nameof(keyGradient), keyGradient.Length, rows.Batch, rows.Keys, geometry.Key.Heads, geometry.KeyWidth);
        Check.Length(nameof(valueGradient), valueGradient.Length, rows.Batch, rows.Keys, geometry.Value.Heads, geometry.ValueWidth);
        if (!sinks.IsEmpty)
        {
            Check.Length(nameof(sinks), sinks.Length, geometry.ScoreHeads);
        }

        Check.Length(nameof(sinkGradient), sinkGradient.Length, sinks.Length);
        fixed (float* q = query, k = key, v = value, s = sinks, o = output, l = lse, g = outputGradient)
        fixed (float* dq = queryGradient, dk = keyGradient, dv = valueGradient, ds = sinkGradient)
        {
            var pointers = new BackwardPointers
            {
                Query = q,
                Key = k,
                Value = v,
                Sinks = s,
                Output = o,
                Lse = l,
                OutputGradient = g,
                QueryGradient = dq,
                KeyGradient = dk,
                ValueGradient = dv,
                SinkGradient = ds,
            };
            switch (Simd.Current)
            {
                case SimdPath.Vector512:
                    BackwardCall<Lanes512, TScore, TMask>.Rent().Run(geometry, rows, score, mask, in pointers, threads, cancellation);
                    break;
                case SimdPath.Vector256:
                    BackwardCall<Lanes256, TScore, TMask>.Rent().Run(geometry, rows, score, mask, in pointers, threads, cancellation);
                    break;
                default:
                    BackwardCall<Lanes128, TScore, TMask>.Rent().Run(geometry, rows, score, mask, in pointers, threads, cancellation);
                    break;
            }
        }
    }
}
