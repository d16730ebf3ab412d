using System;
using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <content>From weights to outputs.</content>
internal unsafe partial struct DecodeChunk<TLanes, TScore, TMask, TKey, TValue>
{
    /// <param name="block">First key.</param>
    /// <param name="count">Keys.</param>
    /// <param name="hidden">Whether any key is hidden from any row.</param>
    /// <param name="to">Where the piece of the context ends: the keys up to there are needed next.</param>
    private readonly void AddValues(int block, int count, bool hidden, int to)
    {
        int done = 0;
        while (done < count)
        {
            int first = block + done;
            if (!hidden && AddCodes(first, count - done, _scores + done, to) is var coded and > 0)
            {
                done += coded;
                continue;
            }

            TValue* values = Next(Values, ValueHead, ValueWidth, first, count - done, out int run, out long stride);
            float* staged = _stageValues ? Stage(values, stride, run, ValueWidth, _valueChannels, _stagedValues) : null;

            // A hidden pair weighs 0, but 0 times an infinity or a NaN would still reach the output.
            if (hidden && !(_stageValues ? IsFinite(staged, _valueChannels.Floats, run) : IsFinite(values, stride, run)))
            {
                AddVisible(values, stride, block, done, run);
            }
            else
            {
                AddValues(values, stride, staged, run, _scores + done, KeysAhead(first + count, Math.Min(run, to - first - count)));
            }

            done += run;
        }
    }

    /// <summary>Keys of the next block.</summary>
    private readonly Lookahead KeysAhead(int first, int count)
    {
        if (count <= 0)
        {
            return Lookahead.None(_gathered);
        }

        if (Keys.Quantized is { } codes && first < codes.Borders[Batch])
        {
            return new Lookahead(codes.At(Batch, first, KeyHead), codes.Bytes(Math.Min(count, codes.Borders[Batch] - first)), _valueChannels.Loads * _valueChannels.Vectors);
        }

        TKey* keys = Keys.At(Batch, first, KeyHead);
        return !_stageKeys && Keys.TokenStride == KeyWidth && Keys.Run(Batch, first, count) == count
            ? new Lookahead(keys, (long)count * KeyWidth * sizeof(TKey), _valueChannels.Loads * _valueChannels.Vectors)
            : Lookahead.None(keys);
    }

    private readonly void AddValues(TValue* values, long stride, float* staged, int count, float* source, Lookahead ahead)
    {
        int rows = PaddedRows(RowCount);
        for (int row = 0; row < rows; row += 4)
        {
            int size = Math.Min(4, rows - row);
            float* weights = source + (row * Block);
            float* output = _output + ((long)row * _valueChannels.Floats);
            if (_stageValues)
            {
                ValueTile.Run<TLanes, float>(_valueChannels, size, staged, _valueChannels.Floats, count, weights, output, ahead);
            }
            else
            {
                ValueTile.Run<TLanes, TValue>(_valueChannels, size, values, stride, count, weights, output, ahead);
            }

            ahead = Lookahead.None(ahead.At);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly bool IsFinite<TStored>(TStored* values, long stride, int count)
        where TStored : unmanaged
    {
        TLanes zero = TLanes.Broadcast(0);
        TLanes sum = zero;
        for (int key = 0; key < count; key++, values += stride)
        {
            for (int load = 0; load < _valueChannels.Loads; load++)
            {
                TStored* at = values + _valueChannels.Start(load);
                if (typeof(TStored) == typeof(float))
                {
                    sum = TLanes.MultiplyAdd(TLanes.Load((float*)at), zero, sum);
                }
                else
                {
                    Channels.Widen((ushort*)at, out TLanes even, out TLanes odd);
                    sum = TLanes.MultiplyAdd(even, zero, sum);
                    sum = TLanes.MultiplyAdd(odd, zero, sum);
                }
            }
        }

        return TLanes.Sum(sum) == 0;
    }

    /// <summary>Key by key, only what each row sees.</summary>
    private readonly void AddVisible(TValue* values, long stride, int block, int from, int count)
    {
        int lanes = TLanes.Count;
        for (int row = 0; row < RowCount; row++)
        {
            int token = row % Tokens;
            if ((PairClass)_seen[token] == PairClass.None)
            {
                continue;
            }

            int end = from + count;
            for (int key = from / lanes * lanes; key < end; key += lanes)
            {
                TLanes.Store(_visible + key, Visible(token, Heads[row / Tokens], block, key, end));
            }

            float* output = _output + ((long)row * _valueChannels.Floats);
            for (int key = from; key < end; key++)
            {
                if (((int*)_visible)[key] != 0)
                {
                    AddValue(values + ((key - from) * stride), _scores[(row * Block) + key], output);
                }
            }
        }
    }

    private readonly void AddValue(TValue* value, float weight, float* output)
    {
        int perLoad = _valueChannels.PerLoad;
        for (int load = 0; load < _valueChannels.Loads; load++)
        {
            for (int slot = 0; slot < perLoad; slot++)
            {
                int channel = _valueChannels.At(load, slot);
                if (channel < ValueWidth)
                {
                    output[(load * perLoad) + slot] += weight * Element.Load(value + channel);
                }
            }
        }
    }
}
