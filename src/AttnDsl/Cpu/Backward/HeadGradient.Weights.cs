using System;
using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <content>Weights and gradients of scores.</content>
internal unsafe partial struct HeadGradient<TLanes, TScore, TMask>
{
    /// <summary>Everything between the present key tile and a strip.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddStrip(int strip)
    {
        int first = int.MaxValue;
        int end = 0;
        int fromTile = 0;
        int toTile = 0;
        GradientTile* tiles = _tiles + (strip * StripTiles);
        for (int t = 0; t < StripTiles; t++)
        {
            FindPanels(ref tiles[t], _classes + (t * MaxPanels));
            if (tiles[t].To > tiles[t].From)
            {
                first = Math.Min(first, tiles[t].From);
                end = Math.Max(end, tiles[t].To);
                fromTile = toTile == 0 ? t : fromTile;
                toTile = t + 1;
            }
        }

        if (end == 0)
        {
            return;
        }

        for (int panel = first; panel < end; panel++)
        {
            _laneFrom[panel] = Strip.Lanes;
            _laneTo[panel] = 0;
        }

        // A tile between others that sees nothing is in the way of their sums and must hold zeros.
        for (int t = fromTile; t < toTile; t++)
        {
            Weigh(in tiles[t], (strip * StripTiles) + t, t, first, end);
        }

        AddKeyGradients(strip, first, end);
        for (int t = fromTile; t < toTile; t++)
        {
            if (tiles[t].To > tiles[t].From)
            {
                AddQueryGradients(in tiles[t], (strip * StripTiles) + t, t);
                AddUnusual(in tiles[t], (strip * StripTiles) + t, t);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FindPanels(ref GradientTile tile, PairClass* classes)
    {
        tile.From = 0;
        tile.To = 0;
        if (!tile.Active || _firstKey >= tile.AnyEnd || _firstKey + KeyTile <= tile.AnyFirst)
        {
            return;
        }

        if (Mask.RangeIsExact && !Mask.Segments && _firstKey >= tile.AllFirst && _firstKey + (_panels * TLanes.TileRows) <= tile.AllEnd)
        {
            // Most key tiles, found without asking panel by panel.
            new Span<PairClass>(classes, _panels).Fill(PairClass.All);
            tile.To = _panels;
            return;
        }

        for (int panel = 0; panel < _panels; panel++)
        {
            classes[panel] = Classify(in tile, panel);
            if (classes[panel] != PairClass.None)
            {
                tile.From = tile.To == 0 ? panel : tile.From;
                tile.To = panel + 1;
            }
        }
    }

    /// <summary>P^T and dS^T of one tile of the strip, 0 in panels that it does not see.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Weigh(in GradientTile info, int tile, int t, int first, int end)
    {
        PairClass* classes = _classes + (t * MaxPanels);
        int panel = first;
        while (panel < end)
        {
            PairClass seen = panel >= info.From && panel < info.To ? classes[panel] : PairClass.None;
            if (seen == PairClass.None)
            {
                Clear(t, panel, 0, info.Vectors);
                panel++;
            }
            else if (IsPlain(seen, panel))
            {
                int count = 1;
                while (panel + count < info.To && IsPlain(classes[panel + count], panel + count))
                {
                    count++;
                }

                WeighVisible(in info, tile, t, panel, count);
                panel += count;
            }
            else
            {
                WeighCarefully(in info, tile, t, panel, seen);
                panel++;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool IsPlain(PairClass seen, int panel) => seen == PairClass.All && Score.Form != ScoreForm.General && _finite[panel] != 0;

    /// <summary>Panels that every query sees.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WeighVisible(in GradientTile info, int tile, int t, int panel, int count)
    {
        int rows = TLanes.TileRows;
        int done = 0;
        while (done < count)
        {
            TileCall call = Scores(tile, t, panel + done, 0);
            call.Panels = count - done;

            // One more step through the depth, shift times one: added last, a large one costs the sum no digits.
            call.Depth = KeyWidth + 1;
            if (Score.Form == ScoreForm.Biased)
            {
                AddBias(in info, tile, t, panel + done, count - done);
                call.Init = call.C;
                call.InitRow = call.CRow;
                call.InitStep = call.CStep;
            }

            // A panel whose weights are no weights (log-sums of other operands) ends the run early, but is complete.
            done += (int)Tile.Run<TLanes, Exponential>(info.Vectors, &call) + 1;
        }

        TileCall gradients = WeightGradients(tile, t, panel, 0);
        gradients.Panels = count;
        Tile.Run<TLanes, Plain>(info.Vectors, &gradients);
        float* weight = _weights + (panel * rows * Strip.Lanes) + (t * Lanes);
        float* gradient = _scoreGradients + (panel * rows * Strip.Lanes) + (t * Lanes);
        MultiplyRows(weight, gradient, count * rows, info.Vectors);
        for (int i = panel; i < panel + count; i++)
        {
            Widen(i, t * Lanes, (t * Lanes) + info.Rows);
        }
    }

    /// <summary>One panel that not every query sees, or that needs care: hidden pairs are chosen away last, whatever came out for them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WeighCarefully(in GradientTile info, int tile, int t, int panel, PairClass seen)
    {
        int rows = TLanes.TileRows;
        int width = TLanes.Count;
        int laneFrom = 0;
        int laneTo = info.Rows;
        bool select = seen != PairClass.All || _finite[panel] == 0;
        if (select)
        {
            FindLanes(in info, tile, panel, out laneFrom, out laneTo);
        }

        int from = laneFrom / width;
        int to = (laneTo + width - 1) / width;
        if (to <= from)
        {
            Clear(t, panel, 0, info.Vectors);
            return;
        }

        Clear(t, panel, 0, from);
        Clear(t, panel, to, info.Vectors);
        Widen(panel, (t * Lanes) + laneFrom, (t * Lanes) + laneTo);
        TileCall call = Scores(tile, t, panel, from);
        Tile.Run<TLanes, Plain>(to - from, &call);
        call = WeightGradients(tile, t, panel, from);
        Tile.Run<TLanes, Plain>(to - from, &call);

        TLanes log2E = TLanes.Broadcast(Log2E);
        TLanes zero = TLanes.Broadcast(0);
        float* constants = Exp2Constants.Table;
        float* shift = _shift + (tile * Lanes);
        for (int row = 0; row < rows; row++)
        {
            int key = (panel * rows) + row;
            nint place = (key * Strip.Lanes) + (t * Lanes);
            for (int v = from; v < to; v++)
            {
                float* weightAt = _weights + place + (v * width);
                float* gradientAt = _scoreGradients + place + (v * width);
                TLanes scaled = TLanes.Load(weightAt);
                TLanes score = scaled;
                TLanes gradient = TLanes.Load(gradientAt);
                if (Score.Form == ScoreForm.General)
                {
                    score = Score.Apply(scaled, Pair(in info, tile, v, key)) * log2E;
                    gradient *= Score.Derivative(scaled, Pair(in info, tile, v, key));
                }
                else if (Score.Form == ScoreForm.Biased)
                {
                    score = TLanes.MultiplyAdd(Score.Bias(Pair(in info, tile, v, key)), log2E, score);
                }

                TLanes weight = TLanes.Exp2(score + TLanes.Load(shift + (v * width)), constants);
                gradient *= weight;
                if (select)
                {
                    TLanes visible = Visible(in info, tile, v, key);
                    weight = TLanes.Select(visible, weight, zero);
                    gradient = TLanes.Select(visible, gradient, zero);
                }

                TLanes.Store(weightAt, weight);
                TLanes.Store(gradientAt, gradient);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void AddBias(in GradientTile info, int tile, int t, int panel, int count)
    {
        int rows = TLanes.TileRows;
        TLanes log2E = TLanes.Broadcast(Log2E);
        for (int key = panel * rows; key < (panel + count) * rows; key++)
        {
            float* target = _weights + (key * Strip.Lanes) + (t * Lanes);
            for (int v = 0; v < info.Vectors; v++)
            {
                TLanes.Store(target + (v * TLanes.Count), Score.Bias(Pair(in info, tile, v, key)) * log2E);
            }
        }
    }

    /// <summary>S^T of a panel, to where the weights lie.</summary>
    private readonly TileCall Scores(int tile, int t, int panel, int vector)
    {
        int rows = TLanes.TileRows;
        TileCall call = default;
        call.A = _keyPanels + ((nint)panel * rows * (KeyWidth + 1));
        call.AStep = (nint)rows * (KeyWidth + 1);
        call.Init = _zeros;
        call.B = _queryLanes + ((nint)tile * Lanes * (KeyWidth + 1)) + (vector * TLanes.Count);
        call.BRow = Lanes;
        call.C = _weights + (panel * rows * Strip.Lanes) + (t * Lanes) + (vector * TLanes.Count);
        call.CRow = Strip.Lanes;
        call.CStep = rows * Strip.Lanes;
        call.Depth = KeyWidth;
        call.Panels = 1;
        call.Sums = _sums;
        call.Constants = Exp2Constants.Table;
        return call;
    }

    /// <summary>dP^T − D of a panel, to where the gradients of the scores lie.</summary>
    private readonly TileCall WeightGradients(int tile, int t, int panel, int vector)
    {
        int rows = TLanes.TileRows;
        TileCall call = default;
        call.A = _valuePanels + ((nint)panel * rows * ValueWidth);
        call.AStep = (nint)rows * ValueWidth;
        call.B = _gradientLanes + ((nint)tile * Lanes * ValueWidth) + (vector * TLanes.Count);
        call.BRow = Lanes;
        call.Init = _delta + (tile * Lanes) + (vector * TLanes.Count);
        call.C = _scoreGradients + (panel * rows * Strip.Lanes) + (t * Lanes) + (vector * TLanes.Count);
        call.CRow = Strip.Lanes;
        call.CStep = rows * Strip.Lanes;
        call.Depth = ValueWidth;
        call.Panels = 1;
        return call;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyRows(float* weight, float* gradient, int rows, int vectors)
    {
        int width = TLanes.Count;
        for (int row = 0; row < rows; row++)
        {
            for (int lane = 0; lane < vectors * width; lane += width)
            {
                TLanes.Store(gradient + lane, TLanes.Load(gradient + lane) * TLanes.Load(weight + lane));
            }

            weight += Strip.Lanes;
            gradient += Strip.Lanes;
        }
    }

    private readonly void Widen(int panel, int from, int to)
    {
        _laneFrom[panel] = Math.Min(_laneFrom[panel], from);
        _laneTo[panel] = Math.Max(_laneTo[panel], to);
    }

    /// <summary>The queries whose ranges touch a panel lie in [from, to).</summary>
    private readonly void FindLanes(in GradientTile info, int tile, int panel, out int from, out int to)
    {
        int firstKey = _firstKey + (panel * TLanes.TileRows);
        int lastKey = firstKey + TLanes.TileRows - 1;
        int* first = (int*)_first + (tile * Lanes);
        int* end = (int*)_end + (tile * Lanes);
        from = 0;
        to = info.Rows;
        while (from < to && (lastKey <= first[from] || firstKey >= end[from]))
        {
            from++;
        }

        while (to > from && (lastKey <= first[to - 1] || firstKey >= end[to - 1]))
        {
            to--;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly PairLanes<TLanes> Pair(in GradientTile info, int tile, int vector, int key)
    {
        int lane = vector * TLanes.Count;
        int row = _past + info.Token;
        int column = Math.Min(_firstKey + key, _keyCount - 1);
        return new(TLanes.Load(_row + (tile * Lanes) + lane), TLanes.Broadcast(column), row + lane, row + info.Rows - 1, column, ScoreHead);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TLanes Visible(in GradientTile info, int tile, int vector, int key)
    {
        int lane = (tile * Lanes) + (vector * TLanes.Count);
        TLanes column = TLanes.BroadcastInteger(_firstKey + key);
        TLanes visible = TLanes.And(TLanes.LessInteger(TLanes.Load(_first + lane), column), TLanes.LessInteger(column, TLanes.Load(_end + lane)));
        if (Mask.Segments)
        {
            visible = TLanes.And(visible, TLanes.EqualInteger(TLanes.Load(_segment + lane), TLanes.BroadcastInteger(_keySegments[key])));
        }

        if (!Mask.RangeIsExact)
        {
            visible = TLanes.And(visible, Mask.Visible(Pair(in info, tile, vector, key)));
        }

        return visible;
    }

    private readonly void Clear(int t, int panel, int from, int to)
    {
        nint place = (panel * TLanes.TileRows * Strip.Lanes) + (t * Lanes);
        for (int row = 0; row < TLanes.TileRows; row++, place += Strip.Lanes)
        {
            for (int v = from; v < to; v++)
            {
                TLanes.Store(_weights + place + (v * TLanes.Count), TLanes.Broadcast(0));
                TLanes.Store(_scoreGradients + place + (v * TLanes.Count), TLanes.Broadcast(0));
            }
        }
    }
}
