using System;
using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <content>The present key tile.</content>
internal unsafe partial struct HeadGradient<TLanes, TScore, TMask>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PrepareKeys(int tile)
    {
        int rows = TLanes.TileRows;
        _firstKey = tile * KeyTile;
        int count = Math.Min(KeyTile, _keyCount - _firstKey);
        _panels = (count + rows - 1) / rows;
        _keyTarget = KeyGradient + ((nint)_firstKey * Padded(KeyWidth));
        _valueTarget = ValueGradient + ((nint)_firstKey * Padded(ValueWidth));
        Clear(_keyTarget, (long)KeyTile * Padded(KeyWidth));
        Clear(_valueTarget, (long)KeyTile * Padded(ValueWidth));
        for (int panel = 0; panel < _panels; panel++)
        {
            int first = panel * rows;
            long key = _firstKey + first;
            int left = Math.Min(rows, count - first);
            float* keys = _keyPanels + ((nint)first * (KeyWidth + 1));
            bool finite = Packing.Transposed(Key + (key * KeyStride), KeyStride, left, rows, KeyWidth, 1, keys, rows);
            new Span<float>(keys + ((nint)rows * KeyWidth), rows).Fill(1);
            finite &= Packing.Transposed(Value + (key * ValueStride), ValueStride, left, rows, ValueWidth, 1, _valuePanels + ((nint)first * ValueWidth), rows);
            _finite[panel] = finite ? (byte)1 : (byte)0;
            if (Mask.Segments)
            {
                PrepareSegments(panel, first, left);
            }
        }

        nint step = KeyTile * rows;
        _keysFinite = Packing.Copied(Key + (_firstKey * KeyStride), KeyStride, count, _panels * rows, KeyWidth, rows, step, _keyChannels);
        if (!_keysFinite)
        {
            ClearUnusual(_keyChannels, step, Channels(KeyWidth) / rows, _panels * rows * rows);
        }
    }

    private void PrepareSegments(int panel, int first, int count)
    {
        int low = int.MaxValue;
        int high = int.MinValue;
        for (int i = 0; i < TLanes.TileRows; i++)
        {
            int segment = i < count ? Tokens.KeySegment(Batch, _firstKey + first + i) : 0;
            _keySegments[first + i] = segment;
            low = i < count ? Math.Min(low, segment) : low;
            high = i < count ? Math.Max(high, segment) : high;
        }

        _segmentLow[panel] = low;
        _segmentHigh[panel] = high;
    }

    private PairClass Classify(in GradientTile tile, int panel)
    {
        int first = _firstKey + (panel * TLanes.TileRows);
        int end = first + TLanes.TileRows;
        if (end <= tile.AnyFirst || first >= tile.AnyEnd)
        {
            return PairClass.None;
        }

        bool all = first >= tile.AllFirst && end <= tile.AllEnd;
        if (Mask.Segments)
        {
            int low = _segmentLow[panel];
            int high = _segmentHigh[panel];
            if (tile.SegmentHigh < low || tile.SegmentLow > high)
            {
                return PairClass.None;
            }

            all &= low == high && tile.SegmentLow == tile.SegmentHigh;
        }

        if (!Mask.RangeIsExact)
        {
            int row = _past + tile.Token;
            PairClass known = Mask.Classify(row, row + tile.Rows - 1, first, Math.Min(end, _keyCount) - 1);
            if (known == PairClass.None)
            {
                return PairClass.None;
            }

            all &= known == PairClass.All;
        }

        return all ? PairClass.All : PairClass.Partial;
    }
}
