using System;
using System.Runtime.CompilerServices;
using System.Threading;

namespace AttnDsl.Cpu;

/// <summary>
/// One decoding step: every batch row and pack of heads attends to pieces of its context, which threads share; whoever finishes the last piece of a row and pack merges them, in their order.
/// How the context is cut depends on its length and the heads only: then results depend neither on the number of threads nor on the other rows of the batch. Kept per thread and used again, so that calls allocate nothing.
/// </summary>
internal sealed unsafe partial class DecodeCall<TLanes, TScore, TMask, TKey, TValue> : TeamJob
    where TLanes : unmanaged, IKernelLanes<TLanes>
    where TScore : struct, IScore
    where TMask : struct, IPairMask
    where TKey : unmanaged
    where TValue : unmanaged
{
    // Pieces per batch row, over all packs, that a long context is cut into: enough for the threads of a large machine to finish together.
    private const int PiecesPerRow = 64;

    // Scalars of a piece at least: less, and starting it costs more than it shares.
    private const int LeastScalars = 65536;

    // Keys of a piece at least, and at most unless heads are tiny.
    private const int LeastKeys = 256;
    private const int MostKeys = 4096;

    // Multiply-adds under which waking the others costs more than they bring.
    private const long AloneBelow = 200_000;

    // Where values are selected: tokens from which on they are taken in tiles, and rows (tokens of a head) of a tile.
    private const int MostTokens = 8;
    private const int SelectedRows = 16;

    [ThreadStatic]
    private static DecodeCall<TLanes, TScore, TMask, TKey, TValue>? _idle;

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

    // Tokens are taken some at a time where values are selected: more would hold their choices at once.
    private int _tile;
    private int _tiles;
    private int _room;

    private int _pieces;
    private int* _open;
    private float* _results;
    private long _resultFloats;

    public static DecodeCall<TLanes, TScore, TMask, TKey, TValue> Rent()
    {
        DecodeCall<TLanes, TScore, TMask, TKey, TValue> call = _idle ?? new();
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
            RunPieces(workspace, threads, cancellation);
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
        int piece = index % _pieces;
        int pack = index / _pieces % _geometry.Packs.Count;
        int tile = index / _pieces / _geometry.Packs.Count % _tiles;
        int batch = index / _pieces / _geometry.Packs.Count / _tiles;
        Cut(batch, tile, out int first, out int end, out int step, out int pieces);
        if (piece >= pieces)
        {
            return;
        }

        int tokens = Tokens(batch, tile);
        if (tokens == 0 || first >= end)
        {
            WriteBlind(batch, pack, tile, 0);
            return;
        }

        int[] heads = _geometry.Packs.Heads(pack);
        long own = ResultFloats(heads.Length * tokens);
        long scratchFloats = DecodeChunk<TLanes, TScore, TMask, TKey, TValue>.ScratchFloats(heads.Length, tokens, _keys, _values, _geometry.KeyWidth, _geometry.ValueWidth);
        float* scratch = workspace.Reserve(own + scratchFloats + (_geometry.Keep > 0 ? SelectionFloats(pieces) : 0));
        int place = (((batch * _tiles) + tile) * _geometry.Packs.Count) + pack;
        float* all = pieces == 1 ? scratch : _results + ((long)place * _pieces * _resultFloats);
        Attend(batch, pack, tile, first + (piece * step), Math.Min(end, first + ((piece + 1) * step)), scratch + own, all + (piece * _resultFloats));
        if (pieces == 1 || Interlocked.Decrement(ref _open[place]) == 0)
        {
            if (_geometry.Keep > 0)
            {
                MergeSelected(batch, pack, tile, all, pieces, scratch + own + scratchFloats);
            }
            else
            {
                Merge(batch, pack, all, pieces);
            }

            WriteBlind(batch, pack, tile, tokens);
        }
    }

    private void RunPieces(Workspace workspace, int threads, CancellationToken cancellation)
    {
        int packs = _geometry.Packs.Count;
        bool selects = _geometry.Keep > 0;
        _tile = selects && _rows.Tokens > MostTokens ? Math.Max(1, SelectedRows / _geometry.Packs.Largest) : Math.Max(1, _rows.Tokens);
        _tiles = Math.Max(1, (_rows.Tokens + _tile - 1) / _tile);
        _pieces = 1;
        long keys = 0;
        int longest = 0;
        for (int batch = 0; batch < _rows.Batch; batch++)
        {
            for (int tile = 0; tile < _tiles; tile++)
            {
                Cut(batch, tile, out int first, out int end, out int step, out int pieces);
                _pieces = Math.Max(_pieces, pieces);
                keys += Math.Max(end - first, 0);
                longest = Math.Max(longest, Math.Min(step, Math.Max(end - first, 0)));
            }
        }

        _room = selects ? DecodeChunk<TLanes, TScore, TMask, TKey, TValue>.RoomFor(_geometry.Keep, longest) : 0;
        _resultFloats = ResultFloats(_geometry.Packs.Largest * _tile);
        if (_pieces > 1)
        {
            int places = _rows.Batch * _tiles * packs;
            long counters = Workspace.Padded(places);
            float* memory = workspace.Reserve(counters + ((long)places * _pieces * _resultFloats));
            _open = (int*)memory;
            _results = memory + counters;
            for (int place = 0; place < places; place++)
            {
                Cut(place / packs / _tiles, place / packs % _tiles, out _, out _, out _, out _open[place]);
            }
        }

        long work = keys * _tile * _geometry.ScoreHeads * (_geometry.KeyWidth + _geometry.ValueWidth);
        CpuTeam.Shared.Run(this, _rows.Batch * _tiles * packs * _pieces, work < AloneBelow ? 1 : threads, cancellation);
    }

    private long ResultFloats(int rows) => _geometry.Keep > 0
        ? DecodeChunk<TLanes, TScore, TMask, TKey, TValue>.SelectedFloats(rows, _room)
        : DecodeChunk<TLanes, TScore, TMask, TKey, TValue>.ResultFloats(rows, _geometry.ValueWidth);

    /// <summary>Real tokens of a batch row's tile.</summary>
    private int Tokens(int batch, int tile) => Math.Clamp(_rows.Count(batch) - (tile * _tile), 0, _tile);

    /// <summary>The keys that any query of a batch row's tile sees, and the pieces they are cut into.</summary>
    private void Cut(int batch, int tile, out int first, out int end, out int step, out int pieces)
    {
        first = int.MaxValue;
        end = 0;
        int keyCount = _rows.KeyCount(batch);
        int past = _rows.Past(batch) + (tile * _tile);
        for (int token = 0; token < Tokens(batch, tile); token++)
        {
            KeyRange range = _mask.Range(past + token);
            int low = Math.Max(range.First, 0);
            int high = Math.Min(range.End, keyCount);
            if (low < high)
            {
                first = Math.Min(first, low);
                end = Math.Max(end, high);
            }
        }

        // Codes are met in steps of so many keys, which then fall into step with those of a window too.
        first = _keys.Quantized is null || end == 0 ? first : first / ScoreTile.MostKeys * ScoreTile.MostKeys;
        long keys = Math.Max(0L, (long)end - first);
        if (_tiles > 1)
        {
            // There is enough to share without.
            step = (int)Math.Max(keys, 1);
            pieces = 1;
            return;
        }

        int least = Math.Max(LeastKeys, LeastScalars / (_geometry.KeyWidth + _geometry.ValueWidth));
        long wanted = Math.Clamp(keys * _geometry.Packs.Count / PiecesPerRow, least, Math.Max(least, MostKeys));
        step = (int)(wanted + DecodeChunk<TLanes, TScore, TMask, TKey, TValue>.Block - 1) / DecodeChunk<TLanes, TScore, TMask, TKey, TValue>.Block * DecodeChunk<TLanes, TScore, TMask, TKey, TValue>.Block;
        pieces = (int)Math.Max(1, (keys + step - 1) / step);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Attend(int batch, int pack, int tile, int from, int to, float* scratch, float* results)
    {
        DecodeChunk<TLanes, TScore, TMask, TKey, TValue> chunk = default;
        chunk.Score = _score;
        chunk.Mask = _mask;
        chunk.Keys = _keys;
        chunk.Values = _values;
        chunk.KeyHead = _geometry.Packs.KeyHead(pack);
        chunk.ValueHead = _geometry.Packs.ValueHead(pack);
        chunk.Heads = _geometry.Packs.Heads(pack);
        chunk.Tokens = Tokens(batch, tile);
        chunk.KeyCount = _rows.KeyCount(batch);
        chunk.FirstToken = tile * _tile;
        chunk.Past = _rows.Past(batch) + chunk.FirstToken;
        chunk.Keep = _geometry.Keep;
        chunk.Room = _room;
        chunk.KeyWidth = _geometry.KeyWidth;
        chunk.ValueWidth = _geometry.ValueWidth;
        chunk.Rows = _rows;
        chunk.Batch = batch;
        chunk.Place(scratch, results);
        chunk.LoadQueries(_query + ((((long)batch * _rows.Tokens) + chunk.FirstToken) * _geometry.Query.Heads * _geometry.KeyWidth), _geometry.Query, _geometry.Scale);
        if (chunk.Keep > 0)
        {
            chunk.Select(from, to);
        }
        else
        {
            chunk.Attend(from, to);
        }
    }
}
