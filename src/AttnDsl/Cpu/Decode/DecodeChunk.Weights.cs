using System;
using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <content>From keys to weights.</content>
internal unsafe partial struct DecodeChunk<TLanes, TScore, TMask, TKey, TValue>
{
    private readonly void ComputeScores(int block, int count)
    {
        int done = 0;
        while (done < count)
        {
            if (ScoreCodes(block + done, count - done, _scores + done) is var coded and > 0)
            {
                done += coded;
                continue;
            }

            TKey* keys = Next(Keys, KeyHead, KeyWidth, block + done, count - done, out int run, out long stride);
            ComputeScores(keys, stride, run, _scores + done, ValuesAhead(block + done, run));
            done += run;
        }
    }

    /// <summary>The values of the keys that are being scored: they are needed next.</summary>
    private readonly Lookahead ValuesAhead(int first, int count)
    {
        if (Keep == 0 && Values.Quantized is { } codes && first < codes.Borders[Batch])
        {
            return new Lookahead(codes.At(Batch, first, ValueHead), codes.Bytes(Math.Min(count, codes.Borders[Batch] - first)), count);
        }

        TValue* values = Values.At(Batch, first, ValueHead);
        return Keep == 0 && !_stageValues && Values.TokenStride == ValueWidth && Values.Run(Batch, first, count) == count ? new Lookahead(values, (long)count * ValueWidth * sizeof(TValue), count) : Lookahead.None(values);
    }

    private readonly void ComputeScores(TKey* keys, long stride, int count, float* target, Lookahead ahead)
    {
        int rows = PaddedRows(RowCount);
        float* staged = _stageKeys ? Stage(keys, stride, count, KeyWidth, _keyChannels, _stagedKeys) : null;
        ScoreCall call = default;
        call.Fresh = _fresh;
        call.Full = _keyChannels.Full;
        call.HasTail = _keyChannels.Loads > _keyChannels.Full;
        call.Tail = _keyChannels.Width - _keyChannels.PerLoad;
        call.ScoreRow = Block;
        for (int row = 0; row < rows; row += 4)
        {
            int size = Math.Min(4, rows - row);
            call.Query = _query + ((long)row * _keyChannels.Floats);
            float* scores = target + (row * Block);
            if (_stageKeys)
            {
                ScoreTile.Run<TLanes, float>(call, size, staged, _keyChannels.Floats, count, scores, ahead);
            }
            else
            {
                ScoreTile.Run<TLanes, TKey>(call, size, keys, stride, count, scores, ahead);
            }

            // The first group has asked for everything.
            ahead = Lookahead.None(ahead.At);
        }
    }

    /// <summary>Scores of one row to weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Weigh(int row, int block, int count)
    {
        int lanes = TLanes.Count;
        int token = row % Tokens;
        int head = Heads[row / Tokens];
        var seen = (PairClass)_seen[token];
        float* scores = _scores + (row * Block);
        int end = (count + lanes - 1) / lanes * lanes;
        if (seen == PairClass.None)
        {
            new Span<float>(scores, end).Clear();
            return;
        }

        TLanes hidden = TLanes.Broadcast(float.NegativeInfinity);
        TLanes highest = hidden;
        for (int key = 0; key < end; key += lanes)
        {
            TLanes score = TLanes.Load(scores + key);
            if (Score.Form == ScoreForm.General)
            {
                score = Score.Apply(score, Pair(token, head, block, key, count)) * TLanes.Broadcast(Log2E);
            }
            else if (Score.Form == ScoreForm.Biased)
            {
                score = TLanes.MultiplyAdd(Score.Bias(Pair(token, head, block, key, count)), TLanes.Broadcast(Log2E), score);
            }

            if (seen == PairClass.Partial || key + lanes > count)
            {
                score = TLanes.Select(Visible(token, head, block, key, count), score, hidden);
            }

            TLanes.Store(scores + key, score);
            highest = TLanes.MaxNative(highest, score);
        }

        if (Keep > 0)
        {
            Chosen(row).Add<TLanes>(scores, block, end);
        }

        if (TLanes.AnyGreater(highest, TLanes.Broadcast(_maximum[row] + RaiseAbove)))
        {
            Raise(row, highest);
        }

        float maximum = _maximum[row];
        TLanes negated = TLanes.Broadcast(float.IsNegativeInfinity(maximum) ? 0 : -maximum);
        TLanes sum = TLanes.Load(_sums + (row * lanes));
        float* constants = Exp2Constants.Table;
        for (int key = 0; key < end; key += lanes)
        {
            TLanes weight = TLanes.Exp2(TLanes.Load(scores + key) + negated, constants);
            TLanes.Store(scores + key, weight);
            sum += weight;
        }

        TLanes.Store(_sums + (row * lanes), sum);
    }

    /// <summary>Raises a row's m to its highest score, and brings what was summed with the old m to the new one.</summary>
    private readonly void Raise(int row, TLanes highest)
    {
        int lanes = TLanes.Count;
        float* each = stackalloc float[16];
        TLanes.Store(each, highest);
        float old = _maximum[row];
        float maximum = old;
        for (int lane = 0; lane < lanes; lane++)
        {
            maximum = each[lane] > maximum ? each[lane] : maximum;
        }

        _maximum[row] = maximum;

        // Nothing was summed before the first visible key.
        if (!float.IsNegativeInfinity(old))
        {
            TLanes factor = TLanes.Exp2(TLanes.Broadcast(old - maximum), Exp2Constants.Table);
            Scale(_sums + (row * lanes), lanes, factor);
            if (Keep > 0)
            {
                return;
            }

            Scale(_output + ((long)row * _valueChannels.Floats), _valueChannels.Floats, factor);
            if (_codedValues)
            {
                Scale(_codedOutput + ((long)row * ValueWidth), ValueWidth, factor);
            }
        }
    }

    private static void Scale(float* values, int count, TLanes factor)
    {
        for (int i = 0; i < count; i += TLanes.Count)
        {
            TLanes.Store(values + i, TLanes.Load(values + i) * factor);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly PairLanes<TLanes> Pair(int token, int head, int block, int key, int count) =>
        new(Past + token, TLanes.Broadcast(block + key) + TLanes.Load(_iota), block + Math.Min(key, count - 1), block + count - 1, head);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TLanes Visible(int token, int head, int block, int key, int count)
    {
        // Places within the block are exact as floats.
        TLanes place = TLanes.Load(_iota + key);
        TLanes visible = TLanes.And(
            TLanes.LessOrEqual(TLanes.Broadcast(Math.Max(_low[token] - block, 0)), place),
            TLanes.Less(place, TLanes.Broadcast(Math.Min(_high[token] - block, count))));
        if (_segmented)
        {
            visible = TLanes.And(visible, TLanes.EqualInteger(TLanes.Load(_segments + key), TLanes.BroadcastInteger(_querySegments[token])));
        }

        if (!Mask.RangeIsExact)
        {
            visible = TLanes.And(visible, Mask.Visible(Pair(token, head, block, key, count)));
        }

        return visible;
    }
}
