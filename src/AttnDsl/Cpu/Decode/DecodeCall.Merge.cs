using System;
using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <content>From pieces to outputs.</content>
internal sealed unsafe partial class DecodeCall<TLanes, TScore, TMask, TKey, TValue>
{
    private const double Ln2 = 0.69314718055994530942;

    /// <summary>Brings the pieces of a batch row and pack to one maximum, adds them in their order and divides by the sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Merge(int batch, int pack, float* results, int pieces)
    {
        int[] heads = _geometry.Packs.Heads(pack);
        int tokens = _rows.Count(batch);
        int padded = DecodeChunk<TLanes, TScore, TMask, TKey, TValue>.PaddedRows(heads.Length * tokens);
        Channels channels = DecodeChunk<TLanes, TScore, TMask, TKey, TValue>.Cut<TValue>(_geometry.ValueWidth, out _);
        for (int row = 0; row < heads.Length * tokens; row++)
        {
            float* maxima = results + row;
            float* sums = results + padded + row;
            float* outputs = results + Workspace.Padded(2L * padded) + ((long)row * channels.Floats);
            float maximum = float.NegativeInfinity;
            for (int piece = 0; piece < pieces; piece++)
            {
                float one = maxima[piece * _resultFloats];
                maximum = one > maximum ? one : maximum;
            }

            float sum = 0;
            for (int piece = 0; piece < pieces; piece++)
            {
                sum += sums[piece * _resultFloats] * Factor(maxima[piece * _resultFloats], sums[piece * _resultFloats], maximum);
            }

            int head = heads[row / tokens];
            long place = ((((long)batch * _rows.Tokens) + (row % tokens)) * _geometry.ScoreHeads) + head;
            if (_lse != null)
            {
                _lse[place] = sum == 0 ? float.NegativeInfinity : (float)((maximum + Math.Log2(sum)) * Ln2);
            }

            float sink = _sinks == null ? float.NegativeInfinity : _sinks[head];
            float total = float.IsNegativeInfinity(sink) ? sum : sum + MathF.Pow(2, (float)((sink / Ln2) - maximum));
            float inverse = sum == 0 ? 0 : 1 / total;
            for (int piece = 0; piece < pieces; piece++)
            {
                float factor = inverse * Factor(maxima[piece * _resultFloats], sums[piece * _resultFloats], maximum);
                Add(outputs, outputs + (piece * _resultFloats), TLanes.Broadcast(factor), channels.Floats, piece == 0);
            }

            Write(channels, outputs, _output + (place * _geometry.ValueWidth));
        }
    }

    /// <summary>What a piece's weights are worth at the common maximum; 0 for one that saw no key.</summary>
    private static float Factor(float maximum, float sum, float common) =>
        sum == 0 ? 0 : maximum == common ? 1 : MathF.Pow(2, maximum - common);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add(float* target, float* source, TLanes factor, int count, bool first)
    {
        for (int i = 0; i < count; i += TLanes.Count)
        {
            TLanes value = TLanes.Load(source + i) * factor;
            TLanes.Store(target + i, first ? value : value + TLanes.Load(target + i));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Write(in Channels channels, float* source, float* target)
    {
        int width = _geometry.ValueWidth;
        int perLoad = channels.PerLoad;
        for (int load = 0; load < channels.Loads; load++, source += perLoad)
        {
            if (channels.Vectors == 1)
            {
                int start = channels.Start(load);
                new ReadOnlySpan<float>(source, Math.Min(perLoad, width - start)).CopyTo(new Span<float>(target + start, width - start));
                continue;
            }

            float* even = target + channels.Start(load);
            for (int pair = 0; pair < TLanes.Count; pair++)
            {
                even[2 * pair] = source[pair];
                even[(2 * pair) + 1] = source[TLanes.Count + pair];
            }
        }
    }

    /// <summary>Queries that see nothing, and padding.</summary>
    private void WriteBlind(int batch, int pack, int tile, int firstToken)
    {
        int end = Math.Min(_rows.Tokens, (tile + 1) * _tile);
        foreach (int head in _geometry.Packs.Heads(pack))
        {
            for (int token = (tile * _tile) + firstToken; token < end; token++)
            {
                long place = ((((long)batch * _rows.Tokens) + token) * _geometry.ScoreHeads) + head;
                new Span<float>(_output + (place * _geometry.ValueWidth), _geometry.ValueWidth).Clear();
                if (_lse != null)
                {
                    _lse[place] = float.NegativeInfinity;
                }
            }
        }
    }
}
