using System;
using System.Threading;

namespace AttnDsl.Cpu;

/// <summary>
/// One forward: keys and values of some batch rows are packed into panels, once per stored head; then the query tiles of those rows attend, the heads that share a key head next to each other and the longest tiles first.
/// Kept per thread and used again, so that calls allocate nothing.
/// </summary>
internal sealed unsafe class ForwardCall<TLanes, TScore, TMask, TKey, TValue> : TeamJob
    where TLanes : unmanaged, IKernelLanes<TLanes>
    where TScore : struct, IScore
    where TMask : struct, IPairMask
    where TKey : unmanaged
    where TValue : unmanaged
{
    // Floats of panels that are packed before their queries are attended to; a batch row that alone needs more gets more.
    private const long PanelBudget = 16 << 20;

    // Keys per packing job.
    private const int PackedKeys = 256;

    // Multiply-adds under which waking the others costs more than they bring.
    private const long AloneBelow = 400_000;

    [ThreadStatic]
    private static ForwardCall<TLanes, TScore, TMask, TKey, TValue>? _idle;

    private AttendGeometry _geometry = null!;
    private TokenRows _rows = null!;
    private TScore _score;
    private TMask _mask;
    private float* _query;
    private RowsPointer<TKey> _keys;
    private RowsPointer<TValue> _values;
    private float* _sinks;
    private float* _output;
    private float* _lse;

    private bool _packing;
    private int _firstRow;
    private int _panels;
    private int _tiles;
    private int _blocks;
    private PanelStore _store;

    public static ForwardCall<TLanes, TScore, TMask, TKey, TValue> Rent()
    {
        ForwardCall<TLanes, TScore, TMask, TKey, TValue> call = _idle ?? new();
        _idle = null;
        return call;
    }

    public void Run(
        AttendGeometry geometry,
        TokenRows rows,
        TScore score,
        TMask mask,
        float* query,
        RowsPointer<TKey> keys,
        RowsPointer<TValue> values,
        float* sinks,
        float* output,
        float* lse,
        int threads,
        CancellationToken cancellation)
    {
        _geometry = geometry;
        _rows = rows;
        _score = score;
        _mask = mask;
        _query = query;
        _keys = keys;
        _values = values;
        _sinks = sinks;
        _output = output;
        _lse = lse;
        Workspace workspace = WorkspacePool.Rent();
        try
        {
            RunWaves(workspace, threads, cancellation);
        }
        finally
        {
            WorkspacePool.Return(workspace);
            _geometry = null!;
            _rows = null!;
            _score = default;
            _mask = default;
            _keys = default;
            _values = default;
            _idle = this;
        }
    }

    public override void Execute(int index, Workspace workspace)
    {
        if (_packing)
        {
            Pack(index);
        }
        else
        {
            Attend(index, workspace);
        }
    }

    private void RunWaves(Workspace workspace, int threads, CancellationToken cancellation)
    {
        int longest = 0;
        for (int row = 0; row < _rows.Batch; row++)
        {
            longest = Math.Max(longest, _rows.KeyCount(row));
        }

        int lanes = Tile.Vectors * TLanes.Count;
        _tiles = (_rows.Tokens + lanes - 1) / lanes;
        _panels = (longest + TLanes.TileRows - 1) / TLanes.TileRows;
        _blocks = (longest + PackedKeys - 1) / PackedKeys;
        _store = PanelStore.Of(_geometry, _panels, TLanes.TileRows, _mask.Segments);
        int wave = (int)Math.Clamp(PanelBudget / Math.Max(_store.RowFloats, 1), 1, _rows.Batch);
        _store.Memory = workspace.Reserve(_store.RowFloats * wave);
        long pairs = (long)_rows.Tokens * longest * _geometry.ScoreHeads;
        for (_firstRow = 0; _firstRow < _rows.Batch; _firstRow += wave)
        {
            int count = Math.Min(wave, _rows.Batch - _firstRow);
            int used = count * pairs * (_geometry.KeyWidth + _geometry.ValueWidth) < AloneBelow ? 1 : threads;
            _packing = true;
            CpuTeam.Shared.Run(this, count * (_geometry.Key.Heads + _geometry.Value.Heads) * _blocks, used, cancellation);
            _packing = false;
            CpuTeam.Shared.Run(this, count * _geometry.ScoreHeads * _tiles, used, cancellation);
        }
    }

    /// <summary>A block of keys or values of one stored head.</summary>
    private void Pack(int index)
    {
        int rows = TLanes.TileRows;
        int heads = _geometry.Key.Heads + _geometry.Value.Heads;
        int block = index % _blocks;
        int head = index / _blocks % heads;
        int wave = index / _blocks / heads;
        int batch = _firstRow + wave;
        int keyCount = _rows.KeyCount(batch);
        bool ofKeys = head < _geometry.Key.Heads;
        head = ofKeys ? head : head - _geometry.Key.Heads;
        int end = Math.Min((block + 1) * (PackedKeys / rows), (keyCount + rows - 1) / rows);
        if (ofKeys)
        {
            Pack(_keys, true, wave, head, batch, keyCount, block, end, _geometry.KeyWidth);
        }
        else
        {
            Pack(_values, false, wave, head, batch, keyCount, block, end, _geometry.ValueWidth);
        }
    }

    private void Pack<T>(in RowsPointer<T> source, bool ofKeys, int wave, int head, int batch, int keyCount, int block, int end, int width)
        where T : unmanaged
    {
        int rows = TLanes.TileRows;
        T* gathered = stackalloc T[source.IsScattered(rows) ? rows * width : 0];
        for (int panel = block * (PackedKeys / rows); panel < end; panel++)
        {
            int first = panel * rows;
            int count = Math.Min(rows, keyCount - first);
            T* from = source.At(batch, first, head);
            long stride = source.TokenStride;
            if (source.Run(batch, first, count) < count)
            {
                source.Gather(batch, first, count, head, width, gathered);
                from = gathered;
                stride = width;
            }

            if (ofKeys)
            {
                float* target = _store.Keys(wave, head) + ((nint)first * width);
                bool finite = Packing.Transposed(from, stride, count, rows, width, 1, target, rows);
                _store.KeyFinite(wave, head)[panel] = finite ? (byte)1 : (byte)0;
                if (head == 0 && _mask.Segments)
                {
                    PackSegments(wave, batch, panel, first, count);
                }
            }
            else
            {
                float* target = PanelStore.ValuesOf(_store.Values(wave, head), first, QueryTile<TLanes, TScore, TMask, TValue>.ValueRows(_geometry.ValueWidth), rows);
                bool finite = Packing.Copied(from, stride, count, rows, width, rows, _store.ValueStep, target);
                _store.ValueFinite(wave, head)[panel] = finite ? (byte)1 : (byte)0;
                if (!finite)
                {
                    ClearUnusual(target);
                }
            }
        }
    }

    private void PackSegments(int wave, int batch, int panel, int first, int count)
    {
        int* segments = _store.Segments(wave);
        int low = int.MaxValue;
        int high = int.MinValue;
        for (int i = 0; i < TLanes.TileRows; i++)
        {
            int segment = i < count ? _rows.KeySegment(batch, first + i) : 0;
            segments[first + i] = segment;
            low = i < count ? Math.Min(low, segment) : low;
            high = i < count ? Math.Max(high, segment) : high;
        }

        _store.SegmentLow(wave)[panel] = low;
        _store.SegmentHigh(wave)[panel] = high;
    }

    private void ClearUnusual(float* panel)
    {
        int rows = TLanes.TileRows;
        for (int group = 0; group < QueryTile<TLanes, TScore, TMask, TValue>.ValueRows(_geometry.ValueWidth) / rows; group++)
        {
            float* values = panel + (group * _store.ValueStep);
            for (int i = 0; i < rows * rows; i++)
            {
                values[i] = float.IsFinite(values[i]) ? values[i] : 0;
            }
        }
    }

    /// <summary>One query tile of one score head.</summary>
    private void Attend(int index, Workspace workspace)
    {
        int perRow = _geometry.ScoreHeads * _tiles;
        int wave = index / perRow;
        index %= perRow;
        int[] starts = _geometry.GroupStarts;
        int keyHead = 0;
        while (index >= starts[keyHead + 1] * _tiles)
        {
            keyHead++;
        }

        index -= starts[keyHead] * _tiles;
        int group = starts[keyHead + 1] - starts[keyHead];
        int scoreHead = _geometry.Order[starts[keyHead] + (index % group)];

        // The last tile sees most under a causal mask; the first one takes the remainder, which is cheapest there.
        int lanes = Tile.Vectors * TLanes.Count;
        int tile = _tiles - 1 - (index / group);
        int firstTile = _rows.Tokens - ((_tiles - 1) * lanes);
        int token = tile == 0 ? 0 : firstTile + ((tile - 1) * lanes);
        Attend(wave, scoreHead, keyHead, token, tile == 0 ? firstTile : lanes, workspace);
    }

    private void Attend(int wave, int scoreHead, int keyHead, int token, int tokens, Workspace workspace)
    {
        int batch = _firstRow + wave;
        int width = _geometry.ValueWidth;
        int valueHead = _geometry.Value.Of(scoreHead);
        long outputStride = (long)_geometry.ScoreHeads * width;
        long place = ((((long)batch * _rows.Tokens) + token) * _geometry.ScoreHeads) + scoreHead;
        float* output = _output + (place * width);
        float* lse = _lse == null ? null : _lse + place;
        int count = Math.Clamp(_rows.Count(batch) - token, 0, tokens);
        bool seen = false;
        if (count > 0)
        {
            QueryTile<TLanes, TScore, TMask, TValue> tile = default;
            tile.Score = _score;
            tile.Mask = _mask;
            tile.KeyPanels = _store.Keys(wave, keyHead);
            tile.KeyFinite = _store.KeyFinite(wave, keyHead);
            tile.ValuePanels = _store.Values(wave, valueHead);
            tile.ValueFinite = _store.ValueFinite(wave, valueHead);
            tile.Values = _values;
            tile.Batch = batch;
            tile.ValueHead = valueHead;
            tile.KeyWidth = _geometry.KeyWidth;
            tile.ValueWidth = width;
            tile.KeyCount = _rows.KeyCount(batch);
            tile.ScoreHead = scoreHead;
            tile.Rows = count;
            tile.FirstRow = _rows.Past(batch) + token;
            tile.Place(workspace.Reserve(QueryTile<TLanes, TScore, TMask, TValue>.ScratchFloats(tile.KeyWidth, width)));
            if (_mask.Segments)
            {
                tile.KeySegments = _store.Segments(wave);
                tile.SegmentLow = _store.SegmentLow(wave);
                tile.SegmentHigh = _store.SegmentHigh(wave);
                for (int lane = 0; lane < count; lane++)
                {
                    tile.QuerySegments[lane] = _rows.QuerySegment(batch, token + lane);
                }
            }

            long queryStride = (long)_geometry.Query.Heads * tile.KeyWidth;
            float* query = _query + ((((long)batch * _rows.Tokens) + token) * queryStride) + ((long)_geometry.Query.Of(scoreHead) * tile.KeyWidth);
            seen = tile.Attend(query, queryStride, _geometry.Scale);
            if (seen)
            {
                tile.Write(_sinks == null ? float.NegativeInfinity : _sinks[scoreHead], output, outputStride, lse, _geometry.ScoreHeads);
            }
        }

        // Rows that see nothing, and padding.
        for (int row = seen ? count : 0; row < tokens; row++)
        {
            new Span<float>(output + (row * outputStride), width).Clear();
            if (lse != null)
            {
                lse[(long)row * _geometry.ScoreHeads] = float.NegativeInfinity;
            }
        }
    }
}
