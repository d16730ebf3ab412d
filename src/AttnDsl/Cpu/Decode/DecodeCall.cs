using System;
using System.Runtime.CompilerServices;
using System.Threading;

namespace AttnDsl.Cpu;

/// <summary>
/// One decoding step: every batch row and pack of heads attends to pieces of its context, which threads share; whoever finishes the last piece of a row and pack merges them, in their order.
/// How the context is cut depends on its length and the heads only: then results depend neither on the number of threads nor on the other rows of the batch. Kept per thread and used again, so that calls allocate nothing.
/// </summary>
internal sealed unsafe partial class DecodeCall<TLanes, TScore, TMask, T> : TeamJob
    where TLanes : unmanaged, IKernelLanes<TLanes>
    where TScore : struct, IScore
    where TMask : struct, IPairMask
    where T : unmanaged
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

    [ThreadStatic]
    private static DecodeCall<TLanes, TScore, TMask, T>? _idle;

    private AttendGeometry _geometry = null!;
    private TokenRows _rows = null!;
    private TScore _score;
    private TMask _mask;
    private float* _query;
    private RowsPointer<T> _keys;
    private RowsPointer<T> _values;
    private float* _sinks;
    private float* _output;
    private float* _lse;

    private int _pieces;
    private int* _open;
    private float* _results;
    private long _resultFloats;

    public static DecodeCall<TLanes, TScore, TMask, T> Rent()
    {
        DecodeCall<TLanes, TScore, TMask, T> call = _idle ?? new();
        _idle = null;
        return call;
    }

    public void Run(
        AttendGeometry geometry,
        TokenRows rows,
        TScore score,
        TMask mask,
        float* query,
        RowsPointer<T> keys,
        RowsPointer<T> values,
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
        int batch = index / _pieces / _geometry.Packs.Count;
        Cut(batch, out int first, out int end, out int step, out int pieces);
        if (piece >= pieces)
        {
            return;
        }

        int tokens = _rows.Count(batch);
        if (tokens == 0 || first >= end)
        {
            WriteBlind(batch, pack, 0);
            return;
        }

        int[] heads = _geometry.Packs.Heads(pack);
        long own = DecodeChunk<TLanes, TScore, TMask, T>.ResultFloats(heads.Length * tokens, _geometry.ValueWidth);
        float* scratch = workspace.Reserve(own + DecodeChunk<TLanes, TScore, TMask, T>.ScratchFloats(heads.Length, tokens, _keys, _values, _geometry.KeyWidth, _geometry.ValueWidth));
        int place = (batch * _geometry.Packs.Count) + pack;
        float* all = pieces == 1 ? scratch : _results + ((long)place * _pieces * _resultFloats);
        Attend(batch, pack, first + (piece * step), Math.Min(end, first + ((piece + 1) * step)), scratch + own, all + (piece * _resultFloats));
        if (pieces == 1 || Interlocked.Decrement(ref _open[place]) == 0)
        {
            Merge(batch, pack, all, pieces);
            WriteBlind(batch, pack, tokens);
        }
    }

    private void RunPieces(Workspace workspace, int threads, CancellationToken cancellation)
    {
        int packs = _geometry.Packs.Count;
        _pieces = 1;
        long keys = 0;
        for (int batch = 0; batch < _rows.Batch; batch++)
        {
            Cut(batch, out int first, out int end, out _, out int pieces);
            _pieces = Math.Max(_pieces, pieces);
            keys += Math.Max(end - first, 0);
        }

        _resultFloats = DecodeChunk<TLanes, TScore, TMask, T>.ResultFloats(_geometry.Packs.Largest * _rows.Tokens, _geometry.ValueWidth);
        if (_pieces > 1)
        {
            int places = _rows.Batch * packs;
            long counters = Workspace.Padded(places);
            float* memory = workspace.Reserve(counters + ((long)places * _pieces * _resultFloats));
            _open = (int*)memory;
            _results = memory + counters;
            for (int place = 0; place < places; place++)
            {
                Cut(place / packs, out _, out _, out _, out _open[place]);
            }
        }

        long work = keys * _rows.Tokens * _geometry.ScoreHeads * (_geometry.KeyWidth + _geometry.ValueWidth);
        CpuTeam.Shared.Run(this, _rows.Batch * packs * _pieces, work < AloneBelow ? 1 : threads, cancellation);
    }

    /// <summary>The keys that any query of a batch row sees, and the pieces they are cut into.</summary>
    private void Cut(int batch, out int first, out int end, out int step, out int pieces)
    {
        first = int.MaxValue;
        end = 0;
        int keyCount = _rows.KeyCount(batch);
        int past = _rows.Past(batch);
        for (int token = 0; token < _rows.Count(batch); token++)
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
        int least = Math.Max(LeastKeys, LeastScalars / (_geometry.KeyWidth + _geometry.ValueWidth));
        long wanted = Math.Clamp(keys * _geometry.Packs.Count / PiecesPerRow, least, Math.Max(least, MostKeys));
        step = (int)(wanted + DecodeChunk<TLanes, TScore, TMask, T>.Block - 1) / DecodeChunk<TLanes, TScore, TMask, T>.Block * DecodeChunk<TLanes, TScore, TMask, T>.Block;
        pieces = (int)Math.Max(1, (keys + step - 1) / step);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Attend(int batch, int pack, int from, int to, float* scratch, float* results)
    {
        DecodeChunk<TLanes, TScore, TMask, T> chunk = default;
        chunk.Score = _score;
        chunk.Mask = _mask;
        chunk.Keys = _keys;
        chunk.Values = _values;
        chunk.KeyHead = _geometry.Packs.KeyHead(pack);
        chunk.ValueHead = _geometry.Packs.ValueHead(pack);
        chunk.Heads = _geometry.Packs.Heads(pack);
        chunk.Tokens = _rows.Count(batch);
        chunk.KeyCount = _rows.KeyCount(batch);
        chunk.Past = _rows.Past(batch);
        chunk.KeyWidth = _geometry.KeyWidth;
        chunk.ValueWidth = _geometry.ValueWidth;
        chunk.Rows = _rows;
        chunk.Batch = batch;
        chunk.Place(scratch, results);
        chunk.LoadQueries(_query + ((long)batch * _rows.Tokens * _geometry.Query.Heads * _geometry.KeyWidth), _geometry.Query, _geometry.Scale);
        chunk.Attend(from, to);
    }
}
