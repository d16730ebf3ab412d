using System;
using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>
/// The queries of one pack of heads against a piece of their keys. A row is one query of one score head; rows that read the same keys stand next to each other in groups of four, so that a key is loaded once for the group.
/// Per block of keys: scores (while the block's values are asked for), weights with keys in the lanes, values (while the next block's keys are asked for).
/// The maximum is lazy: weights are 2^(s − m) with an m that is only raised when a block's scores exceed it by far.
/// </summary>
internal unsafe partial struct DecodeChunk<TLanes, TScore, TMask, TKey, TValue>
    where TLanes : unmanaged, IKernelLanes<TLanes>
    where TScore : struct, IScore
    where TMask : struct, IPairMask
    where TKey : unmanaged
    where TValue : unmanaged
{
    /// <summary>Keys whose weights are kept before they meet the values: what is asked for ahead then fits in the second-level cache beside what is being read.</summary>
    public const int Block = ValueTile.WeightRow;

    private const float Log2E = 1.44269504088896341f;

    // log2 of what a weight may grow to before the maximum is raised.
    private const float RaiseAbove = 39;

    public TScore Score;
    public TMask Mask;

    /// <summary>Keys and values, and which head of them.</summary>
    public RowsPointer<TKey> Keys;
    public RowsPointer<TValue> Values;
    public int KeyHead;
    public int ValueHead;

    /// <summary>Score heads of the pack, queries of each, keys of the batch row, absolute row of the first query.</summary>
    public int[] Heads;
    public int Tokens;
    public int KeyCount;
    public int Past;

    /// <summary>Which token of the block the first query is: segments are asked for by it.</summary>
    public int FirstToken;

    /// <summary>When positive, how many keys of a row are chosen, and how many are held on the way; values are then left alone.</summary>
    public int Keep;
    public int Room;
    public int KeyWidth;
    public int ValueWidth;

    /// <summary>Segments are looked up here, where the mask asks for them and there are any.</summary>
    public TokenRows Rows;
    public int Batch;

    private Channels _keyChannels;
    private Channels _valueChannels;
    private bool _stageKeys;
    private bool _stageValues;
    private bool _segmented;
    private int _segmentLow;
    private int _segmentHigh;

    // Per token of the block: range of keys, segment, what it sees of the present block.
    private int* _low;
    private int* _high;
    private int* _querySegments;
    private int* _seen;

    private float* _query;
    private float* _fresh;
    private float* _scores;
    private float* _sums;
    private float* _iota;
    private float* _segments;
    private float* _visible;
    private float* _stagedKeys;
    private float* _stagedValues;
    private float* _gathered;

    // Where keys and values are met as codes: the queries without scales, scratch for a group of them with scales, scales of values, and outputs in the order of channels.
    private bool _codedKeys;
    private bool _codedValues;
    private float* _plainQuery;
    private float* _scaledQuery;
    private float* _valueScales;
    private float* _codedOutput;

    // Results: maxima, sums, outputs.
    private float* _maximum;
    private float* _total;
    private float* _output;

    private readonly int RowCount => Heads.Length * Tokens;

    /// <summary>Rows of a pack, the groups filled up.</summary>
    public static int PaddedRows(int rows) => rows % 4 == 3 ? rows + 1 : rows;

    /// <summary>Cut of a head; heads narrower than one load are widened to float first.</summary>
    public static Channels Cut<T>(int width, out bool staged)
        where T : unmanaged
    {
        Channels channels = Channels.Of<TLanes, T>(width);
        staged = width < channels.PerLoad;
        return staged ? Channels.Of<TLanes, float>((width + TLanes.Count - 1) / TLanes.Count * TLanes.Count) : channels;
    }

    /// <summary>Floats of a pack's results over some keys.</summary>
    public static long ResultFloats(int rows, int valueWidth) =>
        Workspace.Padded(2L * PaddedRows(rows)) + Workspace.Padded((long)PaddedRows(rows) * Cut<TValue>(valueWidth, out _).Floats);

    /// <summary>Scratch beside the results.</summary>
    public static long ScratchFloats(int heads, int tokens, in RowsPointer<TKey> keys, in RowsPointer<TValue> values, int keyWidth, int valueWidth)
    {
        long rows = PaddedRows(heads * tokens);
        long staged = Workspace.Padded(Block * 8);
        return Workspace.Padded(4L * tokens) + Workspace.Padded(rows * Cut<TKey>(keyWidth, out _).Floats) + (rows * (Block + TLanes.Count)) + (6 * Block) + (2 * staged)
            + Workspace.Padded(Block * Math.Max(keyWidth, valueWidth))
            + CodeFloats(rows, keys.Quantized, values.Quantized);
    }

    /// <summary>Lays out scratch and results and clears the results.</summary>
    public void Place(float* scratch, float* results)
    {
        _keyChannels = Cut<TKey>(KeyWidth, out _stageKeys);
        _valueChannels = Cut<TValue>(ValueWidth, out _stageValues);
        _segmented = Mask.Segments && Rows.HasSegments;
        int rows = PaddedRows(RowCount);
        _low = (int*)scratch;
        _high = _low + Tokens;
        _querySegments = _high + Tokens;
        _seen = _querySegments + Tokens;
        _fresh = scratch + Workspace.Padded(4L * Tokens);
        _iota = _fresh + Block;
        _segments = _iota + Block;
        _visible = _segments + Block;
        _query = _visible + (3 * Block);
        _scores = _query + Workspace.Padded((long)rows * _keyChannels.Floats);
        _sums = _scores + (rows * Block);
        _stagedKeys = _sums + (rows * TLanes.Count);
        _stagedValues = _stagedKeys + (Block * 8);
        _gathered = _stagedValues + (Block * 8);
        PlaceCodes(_gathered + Workspace.Padded(Block * Math.Max(KeyWidth, ValueWidth)), rows);
        _maximum = results;
        _total = results + rows;
        _output = results + Workspace.Padded(2L * rows);
        new Span<float>(_maximum, rows).Fill(float.NegativeInfinity);
        new Span<float>(_total, rows).Clear();
        new Span<float>(_sums, rows * TLanes.Count).Clear();
        if (Keep > 0)
        {
            for (int row = 0; row < rows; row++)
            {
                Chosen(row).Clear();
            }
        }
        else
        {
            new Span<float>(_output, rows * _valueChannels.Floats).Clear();
        }

        for (int i = 0; i < Block; i++)
        {
            _iota[i] = i;
        }
    }

    /// <summary>Takes the queries in, scaled, and finds out what they see.</summary>
    /// <param name="query">First query of the batch row, [tokens, queryHeads, width].</param>
    /// <param name="map">Score head to query head.</param>
    /// <param name="scale">Factor on the scores.</param>
    public readonly void LoadQueries(float* query, HeadMap map, double scale)
    {
        // Scores come out in units of log2 unless an operation has to see them first.
        float factor = (float)(Score.Form == ScoreForm.General ? scale : scale * 1.4426950408889634);
        int rows = RowCount;
        for (int row = 0; row < PaddedRows(rows); row++)
        {
            float* source = row < rows ? query + ((((long)(row % Tokens) * map.Heads) + map.Of(Heads[row / Tokens])) * KeyWidth) : null;
            LoadQuery(source, row, factor);
            if (_codedKeys)
            {
                LoadPlainQuery(source, row, factor);
            }
        }

        int perLoad = _keyChannels.PerLoad;
        int load = _keyChannels.Full;
        for (int slot = 0; load < _keyChannels.Loads && slot < perLoad; slot++)
        {
            bool repeated = _keyChannels.At(load, slot) < load * perLoad;
            ((int*)_fresh)[slot] = repeated ? 0 : -1;
        }

        for (int token = 0; token < Tokens; token++)
        {
            KeyRange range = Mask.Range(Past + token);
            _low[token] = Math.Max(range.First, 0);
            _high[token] = Math.Min(range.End, KeyCount);
            _querySegments[token] = _segmented ? Rows.QuerySegment(Batch, FirstToken + token) : 0;
        }
    }

    /// <summary>Attends to keys from … to − 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Attend(int from, int to)
    {
        for (int block = from; block < to; block += Block)
        {
            int count = Math.Min(Block, to - block);
            if (!Look(block, count, out bool hidden))
            {
                continue;
            }

            ComputeScores(block, count);
            for (int row = 0; row < RowCount; row++)
            {
                Weigh(row, block, count);
            }

            AddValues(block, count, hidden, to);
        }

        for (int row = 0; row < RowCount; row++)
        {
            _total[row] = TLanes.Sum(TLanes.Load(_sums + (row * TLanes.Count)));
        }

        if (_codedValues)
        {
            AddCodedOutput();
        }
    }

    private readonly void LoadQuery(float* source, int row, float factor)
    {
        // Groups of four, and a last one of one, two or (three and a blank) four.
        int group = row / 4 * 4;
        int size = Math.Min(4, PaddedRows(RowCount) - group);
        float* target = _query + ((long)group * _keyChannels.Floats) + ((row - group) * TLanes.Count);
        int lanes = TLanes.Count;
        int step = _keyChannels.Vectors;
        for (int load = 0; load < _keyChannels.Loads; load++)
        {
            int start = _keyChannels.Start(load);
            int fresh = load < _keyChannels.Full ? 0 : _keyChannels.Full * _keyChannels.PerLoad;
            for (int vector = 0; vector < step; vector++, target += size * lanes)
            {
                for (int lane = 0; lane < lanes; lane++)
                {
                    int channel = start + vector + (step * lane);
                    target[lane] = source != null && channel >= fresh && channel < KeyWidth ? factor * source[channel] : 0;
                }
            }
        }
    }

    /// <summary>Finds out what every token sees of a block: whether any of them sees any key, and whether any key is hidden from any of them.</summary>
    private bool Look(int block, int count, out bool hidden)
    {
        if (_segmented)
        {
            LoadSegments(block, count);
        }

        hidden = false;
        bool any = false;
        for (int token = 0; token < Tokens; token++)
        {
            PairClass seen = Classify(token, block, count);
            _seen[token] = (int)seen;
            any |= seen != PairClass.None;
            hidden |= seen != PairClass.All;
        }

        return any;
    }

    private void LoadSegments(int block, int count)
    {
        var segments = (int*)_segments;
        _segmentLow = int.MaxValue;
        _segmentHigh = int.MinValue;
        for (int i = 0; i < count; i++)
        {
            int segment = Rows.KeySegment(Batch, block + i);
            segments[i] = segment;
            _segmentLow = Math.Min(_segmentLow, segment);
            _segmentHigh = Math.Max(_segmentHigh, segment);
        }
    }

    private readonly PairClass Classify(int token, int block, int count)
    {
        if (_low[token] >= block + count || _high[token] <= block)
        {
            return PairClass.None;
        }

        bool all = _low[token] <= block && _high[token] >= block + count;
        if (_segmented)
        {
            int segment = _querySegments[token];
            if (segment < _segmentLow || segment > _segmentHigh)
            {
                return PairClass.None;
            }

            all &= _segmentLow == _segmentHigh;
        }

        if (!Mask.RangeIsExact)
        {
            PairClass known = Mask.Classify(Past + token, Past + token, block, block + count - 1);
            if (known == PairClass.None)
            {
                return PairClass.None;
            }

            all &= known == PairClass.All;
        }

        return all ? PairClass.All : PairClass.Partial;
    }

    /// <summary>The next tokens that lie evenly: a page's, or some brought together where the tokens that lie evenly are no multiple of what is scored at once, or are codes.</summary>
    private readonly T* Next<T>(in RowsPointer<T> source, int head, int width, int first, int most, out int count, out long stride)
        where T : unmanaged
    {
        count = source.Run(Batch, first, most);
        stride = source.TokenStride;
        if (count == most || (source.Pages != null && source.PageSize % ScoreTile.MostKeys == 0))
        {
            return source.At(Batch, first, head);
        }

        count = source.Quantized is null ? most : Math.Min(most, QuantizedRows.Gathered);
        stride = width;
        source.Gather(Batch, first, count, head, width, (T*)_gathered);
        return (T*)_gathered;
    }

    /// <summary>Widens narrow heads to whole vectors, zeros behind them.</summary>
    public static float* Stage<T>(T* source, long stride, int count, int width, in Channels channels, float* target)
        where T : unmanaged
    {
        for (int i = 0; i < count; i++)
        {
            for (int channel = 0; channel < channels.Floats; channel++)
            {
                target[(i * channels.Floats) + channel] = channel < width ? Element.Load(source + (i * stride) + channel) : 0;
            }
        }

        return target;
    }
}
