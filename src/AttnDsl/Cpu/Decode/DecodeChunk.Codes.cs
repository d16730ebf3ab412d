using System;

namespace AttnDsl.Cpu;

/// <content>Keys and values that are met as codes, where the vectors and the layout of the codes allow it. Blocks of which something is hidden become scalars first: among them may be no numbers.</content>
internal unsafe partial struct DecodeChunk<TLanes, TScore, TMask, TKey, TValue>
{
    private static bool AreCoded(QuantizedRows? keys) => keys is not null && CodedScores.Supports<TLanes>(keys.Layout);

    private static bool CanAddCodes(QuantizedRows? values) => values is not null && CodedValues.Supports<TLanes>(values.Layout);

    /// <summary>Scratch of this part.</summary>
    private static long CodeFloats(long rows, QuantizedRows? keys, QuantizedRows? values) =>
        (AreCoded(keys) ? (rows + 4) * keys!.Layout.Width : 0) + (CanAddCodes(values) ? CodedValues.ScratchFloats(values!.Layout) + ((rows + 1) * values.Layout.Width) : 0);

    private void PlaceCodes(float* scratch, int rows)
    {
        _codedKeys = AreCoded(Keys.Quantized);
        _codedValues = CanAddCodes(Values.Quantized);
        if (_codedKeys)
        {
            _plainQuery = scratch;
            _scaledQuery = _plainQuery + ((long)rows * KeyWidth);
            scratch = _scaledQuery + (4L * KeyWidth);
        }

        if (_codedValues)
        {
            _valueScales = scratch;
            CodedValues.Begin<TLanes>(Values.Quantized!.Layout, _valueScales);
            _codedOutput = _valueScales + CodedValues.ScratchFloats(Values.Quantized!.Layout);
            new Span<float>(_codedOutput, rows * ValueWidth).Clear();
        }
    }

    private readonly void LoadPlainQuery(float* source, int row, float factor)
    {
        int group = row / 4 * 4;
        int size = Math.Min(4, PaddedRows(RowCount) - group);
        int lanes = TLanes.Count;
        float* target = _plainQuery + ((long)group * KeyWidth) + ((row - group) * lanes);
        for (int channel = 0; channel < KeyWidth; channel += lanes, target += size * lanes)
        {
            for (int lane = 0; lane < lanes; lane++)
            {
                target[lane] = source == null ? 0 : factor * source[channel + lane];
            }
        }
    }

    /// <returns>Keys that were scored; 0 where the next ones are no codes, or cannot be met as such.</returns>
    private readonly int ScoreCodes(int first, int most, float* target)
    {
        // Whole steps of the other tile only, or what it writes for the keys after them would reach beyond the block.
        if (!_codedKeys || first % ScoreTile.MostKeys != 0)
        {
            return 0;
        }

        QuantizedRows codes = Keys.Quantized!;
        int count = Math.Min(most, codes.Borders[Batch] - first) / ScoreTile.MostKeys * ScoreTile.MostKeys;
        if (count <= 0)
        {
            return 0;
        }

        Lookahead ahead = ValuesAhead(first, count);
        int rows = PaddedRows(RowCount);
        for (int row = 0; row < rows; row += 4)
        {
            int size = Math.Min(4, rows - row);
            CodedScores.Run<TLanes>(codes.Layout, codes.Head(Batch, KeyHead), first, count, _plainQuery + ((long)row * KeyWidth), size, _scaledQuery, target + (row * Block), Block, ahead);
            ahead = Lookahead.None(ahead.At);
        }

        return count;
    }

    /// <returns>Values that were added; 0 where the next ones are no codes, or cannot be met as such.</returns>
    private readonly int AddCodes(int first, int most, float* source, int to)
    {
        if (!_codedValues)
        {
            return 0;
        }

        QuantizedRows codes = Values.Quantized!;
        int count = Math.Min(most, codes.Borders[Batch] - first);
        if (count <= 0)
        {
            return 0;
        }

        var values = (int*)codes.At(Batch, first, ValueHead);
        Lookahead ahead = KeysAhead(first + most, Math.Min(count, to - first - most));
        if (!CodedValues.Collect(codes.Layout, values, count, _valueScales))
        {
            return 0;
        }

        int rows = PaddedRows(RowCount);
        for (int row = 0; row < rows; row += 4)
        {
            int size = Math.Min(4, rows - row);
            CodedValues.Run<TLanes>(codes.Layout, values, count, _valueScales, source + (row * Block), size, _codedOutput + ((long)row * ValueWidth), ahead);
            ahead = Lookahead.None(ahead.At);
        }

        return count;
    }

    /// <summary>Brings what codes added to the order of the other outputs.</summary>
    private readonly void AddCodedOutput()
    {
        float* ordered = _codedOutput + ((long)PaddedRows(RowCount) * ValueWidth);
        int perLoad = _valueChannels.PerLoad;
        for (int row = 0; row < RowCount; row++)
        {
            float* output = _output + ((long)row * _valueChannels.Floats);
            CodedValues.End<TLanes>(Values.Quantized!.Layout, _codedOutput + ((long)row * ValueWidth), ordered);
            for (int load = 0; load < _valueChannels.Loads; load++)
            {
                // A load that overlaps the one before it has a copy of some channels, as it has of their values.
                for (int slot = 0; slot < perLoad; slot++)
                {
                    output[(load * perLoad) + slot] += ordered[_valueChannels.At(load, slot)];
                }
            }
        }
    }
}
