using System;
using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <content>From keys to weights.</content>
internal unsafe partial struct QueryTile<TLanes, TScore, TMask, TValue>
{
    /// <summary>Weights of panels that every lane sees, in one go.</summary>
    /// <returns>Panels done; the next one needs a higher maximum.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int WeighVisible(int panel, int count, float* weights)
    {
        int rows = TLanes.TileRows;
        int lanes = Lanes;
        TileCall call = Against(panel, 0, weights);
        call.Panels = count;
        if (Score.Form == ScoreForm.Biased)
        {
            for (int i = 0; i < count; i++)
            {
                WriteOffsets(panel + i, PairClass.All, 0, _vectors, weights + ((nint)i * rows * lanes));
            }

            call.Init = weights;
            call.InitRow = lanes;
            call.InitStep = rows * lanes;
        }
        else
        {
            call.Init = _negated;
        }

        return (int)Tile.Run<TLanes, Exponential>(_vectors, &call);
    }

    /// <summary>Weights of one panel that not every lane sees, or that needs care.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Weigh(int panel, PairClass seen, int kept)
    {
        int rows = TLanes.TileRows;
        int lanes = Lanes;
        int width = TLanes.Count;
        float* weights = Weights(panel - kept);
        int from = 0;
        int to = _vectors;
        if (seen == PairClass.Partial)
        {
            // Whole vectors beyond the diagonal or before the window are not computed.
            while (from < to && !Touches(from, panel))
            {
                from++;
            }

            while (to > from && !Touches(to - 1, panel))
            {
                to--;
            }

            Clear(weights, 0, from);
            Clear(weights, to, _vectors);
            if (from == to)
            {
                return;
            }
        }

        // −∞ added to a product hides a pair, but not if the product is no number.
        if (Score.Form != ScoreForm.General && _ready && (seen == PairClass.All || KeyFinite[panel] != 0))
        {
            WriteOffsets(panel, seen, from, to, weights);
            TileCall call = Against(panel, from, weights);
            call.Init = weights + (from * width);
            call.InitRow = lanes;
            call.InitStep = rows * lanes;
            if (Tile.Run<TLanes, Exponential>(to - from, &call) == 1)
            {
                return;
            }
        }

        WeighCarefully(panel, seen, from, to, kept);
    }

    /// <summary>Scores first, then their maximum, then weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WeighCarefully(int panel, PairClass seen, int from, int to, int kept)
    {
        float* weights = Weights(panel - kept);
        ComputeScores(panel, seen, from, to, weights);
        RaiseMaximum(from, to, kept, panel, weights);
        float* constants = Exp2Constants.Table;
        int lanes = Lanes;
        for (int v = from; v < to; v++)
        {
            int lane = v * TLanes.Count;
            TLanes negated = TLanes.Load(_negated + lane);
            TLanes sum = TLanes.Load(_sums + lane);
            for (int row = 0; row < TLanes.TileRows; row++)
            {
                float* at = weights + (row * lanes) + lane;
                TLanes weight = TLanes.Exp2(TLanes.Load(at) + negated, constants);
                TLanes.Store(at, weight);
                sum += weight;
            }

            TLanes.Store(_sums + lane, sum);
        }
    }

    /// <summary>Scores in units of log2, −∞ where hidden.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ComputeScores(int panel, PairClass seen, int from, int to, float* scores)
    {
        int rows = TLanes.TileRows;
        int lanes = Lanes;
        TileCall call = Against(panel, from, scores);
        call.Init = _zeros;
        Tile.Run<TLanes, Plain>(to - from, &call);
        if (Score.Form == ScoreForm.Identity && seen == PairClass.All)
        {
            return;
        }

        TLanes log2E = TLanes.Broadcast(Log2E);
        TLanes hidden = TLanes.Broadcast(float.NegativeInfinity);
        for (int row = 0; row < rows; row++)
        {
            int key = Math.Min((panel * rows) + row, KeyCount - 1);
            TLanes columns = TLanes.Broadcast(key);
            for (int v = from; v < to; v++)
            {
                float* at = scores + (row * lanes) + (v * TLanes.Count);
                TLanes score = TLanes.Load(at);
                if (Score.Form == ScoreForm.General)
                {
                    score = Score.Apply(score, Pair(v, key, columns)) * log2E;
                }
                else if (Score.Form == ScoreForm.Biased)
                {
                    score = TLanes.MultiplyAdd(Score.Bias(Pair(v, key, columns)), log2E, score);
                }

                if (seen == PairClass.Partial)
                {
                    score = TLanes.Select(Visible(v, (panel * rows) + row), score, hidden);
                }

                TLanes.Store(at, score);
            }
        }
    }

    /// <summary>Raises m where these scores need it, and brings what was summed with the old m to the new one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RaiseMaximum(int from, int to, int kept, int panel, float* scores)
    {
        int rows = TLanes.TileRows;
        int lanes = Lanes;
        TLanes bound = TLanes.Broadcast(RaiseAbove);
        TLanes infinity = TLanes.Broadcast(float.NegativeInfinity);
        TLanes zero = TLanes.Broadcast(0);
        TLanes one = TLanes.Broadcast(1);
        for (int v = from; v < to; v++)
        {
            int lane = v * TLanes.Count;
            TLanes highest = infinity;
            for (int row = 0; row < rows; row++)
            {
                highest = TLanes.MaxNative(highest, TLanes.Load(scores + (row * lanes) + lane));
            }

            if (_ready && !TLanes.AnyGreater(highest + TLanes.Load(_negated + lane), bound))
            {
                continue;
            }

            TLanes old = TLanes.Load(_maximum + lane);
            TLanes maximum = TLanes.MaxNative(old, highest);
            TLanes negated = TLanes.Select(TLanes.Equal(maximum, infinity), zero, -maximum);
            TLanes.Store(_maximum + lane, maximum);
            TLanes.Store(_negated + lane, negated);

            // 0 where nothing was seen before: then the sums are 0 as well.
            TLanes factor = TLanes.Exp2(old + negated, Exp2Constants.Table);
            if (!TLanes.AnyGreater(one, factor))
            {
                continue;
            }

            TLanes.Store(_sums + lane, TLanes.Load(_sums + lane) * factor);
            Rescale(_weights + lane, (panel - kept) * rows, factor);
            if (_started)
            {
                Rescale(_output + lane, ValueRows(ValueWidth), factor);
            }
        }

        if (!_ready)
        {
            _ready = true;
            for (int lane = 0; lane < _vectors * TLanes.Count; lane++)
            {
                _ready &= _maximum[lane] != float.NegativeInfinity;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rescale(float* column, int rows, TLanes factor)
    {
        for (int row = 0; row < rows; row++, column += Lanes)
        {
            TLanes.Store(column, TLanes.Load(column) * factor);
        }
    }

    /// <summary>What is added to the products of a panel: bias − m, −∞ where hidden.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WriteOffsets(int panel, PairClass seen, int from, int to, float* target)
    {
        int rows = TLanes.TileRows;
        int lanes = Lanes;
        TLanes log2E = TLanes.Broadcast(Log2E);
        TLanes hidden = TLanes.Broadcast(float.NegativeInfinity);
        for (int row = 0; row < rows; row++)
        {
            int key = (panel * rows) + row;
            int there = Math.Min(key, KeyCount - 1);
            TLanes columns = TLanes.Broadcast(there);
            for (int v = from; v < to; v++)
            {
                TLanes value = TLanes.Load(_negated + (v * TLanes.Count));
                if (Score.Form == ScoreForm.Biased)
                {
                    value = TLanes.MultiplyAdd(Score.Bias(Pair(v, there, columns)), log2E, value);
                }

                if (seen == PairClass.Partial)
                {
                    value = TLanes.Select(Visible(v, key), value, hidden);
                }

                TLanes.Store(target + (row * lanes) + (v * TLanes.Count), value);
            }
        }
    }

    private readonly TileCall Against(int panel, int vector, float* target)
    {
        TileCall call = default;
        int rows = TLanes.TileRows;
        call.A = KeyPanels + ((nint)panel * rows * KeyWidth);
        call.AStep = (nint)rows * KeyWidth;
        call.B = _query + (vector * TLanes.Count);
        call.BRow = Lanes;
        call.C = target + (vector * TLanes.Count);
        call.CRow = Lanes;
        call.CStep = rows * Lanes;
        call.Depth = KeyWidth;
        call.Panels = 1;
        call.Sums = _sums + (vector * TLanes.Count);
        call.Constants = Exp2Constants.Table;
        return call;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly PairLanes<TLanes> Pair(int vector, int key, TLanes columns)
    {
        int lane = vector * TLanes.Count;
        return new(TLanes.Load(_row + lane), columns, FirstRow + lane, FirstRow + Rows - 1, key, ScoreHead);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TLanes Visible(int vector, int key)
    {
        int lane = vector * TLanes.Count;
        TLanes column = TLanes.BroadcastInteger(key);
        TLanes visible = TLanes.And(TLanes.LessInteger(TLanes.Load(_first + lane), column), TLanes.LessInteger(column, TLanes.Load(_end + lane)));
        if (Mask.Segments)
        {
            visible = TLanes.And(visible, TLanes.EqualInteger(TLanes.Load(_segment + lane), TLanes.BroadcastInteger(KeySegments[key])));
        }

        if (!Mask.RangeIsExact)
        {
            visible = TLanes.And(visible, Mask.Visible(Pair(vector, Math.Min(key, KeyCount - 1), TLanes.Broadcast(Math.Min(key, KeyCount - 1)))));
        }

        return visible;
    }

    /// <summary>Whether any lane of the vector has a key of the panel in its range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly bool Touches(int vector, int panel)
    {
        int first = panel * TLanes.TileRows;
        int last = first + TLanes.TileRows - 1;
        int lane = vector * TLanes.Count;
        for (int i = lane; i < lane + TLanes.Count; i++)
        {
            if (last > ((int*)_first)[i] && first < ((int*)_end)[i])
            {
                return true;
            }
        }

        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Clear(float* weights, int from, int to)
    {
        for (int row = 0; row < TLanes.TileRows; row++, weights += Lanes)
        {
            for (int v = from; v < to; v++)
            {
                TLanes.Store(weights + (v * TLanes.Count), TLanes.Broadcast(0));
            }
        }
    }
}
