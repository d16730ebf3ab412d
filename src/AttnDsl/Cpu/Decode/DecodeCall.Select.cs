using System;
using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <content>From the keys that pieces have chosen to outputs.</content>
internal sealed unsafe partial class DecodeCall<TLanes, TScore, TMask, TKey, TValue>
{
    /// <summary>Keys that a row chooses at most.</summary>
    private int MostChosen(int pieces) => (int)Math.Min((long)pieces * Math.Min(_geometry.Keep, _room), int.MaxValue / 4);

    /// <summary>Scratch of <see cref="MergeSelected"/>: scores that become weights, places, an output, values side by side and widened.</summary>
    private long SelectionFloats(int pieces) =>
        (2 * Workspace.Padded(MostChosen(pieces) + TLanes.Count))
        + Workspace.Padded(DecodeChunk<TLanes, TScore, TMask, TKey, TValue>.Cut<TValue>(_geometry.ValueWidth, out _).Floats)
        + Workspace.Padded((long)DecodeChunk<TLanes, TScore, TMask, TKey, TValue>.Block * _geometry.ValueWidth)
        + (DecodeChunk<TLanes, TScore, TMask, TKey, TValue>.Block * 8);

    /// <summary>Brings the choices of all pieces together, makes the last one, and adds the values that are left, weighed by their share of all visible keys.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MergeSelected(int batch, int pack, int tile, float* results, int pieces, float* scratch)
    {
        int[] heads = _geometry.Packs.Heads(pack);
        int tokens = Tokens(batch, tile);
        int padded = DecodeChunk<TLanes, TScore, TMask, TKey, TValue>.PaddedRows(heads.Length * tokens);
        Channels channels = DecodeChunk<TLanes, TScore, TMask, TKey, TValue>.Cut<TValue>(_geometry.ValueWidth, out bool staged);
        float* scores = scratch;
        int* places = (int*)(scores + Workspace.Padded(MostChosen(pieces) + TLanes.Count));
        float* output = (float*)places + Workspace.Padded(MostChosen(pieces) + TLanes.Count);
        TValue* gathered = (TValue*)(output + Workspace.Padded(channels.Floats));
        float* widened = output + Workspace.Padded(channels.Floats) + Workspace.Padded((long)DecodeChunk<TLanes, TScore, TMask, TKey, TValue>.Block * _geometry.ValueWidth);
        for (int row = 0; row < heads.Length * tokens; row++)
        {
            float maximum = float.NegativeInfinity;
            int chosen = 0;
            for (int piece = 0; piece < pieces; piece++)
            {
                float* one = results + (piece * _resultFloats);
                maximum = one[row] > maximum ? one[row] : maximum;
                ChosenKeys keys = DecodeChunk<TLanes, TScore, TMask, TKey, TValue>.Chosen(one, padded, row, _geometry.Keep, _room);
                new ReadOnlySpan<float>(keys.Scores, keys.Count).CopyTo(new Span<float>(scores + chosen, keys.Count));
                new ReadOnlySpan<int>(keys.Places, keys.Count).CopyTo(new Span<int>(places + chosen, keys.Count));
                chosen += keys.Count;
            }

            chosen = ChosenKeys.Choose(scores, places, chosen, _geometry.Keep, out _);
            float sum = 0;
            for (int piece = 0; piece < pieces; piece++)
            {
                float* one = results + (piece * _resultFloats);
                sum += one[padded + row] * Factor(one[row], one[padded + row], maximum);
            }

            int head = heads[row / tokens];
            long place = ((((long)batch * _rows.Tokens) + (tile * _tile) + (row % tokens)) * _geometry.ScoreHeads) + head;
            if (_lse != null)
            {
                _lse[place] = sum == 0 ? float.NegativeInfinity : (float)((maximum + Math.Log2(sum)) * Ln2);
            }

            float sink = _sinks == null ? float.NegativeInfinity : _sinks[head];
            float total = float.IsNegativeInfinity(sink) ? sum : sum + MathF.Pow(2, (float)((sink / Ln2) - maximum));
            Weigh(scores, chosen, maximum, sum == 0 ? 0 : 1 / total);
            new Span<float>(output, channels.Floats).Fill(float.IsNaN(sum) ? float.NaN : 0);
            for (int done = 0; done < chosen; done += DecodeChunk<TLanes, TScore, TMask, TKey, TValue>.Block)
            {
                int count = Math.Min(DecodeChunk<TLanes, TScore, TMask, TKey, TValue>.Block, chosen - done);
                Add(batch, _geometry.Packs.ValueHead(pack), places + done, count, scores + done, channels, staged, gathered, widened, output);
            }

            Write(channels, output, _output + (place * _geometry.ValueWidth));
        }
    }

    /// <summary>Scores to weights.</summary>
    private static void Weigh(float* scores, int count, float maximum, float inverse)
    {
        TLanes negated = TLanes.Broadcast(float.IsNegativeInfinity(maximum) ? 0 : -maximum);
        TLanes factor = TLanes.Broadcast(inverse);
        for (int i = 0; i < count; i += TLanes.Count)
        {
            TLanes.Store(scores + i, TLanes.Exp2(TLanes.Load(scores + i) + negated, Exp2Constants.Table) * factor);
        }
    }

    /// <summary>Adds values from wherever they lie.</summary>
    private void Add(int batch, int head, int* places, int count, float* weights, in Channels channels, bool staged, TValue* gathered, float* widened, float* output)
    {
        int width = _geometry.ValueWidth;
        for (int i = 0; i < count; i++)
        {
            _values.Gather(batch, places[i], 1, head, width, gathered + (i * width));
        }

        if (staged)
        {
            DecodeChunk<TLanes, TScore, TMask, TKey, TValue>.Stage(gathered, width, count, width, channels, widened);
            ValueTile.Run<TLanes, float>(channels, 1, widened, channels.Floats, count, weights, output, Lookahead.None(widened));
        }
        else
        {
            ValueTile.Run<TLanes, TValue>(channels, 1, gathered, width, count, weights, output, Lookahead.None(gathered));
        }
    }
}
