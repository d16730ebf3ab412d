using System;
using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>
/// One tile of queries of one score head against all its keys: scores, weights and outputs are kept transposed, queries in the lanes, so that maxima and sums need no shuffles.
/// The methods are compiled for speed at once: in the first tier, which a program's first calls would run in, the kernels under them would wait.
/// The maximum is lazy: weights are 2^(s − m) with an m that is only raised when a panel's weights grow out of bounds.
/// </summary>
internal unsafe partial struct QueryTile<TLanes, TScore, TMask, TValue>
    where TLanes : unmanaged, IKernelLanes<TLanes>
    where TScore : struct, IScore
    where TMask : struct, IPairMask
    where TValue : unmanaged
{
    /// <summary>Keys whose weights are kept before they are multiplied with the values: a multiple of every tile's rows.</summary>
    private const int KeyTile = PanelStore.ValueBlock;

    private const float Log2E = 1.44269504088896341f;

    // log2 of what a single weight may grow to before the maximum is raised.
    private const float RaiseAbove = 39;

    public TScore Score;
    public TMask Mask;

    /// <summary>Keys, [panel][KeyWidth][rows]; whether a panel holds only finite numbers.</summary>
    public float* KeyPanels;
    public byte* KeyFinite;

    /// <summary>Values, [key block][channels / rows][keys of the block][rows], not finite ones as 0; whether a panel of keys had only finite ones.</summary>
    public float* ValuePanels;
    public byte* ValueFinite;

    /// <summary>Values as the caller gave them, and which of them.</summary>
    public RowsPointer<TValue> Values;
    public int Batch;
    public int ValueHead;

    /// <summary>Segment ids of the keys, and their smallest and largest per panel.</summary>
    public int* KeySegments;
    public int* SegmentLow;
    public int* SegmentHigh;

    public int KeyWidth;
    public int ValueWidth;
    public int KeyCount;
    public int ScoreHead;

    /// <summary>Queries in the lanes, absolute index of the first.</summary>
    public int Rows;
    public int FirstRow;

    // Per lane: the range of keys, as integers; the row as float; m, −m and Σ weights.
    private float* _first;
    private float* _end;
    private float* _row;
    private float* _segment;
    private float* _maximum;
    private float* _negated;
    private float* _sums;
    private float* _zeros;

    private float* _query;
    private float* _weights;
    private float* _output;

    private int _vectors;
    private int _anyFirst;
    private int _anyEnd;
    private int _allFirst;
    private int _allEnd;
    private int _segmentLow;
    private int _segmentHigh;

    // Whether every lane that sees any key has seen one, so that m means something; whether the output holds anything yet.
    private bool _ready;
    private bool _started;

    private static int Lanes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Tile.Vectors * TLanes.Count;
    }

    /// <summary>Scratch that a tile needs.</summary>
    public static long ScratchFloats(int keyWidth, int valueWidth) => (long)Lanes * (8 + keyWidth + KeyTile + ValueRows(valueWidth));

    /// <summary>Channels of the values rounded up to whole tiles.</summary>
    public static int ValueRows(int valueWidth) => (valueWidth + TLanes.TileRows - 1) / TLanes.TileRows * TLanes.TileRows;

    /// <summary>Lays out the scratch.</summary>
    public void Place(float* scratch)
    {
        int lanes = Lanes;
        _first = scratch;
        _end = scratch + lanes;
        _row = scratch + (2 * lanes);
        _segment = scratch + (3 * lanes);
        _maximum = scratch + (4 * lanes);
        _negated = scratch + (5 * lanes);
        _sums = scratch + (6 * lanes);
        _zeros = scratch + (7 * lanes);
        _query = scratch + (8 * lanes);
        _weights = _query + ((nint)lanes * KeyWidth);
        _output = _weights + (lanes * KeyTile);
    }

    /// <summary>Attends to every visible key.</summary>
    /// <param name="query">First query vector of the head.</param>
    /// <param name="queryStride">Floats from token to token.</param>
    /// <param name="scale">Factor on the scores.</param>
    /// <returns>False when no lane sees any key: nothing was computed.</returns>
    public bool Attend(float* query, long queryStride, double scale)
    {
        if (!FindRanges())
        {
            return false;
        }

        // Scores come out in units of log2 unless an operation has to see them first.
        float factor = (float)(Score.Form == ScoreForm.General ? scale : scale * 1.4426950408889634);
        if (!Packing.Transposed(query, queryStride, Rows, _vectors * TLanes.Count, KeyWidth, factor, _query, Lanes))
        {
            ClearBlind();
        }

        int rows = TLanes.TileRows;
        int from = _anyFirst / rows;
        int to = (_anyEnd + rows - 1) / rows;

        // Where no panel at the start is seen by all (windows), begin with one that is: from then on every panel is on the fast path.
        int start = from;
        int common = (_allFirst + rows - 1) / rows;
        if (common > from && (common + 1) * rows <= _allEnd)
        {
            start = common;
        }

        Sweep(start, to);
        Sweep(from, start);
        return true;
    }

    /// <summary>Whatever a query that sees nothing holds, be it NaN, its output is 0.</summary>
    private readonly void ClearBlind()
    {
        for (int lane = 0; lane < Rows; lane++)
        {
            for (int channel = 0; channel < KeyWidth && ((int*)_end)[lane] == 0; channel++)
            {
                _query[((nint)channel * Lanes) + lane] = 0;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool FindRanges()
    {
        int width = TLanes.Count;
        _vectors = (Rows + width - 1) / width;
        _anyFirst = int.MaxValue;
        _anyEnd = 0;
        _allFirst = 0;
        _allEnd = int.MaxValue;
        _segmentLow = int.MaxValue;
        _segmentHigh = int.MinValue;
        _started = false;
        _ready = true;
        var first = (int*)_first;
        var end = (int*)_end;
        for (int lane = 0; lane < _vectors * width; lane++)
        {
            // Lanes past the last query repeat it.
            int row = FirstRow + Math.Min(lane, Rows - 1);
            KeyRange range = Mask.Range(row);
            int low = Math.Max(range.First, 0);
            int high = Math.Min(range.End, KeyCount);
            bool blind = low >= high;
            low = blind ? 0 : low;
            high = blind ? 0 : high;
            first[lane] = low - 1;
            end[lane] = high;
            _row[lane] = row;
            _sums[lane] = 0;
            _zeros[lane] = 0;
            _negated[lane] = 0;

            // A lane that sees nothing has nothing to wait for.
            _maximum[lane] = blind ? 0 : float.NegativeInfinity;
            _ready &= blind;
            _anyFirst = blind ? _anyFirst : Math.Min(_anyFirst, low);
            _anyEnd = Math.Max(_anyEnd, high);
            _allFirst = Math.Max(_allFirst, low);
            _allEnd = Math.Min(_allEnd, high);
            if (Mask.Segments)
            {
                int segment = ((int*)_segment)[Math.Min(lane, Rows - 1)];
                ((int*)_segment)[lane] = segment;
                _segmentLow = Math.Min(_segmentLow, segment);
                _segmentHigh = Math.Max(_segmentHigh, segment);
            }
        }

        return !_ready;
    }

    /// <summary>Where the caller puts the segment ids of the queries.</summary>
    public readonly int* QuerySegments => (int*)_segment;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private PairClass Classify(int panel)
    {
        int first = panel * TLanes.TileRows;
        int end = first + TLanes.TileRows;
        if (end <= _anyFirst || first >= _anyEnd)
        {
            return PairClass.None;
        }

        bool all = first >= _allFirst && end <= _allEnd;
        if (Mask.Segments)
        {
            int low = SegmentLow[panel];
            int high = SegmentHigh[panel];
            if (_segmentHigh < low || _segmentLow > high)
            {
                return PairClass.None;
            }

            all &= low == high && _segmentLow == _segmentHigh;
        }

        if (!Mask.RangeIsExact)
        {
            PairClass known = Mask.Classify(FirstRow, FirstRow + Rows - 1, first, Math.Min(end, KeyCount) - 1);
            if (known == PairClass.None)
            {
                return PairClass.None;
            }

            all &= known == PairClass.All;
        }

        return all ? PairClass.All : PairClass.Partial;
    }

    /// <summary>Panels from … to − 1: weights of the visible panels of a key tile, then their values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Sweep(int from, int to)
    {
        int capacity = KeyTile / TLanes.TileRows;
        int kept = from;
        int panel = from;
        while (panel < to)
        {
            if (panel % capacity == 0)
            {
                AddValues(kept, panel);
                kept = panel;
            }

            PairClass seen = Classify(panel);
            if (seen == PairClass.None)
            {
                AddValues(kept, panel);
                panel++;
                kept = panel;
                continue;
            }

            if (seen == PairClass.All && _ready && Score.Form != ScoreForm.General)
            {
                int limit = Math.Min(to, ((panel / capacity) + 1) * capacity);
                int count = 1;
                while (panel + count < limit && Classify(panel + count) == PairClass.All)
                {
                    count++;
                }

                int done = WeighVisible(panel, count, Weights(panel - kept));
                panel += done;
                if (done < count)
                {
                    WeighCarefully(panel, PairClass.All, 0, _vectors, kept);
                    panel++;
                }
            }
            else
            {
                Weigh(panel, seen, kept);
                panel++;
            }
        }

        AddValues(kept, to);
    }

    private readonly float* Weights(int keptPanels) => _weights + ((nint)keptPanels * TLanes.TileRows * Lanes);

    /// <summary>O^T += V^T P^T over the panels whose weights are kept.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddValues(int from, int to)
    {
        if (to <= from)
        {
            return;
        }

        int rows = TLanes.TileRows;
        int lanes = Lanes;
        TileCall call = default;
        call.A = PanelStore.ValuesOf(ValuePanels, from * rows, ValueRows(ValueWidth), rows);
        call.AStep = KeyTile * rows;
        call.B = _weights;
        call.BRow = lanes;
        call.C = _output;
        call.CRow = lanes;
        call.CStep = rows * lanes;
        call.Init = _started ? _output : _zeros;
        call.InitRow = _started ? lanes : 0;
        call.InitStep = _started ? rows * lanes : 0;
        call.Depth = (to - from) * rows;
        call.Panels = ValueRows(ValueWidth) / rows;
        Tile.Run<TLanes, Plain>(_vectors, &call);
        _started = true;
        for (int panel = from; panel < to; panel++)
        {
            if (ValueFinite[panel] == 0)
            {
                AddUnusualValues(panel, Weights(panel - from));
            }
        }
    }

    /// <summary>Infinities and NaNs of values, which the panels hold as 0 because 0 · NaN would reach queries that do not see them.</summary>
    private void AddUnusualValues(int panel, float* weights)
    {
        int rows = TLanes.TileRows;
        int lanes = Lanes;
        float* visible = stackalloc float[Tile.Vectors * 16];
        TValue* read = stackalloc TValue[Values.Quantized is null ? 0 : ValueWidth];
        for (int row = 0; row < rows && (panel * rows) + row < KeyCount; row++)
        {
            int key = (panel * rows) + row;
            TValue* value = Values.At(Batch, key, ValueHead);
            if (Values.Run(Batch, key, 1) == 0)
            {
                Values.Gather(Batch, key, 1, ValueHead, ValueWidth, read);
                value = read;
            }

            for (int v = 0; v < _vectors; v++)
            {
                TLanes.Store(visible + (v * TLanes.Count), Visible(v, key));
            }

            for (int channel = 0; channel < ValueWidth; channel++)
            {
                float x = Element.Load(value + channel);
                if (float.IsFinite(x))
                {
                    continue;
                }

                for (int lane = 0; lane < Rows; lane++)
                {
                    if (((int*)visible)[lane] != 0)
                    {
                        _output[((nint)channel * lanes) + lane] += weights[(row * lanes) + lane] * x;
                    }
                }
            }
        }
    }
}
