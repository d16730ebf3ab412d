using System;
using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <content>From weights to outputs.</content>
internal unsafe partial struct DecodeChunk<TLanes, TScore, TMask, T>
{
    private readonly void AddValues(T* values, int block, int count, bool hidden, Lookahead ahead)
    {
        float* staged = _stageValues ? Stage(values, ValueStride, count, ValueWidth, _valueChannels, _stagedValues) : null;

        // A hidden pair weighs 0, but 0 times an infinity or a NaN would still reach the output.
        if (hidden && !(_stageValues ? IsFinite(staged, _valueChannels.Floats, count) : IsFinite(values, ValueStride, count)))
        {
            AddVisible(values, block, count);
            return;
        }

        int rows = PaddedRows(RowCount);
        for (int row = 0; row < rows; row += 4)
        {
            int size = Math.Min(4, rows - row);
            float* weights = _scores + (row * Block);
            float* output = _output + ((long)row * _valueChannels.Floats);
            if (_stageValues)
            {
                ValueTile.Run<TLanes, float>(_valueChannels, size, staged, _valueChannels.Floats, count, weights, output, ahead);
            }
            else
            {
                ValueTile.Run<TLanes, T>(_valueChannels, size, values, ValueStride, count, weights, output, ahead);
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
    private readonly void AddVisible(T* values, int block, int count)
    {
        int lanes = TLanes.Count;
        for (int row = 0; row < RowCount; row++)
        {
            int token = row % Tokens;
            if ((PairClass)_seen[token] == PairClass.None)
            {
                continue;
            }

            for (int key = 0; key < count; key += lanes)
            {
                TLanes.Store(_visible + key, Visible(token, Heads[row / Tokens], block, key, count));
            }

            float* output = _output + ((long)row * _valueChannels.Floats);
            for (int key = 0; key < count; key++)
            {
                if (((int*)_visible)[key] != 0)
                {
                    AddValue(values + (key * ValueStride), _scores[(row * Block) + key], output);
                }
            }
        }
    }

    private readonly void AddValue(T* value, float weight, float* output)
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
