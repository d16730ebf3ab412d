using System;
using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>
/// Matrix product in blocks: a block of depth of both operands is packed into panels, then register tiles run over it, a panel of B in the nearest cache against many panels of A.
/// Every element is summed in the same order whatever the threads.
/// </summary>
internal sealed unsafe class BlockedProduct<TLanes> : TeamJob
    where TLanes : unmanaged, IKernelLanes<TLanes>
{
    // Extents that are packed at one time, 16 MiB of each operand.
    private const int PackedColumns = 2064;
    private const int PackedRows = 2048;
    private const int PackedDepth = 2048;

    // A job's part of C stays in the second cache while it goes through the depth, and the more rows it has, the less often panels of B come from the third.
    private const int MostJobRows = 256;
    private const int LeastJobRows = 64;
    private const int JobColumns = 264;

    // Panels of B, and rows of A, of a packing job.
    private const int PackedPanels = 4;
    private const int PackedJobRows = 64;

    private const long AloneBelow = 300_000;

    [ThreadStatic]
    private static BlockedProduct<TLanes>? _idle;

    private MatrixProduct _product;
    private float* _packedA;
    private float* _packedB;
    private float* _start;
    private bool _packing;
    private int _row;
    private int _rows;
    private int _column;
    private int _columns;
    private int _depthFrom;
    private int _depth;
    private int _slice;
    private int _jobRows;
    private int _rowJobs;
    private int _columnJobs;
    private int _panelsPerJob;
    private int _packJobsB;

    private static int Lanes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Tile.Vectors * TLanes.Count;
    }

    // Depth that one run of tiles goes through: with three vectors of B it stays in the nearest cache, or almost.
    private static int DepthSlice => TLanes.Count == 16 ? 512 : 256;

    public static void Run(in MatrixProduct product, int threads)
    {
        BlockedProduct<TLanes> job = _idle ?? new();
        _idle = null;
        Workspace workspace = WorkspacePool.Rent();
        try
        {
            job._product = product;
            job.RunBlocks(workspace, product.MultiplyAdds < AloneBelow ? 1 : threads);
        }
        finally
        {
            WorkspacePool.Return(workspace);
            job._product = default;
            _idle = job;
        }
    }

    public override void Execute(int index, Workspace workspace)
    {
        if (!_packing)
        {
            Multiply(index, workspace);
        }
        else if (index < _packJobsB)
        {
            PackB(index);
        }
        else
        {
            PackA(index - _packJobsB);
        }
    }

    private static int Divide(int count, int by) => (count + by - 1) / by;

    private void RunBlocks(Workspace workspace, int threads)
    {
        int lanes = Lanes;
        int tileRows = TLanes.TileRows;
        int depthBlock = Math.Min(PackedDepth, _product.Depth);
        int columnBlock = Math.Min(PackedColumns / lanes * lanes, Divide(_product.Columns, lanes) * lanes);
        int rowBlock = Math.Min(PackedRows, Divide(_product.Rows, tileRows) * tileRows);
        long sizeB = Workspace.Padded((long)columnBlock * depthBlock);
        long sizeA = Workspace.Padded((long)rowBlock * depthBlock);
        _packedB = workspace.Reserve(sizeB + sizeA + Workspace.Padded(columnBlock));
        _packedA = _packedB + sizeB;
        _start = _packedA + sizeA;
        for (_column = 0; _column < _product.Columns; _column += columnBlock)
        {
            _columns = Math.Min(columnBlock, _product.Columns - _column);
            for (int i = 0; i < columnBlock; i++)
            {
                _start[i] = _product.Bias != null && i < _columns ? _product.Bias[_column + i] : 0;
            }

            // Once even without any depth: the bias is still to be written.
            _depthFrom = 0;
            do
            {
                _depth = Math.Min(depthBlock, _product.Depth - _depthFrom);
                _slice = Math.Max(1, Divide(_depth, Math.Max(1, Divide(_depth, DepthSlice))));
                for (_row = 0; _row < _product.Rows; _row += rowBlock)
                {
                    RunBlock(Math.Min(rowBlock, _product.Rows - _row), threads);
                }

                _depthFrom += depthBlock;
            }
            while (_depthFrom < _product.Depth);
        }
    }

    private void RunBlock(int rows, int threads)
    {
        _rows = rows;
        int panels = Divide(_columns, Lanes);
        _packJobsB = _row == 0 ? Divide(panels, PackedPanels) : 0;
        _packing = true;
        CpuTeam.Shared.Run(this, _packJobsB + Divide(_rows, PackedJobRows), threads);

        // Small products: smaller jobs, so that every thread has something to do.
        _jobRows = MostJobRows;
        int columnJobs = Divide(_columns, JobColumns);
        while (_jobRows > LeastJobRows && Divide(_rows, _jobRows) * columnJobs < 4 * threads)
        {
            _jobRows /= 2;
        }

        _rowJobs = Divide(_rows, _jobRows);
        columnJobs = Math.Clamp(Math.Max(4 * threads / _rowJobs, columnJobs), 1, panels);
        _panelsPerJob = Divide(panels, columnJobs);
        _columnJobs = Divide(panels, _panelsPerJob);
        _packing = false;
        CpuTeam.Shared.Run(this, _rowJobs * _columnJobs, threads);
    }

    /// <summary>[slice][panel][depth of the slice][lanes].</summary>
    private void PackB(int index)
    {
        int lanes = Lanes;
        int first = index * PackedPanels * lanes;
        int columns = Math.Min(PackedPanels * lanes, _columns - first);
        int padded = Divide(_columns, lanes) * lanes;
        for (int from = 0; from < _depth; from += _slice)
        {
            int depth = Math.Min(_slice, _depth - from);
            float* target = _packedB + ((nint)from * padded) + ((nint)first * depth);
            if (_product.DepthFirstB)
            {
                float* source = _product.B + ((_depthFrom + from) * _product.BStride) + _column + first;
                Packing.Copied(source, _product.BStride, depth, depth, columns, lanes, (nint)depth * lanes, target);
                continue;
            }

            for (int done = 0; done < columns; done += lanes)
            {
                float* source = _product.B + ((_column + first + done) * _product.BStride) + _depthFrom + from;
                Packing.Transposed(source, _product.BStride, Math.Min(lanes, columns - done), lanes, depth, 1, target + ((nint)done * depth), lanes);
            }
        }
    }

    /// <summary>[slice][panel][depth of the slice][tile rows].</summary>
    private void PackA(int index)
    {
        int tileRows = TLanes.TileRows;
        int first = index * PackedJobRows;
        int rows = Math.Min(PackedJobRows, _rows - first);
        int padded = Divide(_rows, tileRows) * tileRows;
        for (int from = 0; from < _depth; from += _slice)
        {
            int depth = Math.Min(_slice, _depth - from);
            float* target = _packedA + ((nint)from * padded) + ((nint)first * depth);
            if (_product.DepthFirstA)
            {
                float* source = _product.A + ((_depthFrom + from) * _product.AStride) + _row + first;
                Packing.Copied(source, _product.AStride, depth, depth, rows, tileRows, (nint)depth * tileRows, target);
                continue;
            }

            for (int done = 0; done < rows; done += tileRows)
            {
                float* source = _product.A + ((_row + first + done) * _product.AStride) + _depthFrom + from;
                Packing.Transposed(source, _product.AStride, Math.Min(tileRows, rows - done), tileRows, depth, 1, target + ((nint)done * depth), tileRows);
            }
        }
    }

    private void Multiply(int index, Workspace workspace)
    {
        int lanes = Lanes;
        int firstRow = index % _rowJobs * _jobRows;
        int fromColumn = index / _rowJobs * _panelsPerJob * lanes;
        int toColumn = Math.Min(fromColumn + (_panelsPerJob * lanes), _columns);
        float* edge = workspace.Reserve(_jobRows * lanes);
        int from = 0;
        do
        {
            int depth = Math.Min(_slice, _depth - from);
            for (int column = fromColumn; column < toColumn; column += lanes)
            {
                MultiplyPanel(firstRow, column, from, depth, edge);
            }

            from += _slice;
        }
        while (from < _depth);
    }

    /// <summary>A job's rows against one panel of B, over one slice of the depth.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyPanel(int firstRow, int column, int from, int depth, float* edge)
    {
        int lanes = Lanes;
        int width = TLanes.Count;
        int tileRows = TLanes.TileRows;
        int rows = Math.Min(_jobRows, _rows - firstRow);
        int columns = Math.Min(lanes, _columns - column);
        int vectors = Divide(columns, width);
        bool adding = _product.Accumulate || _depthFrom + from > 0;
        float* c = _product.C + ((_row + firstRow) * _product.CStride) + _column + column;
        TileCall call = default;
        call.A = _packedA + ((nint)from * (Divide(_rows, tileRows) * tileRows)) + ((nint)firstRow * depth);
        call.AStep = (nint)tileRows * depth;
        call.B = _packedB + ((nint)from * (Divide(_columns, lanes) * lanes)) + ((nint)column * depth);
        call.BRow = lanes;
        call.Depth = depth;
        call.C = c;
        call.CRow = (nint)_product.CStride;
        call.CStep = tileRows * call.CRow;
        call.Init = adding ? c : _start + column;
        call.InitRow = adding ? call.CRow : 0;
        call.InitStep = adding ? call.CStep : 0;

        // Tiles that reach past the matrix go through a block of scratch.
        int direct = columns % width == 0 ? rows / tileRows : 0;
        call.Panels = direct;
        Tile.Run<TLanes, Plain>(vectors, &call);
        int left = rows - (direct * tileRows);
        if (left == 0)
        {
            return;
        }

        c += direct * call.CStep;
        if (adding)
        {
            Copy(c, _product.CStride, edge, lanes, left, columns);
        }

        call.A += direct * call.AStep;
        call.C = edge;
        call.CRow = lanes;
        call.CStep = tileRows * lanes;
        call.Init = adding ? edge : _start + column;
        call.InitRow = adding ? lanes : 0;
        call.InitStep = adding ? call.CStep : 0;
        call.Panels = Divide(left, tileRows);
        Tile.Run<TLanes, Plain>(vectors, &call);
        Copy(edge, lanes, c, _product.CStride, left, columns);
    }

    private static void Copy(float* from, long fromStride, float* to, long toStride, int rows, int columns)
    {
        for (int row = 0; row < rows; row++)
        {
            new ReadOnlySpan<float>(from + (row * fromStride), columns).CopyTo(new Span<float>(to + (row * toStride), columns));
        }
    }
}
