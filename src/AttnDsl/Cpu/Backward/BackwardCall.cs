using System;
using System.Threading;

namespace AttnDsl.Cpu;

/// <summary>
/// One backward. First the sums over single queries; then score heads are worked on by themselves, in waves that bound the memory, each split into parts of its keys; then what a wave left is summed over the heads that share a query, key or value head, always in the same order.
/// Kept per thread and used again, so that calls allocate nothing.
/// </summary>
internal sealed unsafe class BackwardCall<TLanes, TScore, TMask> : TeamJob
    where TLanes : unmanaged, IKernelLanes<TLanes>
    where TScore : struct, IScore
    where TMask : struct, IPairMask
{
    // Pieces that a call should have, so that threads finish together. Fixed, because the parts decide in which order query gradients are summed.
    private const int Pieces = 32;

    // Queries per piece of the sums over single queries.
    private const int SummedQueries = 64;

    // Keys per summing piece.
    private const int SummedKeys = 256;

    // Multiply-adds under which waking the others costs more than they bring.
    private const long AloneBelow = 400_000;

    private enum Phase
    {
        Queries,
        Heads,
        Sums,
    }

    [ThreadStatic]
    private static BackwardCall<TLanes, TScore, TMask>? _idle;

    private AttendGeometry _geometry = null!;
    private TokenRows _rows = null!;
    private TScore _score;
    private TMask _mask;
    private BackwardPointers _at;
    private double* _sinkGradients;
    private float* _shift;
    private float* _delta;
    private long _queryStride;

    private Phase _phase;
    private int _parts;
    private int _wave;
    private int _waveCount;
    private int _firstBatch;
    private int _queryTiles;
    private int _queryBlocks;
    private int _keyBlocks;
    private GradientStore _store;

    public static BackwardCall<TLanes, TScore, TMask> Rent()
    {
        BackwardCall<TLanes, TScore, TMask> call = _idle ?? new();
        _idle = null;
        return call;
    }

    public void Run(AttendGeometry geometry, TokenRows rows, TScore score, TMask mask, in BackwardPointers pointers, int threads, CancellationToken cancellation)
    {
        _geometry = geometry;
        _rows = rows;
        _score = score;
        _mask = mask;
        _at = pointers;
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
            _idle = this;
        }
    }

    public override void Execute(int index, Workspace workspace)
    {
        switch (_phase)
        {
            case Phase.Queries:
                SumQueries(index);
                break;
            case Phase.Heads:
                // The first keys have most queries under a causal mask: their parts come first.
                Differentiate(index % _waveCount, index / _waveCount, workspace);
                break;
            default:
                Sum(index);
                break;
        }
    }

    private void RunWaves(Workspace workspace, int threads, CancellationToken cancellation)
    {
        int queries = 0;
        int keys = 0;
        for (int row = 0; row < _rows.Batch; row++)
        {
            queries = Math.Max(queries, _rows.Count(row));
            keys = Math.Max(keys, _rows.KeyCount(row));
        }

        int keyTiles = HeadGradient<TLanes, TScore, TMask>.KeyTiles(keys);
        long heads = (long)_rows.Batch * _geometry.ScoreHeads;
        _parts = (int)Math.Clamp((Pieces + heads - 1) / heads, 1, Math.Max(1, keyTiles / 2));
        _queryTiles = new QueryTiling(queries, Strip.TileLanes<TLanes>()).Tiles;
        _keyBlocks = (_rows.Keys + SummedKeys - 1) / SummedKeys;
        long keyRows = (long)keyTiles * HeadGradient<TLanes, TScore, TMask>.KeyTile;
        _store = new GradientStore(
            HeadGradient<TLanes, TScore, TMask>.QueryGradientFloats(queries, _geometry.KeyWidth),
            _parts,
            keyRows * HeadGradient<TLanes, TScore, TMask>.Padded(_geometry.KeyWidth),
            keyRows * HeadGradient<TLanes, TScore, TMask>.Padded(_geometry.ValueWidth));
        int wave = (int)Math.Min(Math.Max(BackwardBudget.WaveFloats / Math.Max(_store.HeadFloats, 1), (threads + _parts - 1) / _parts), heads);
        long sinks = Workspace.Padded(2 * heads);
        _queryStride = Workspace.Padded(queries);
        float* memory = workspace.Reserve(sinks + (2 * heads * _queryStride) + (_store.HeadFloats * wave));
        _sinkGradients = (double*)memory;
        _shift = memory + sinks;
        _delta = _shift + (heads * _queryStride);
        _store.Memory = _delta + (heads * _queryStride);
        long products = (long)queries * keys * ((3L * _geometry.KeyWidth) + (2L * _geometry.ValueWidth));
        _phase = Phase.Queries;
        _queryBlocks = (queries + SummedQueries - 1) / SummedQueries;
        CpuTeam.Shared.Run(this, _rows.Batch * _queryBlocks, products * heads < AloneBelow ? 1 : threads, cancellation);
        for (long first = 0; first < heads; first += wave)
        {
            _wave = checked((int)first);
            _waveCount = (int)Math.Min(wave, heads - first);
            int used = products * _waveCount < AloneBelow ? 1 : threads;
            _phase = Phase.Heads;
            CpuTeam.Shared.Run(this, _waveCount * _parts, used, cancellation);
            _phase = Phase.Sums;
            _firstBatch = _wave / _geometry.ScoreHeads;
            int batches = ((_wave + _waveCount - 1) / _geometry.ScoreHeads) - _firstBatch + 1;
            CpuTeam.Shared.Run(this, batches * SumsPerBatch, used, cancellation);
        }

        SumSinks();
    }

    private int SumsPerBatch => (_geometry.Query.Heads * (_queryTiles + 1)) + ((_geometry.Key.Heads + _geometry.Value.Heads) * _keyBlocks);

    private void SumQueries(int index)
    {
        int batch = index / _queryBlocks;
        int token = index % _queryBlocks * SummedQueries;
        int count = Math.Clamp(_rows.Count(batch) - token, 0, SummedQueries);
        long first = (batch * _geometry.ScoreHeads * _queryStride) + token;
        QuerySums.Compute(in _at, _geometry, ((long)batch * _rows.Tokens) + token, count, _shift + first, _delta + first, _queryStride);
    }

    /// <summary>One part of one score head.</summary>
    private void Differentiate(int inWave, int part, Workspace workspace)
    {
        int batch = (_wave + inWave) / _geometry.ScoreHeads;
        int head = _geometry.Order[(_wave + inWave) % _geometry.ScoreHeads];
        HeadGradient<TLanes, TScore, TMask> job = default;
        job.Score = _score;
        job.Mask = _mask;
        job.Tokens = _rows;
        job.Batch = batch;
        job.ScoreHead = head;
        job.KeyWidth = _geometry.KeyWidth;
        job.ValueWidth = _geometry.ValueWidth;
        job.Scale = _geometry.Scale;
        job.QueryStride = (long)_geometry.Query.Heads * job.KeyWidth;
        job.Query = _at.Query + (batch * _rows.Tokens * job.QueryStride) + ((long)_geometry.Query.Of(head) * job.KeyWidth);
        job.KeyStride = (long)_geometry.Key.Heads * job.KeyWidth;
        job.Key = _at.Key + (batch * _rows.Keys * job.KeyStride) + ((long)_geometry.Key.Of(head) * job.KeyWidth);
        job.ValueStride = (long)_geometry.Value.Heads * job.ValueWidth;
        job.Value = _at.Value + (batch * _rows.Keys * job.ValueStride) + ((long)_geometry.Value.Of(head) * job.ValueWidth);
        job.OutputStride = (long)_geometry.ScoreHeads * job.ValueWidth;
        long place = batch * _rows.Tokens * job.OutputStride;
        job.OutputGradient = _at.OutputGradient + place + ((long)head * job.ValueWidth);
        long first = (((long)batch * _geometry.ScoreHeads) + head) * _queryStride;
        job.Shift = _shift + first;
        job.Delta = _delta + first;
        job.QueryGradient = _store.Query(inWave, part);
        job.KeyGradient = _store.Key(inWave);
        job.ValueGradient = _store.Value(inWave);
        job.Run(part, _parts, workspace);
        if (part == 0 && _at.Sinks != null)
        {
            float* lse = _at.Lse + ((long)batch * _rows.Tokens * _geometry.ScoreHeads) + head;
            _sinkGradients[_wave + inWave] = QuerySums.SinkGradient(_at.Sinks[head], lse, _geometry.ScoreHeads, job.Delta, _rows.Count(batch));
        }
    }

    /// <summary>A piece of the gradients of one stored head: what the heads of this wave that read it left.</summary>
    private void Sum(int index)
    {
        int batch = _firstBatch + (index / SumsPerBatch);
        index %= SumsPerBatch;
        int queryPieces = _geometry.Query.Heads * (_queryTiles + 1);
        if (index < queryPieces)
        {
            SumQueryGradients(batch, index / (_queryTiles + 1), index % (_queryTiles + 1));
            return;
        }

        index -= queryPieces;
        bool ofKeys = index < _geometry.Key.Heads * _keyBlocks;
        index -= ofKeys ? 0 : _geometry.Key.Heads * _keyBlocks;
        SumKeys(batch, ofKeys, index / _keyBlocks, index % _keyBlocks);
    }

    private void SumQueryGradients(int batch, int head, int tile)
    {
        int width = _geometry.KeyWidth;
        int count = _rows.Count(batch);
        long stride = (long)_geometry.Query.Heads * width;
        float* target = _at.QueryGradient + (batch * _rows.Tokens * stride) + ((long)head * width);
        bool begins = Begins(batch);
        if (tile == _queryTiles)
        {
            if (begins)
            {
                GradientSum.Clear(_rows.Tokens - count, width, target + (count * stride), stride);
            }

            return;
        }

        int lanes = Strip.TileLanes<TLanes>();
        var tiling = new QueryTiling(count, lanes);
        if (tile >= tiling.Tiles)
        {
            return;
        }

        int rows = tiling.Rows(tile);
        target += tiling.Token(tile) * stride;
        int first = First(_geometry.Query, head);
        if (first < 0)
        {
            GradientSum.Clear(begins ? rows : 0, width, target, stride);
            return;
        }

        long place = (long)tile * lanes * HeadGradient<TLanes, TScore, TMask>.Channels(width);
        for (int order = FirstOrder(batch); order < EndOrder(batch); order++)
        {
            if (_geometry.Query.Of(_geometry.Order[order]) != head)
            {
                continue;
            }

            int inWave = (batch * _geometry.ScoreHeads) + order - _wave;
            for (int part = 0; part < _parts; part++)
            {
                GradientSum.Transposed(_store.Query(inWave, part) + place, lanes, rows, width, (float)_geometry.Scale, target, stride, order != first || part != 0);
            }
        }
    }

    private void SumKeys(int batch, bool ofKeys, int head, int block)
    {
        HeadMap map = ofKeys ? _geometry.Key : _geometry.Value;
        int width = ofKeys ? _geometry.KeyWidth : _geometry.ValueWidth;
        int padded = HeadGradient<TLanes, TScore, TMask>.Padded(width);
        float factor = ofKeys ? (float)_geometry.Scale : 1;
        long stride = (long)map.Heads * width;
        int from = block * SummedKeys;
        int to = Math.Min(from + SummedKeys, _rows.Keys);
        int seen = Math.Clamp(_rows.KeyCount(batch), from, to);
        float* target = (ofKeys ? _at.KeyGradient : _at.ValueGradient) + (batch * _rows.Keys * stride) + ((long)head * width);
        int first = First(map, head);
        if (Begins(batch))
        {
            int zeros = first < 0 ? from : seen;
            GradientSum.Clear(to - zeros, width, target + (zeros * stride), stride);
        }

        for (int order = FirstOrder(batch); order < EndOrder(batch); order++)
        {
            if (map.Of(_geometry.Order[order]) == head)
            {
                int inWave = (batch * _geometry.ScoreHeads) + order - _wave;
                float* source = (ofKeys ? _store.Key(inWave) : _store.Value(inWave)) + ((long)from * padded);
                GradientSum.Rows(source, padded, seen - from, width, factor, target + (from * stride), stride, order != first);
            }
        }
    }

    private void SumSinks()
    {
        for (int order = 0; _at.Sinks != null && order < _geometry.ScoreHeads; order++)
        {
            double sum = 0;
            for (int batch = 0; batch < _rows.Batch; batch++)
            {
                sum += _sinkGradients[(batch * _geometry.ScoreHeads) + order];
            }

            _at.SinkGradient[_geometry.Order[order]] = (float)sum;
        }
    }

    /// <summary>Whether the wave holds the first head of a batch row: who sums then also writes the zeros.</summary>
    private bool Begins(int batch) => batch * _geometry.ScoreHeads >= _wave;

    private int FirstOrder(int batch) => Math.Max(_wave - (batch * _geometry.ScoreHeads), 0);

    private int EndOrder(int batch) => Math.Min(_wave + _waveCount - (batch * _geometry.ScoreHeads), _geometry.ScoreHeads);

    /// <summary>Place in the order of the first score head that reads a stored head: it overwrites, the others add. −1 where none does.</summary>
    private int First(HeadMap map, int head)
    {
        int[] order = _geometry.Order;
        for (int i = 0; i < order.Length; i++)
        {
            if (map.Of(order[i]) == head)
            {
                return i;
            }
        }

        return -1;
    }
}
