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
    // Columns and rows that are packed at one time: a few MiB each.
    private const int PackedColumns = 2064;
    private const int PackedRows = 2048;

    // Rows of a job; panels of B of a packing job.
    private const int JobRows = 64;
    private const int JobPanels = 4;

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
    private int _rowJobs;
    private int _columnJobs;
    private int _panelsPerJob;
    private int _packJobsB;

    private static int Lanes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Tile.Vectors * TLanes.Count;
    }

    // A panel of B is Lanes wide: three vectors times this stays near the nearest cache.
    private static int DepthBlock => TLanes.Count == 16 ? 512 : 256;

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
        int depths = Math.Max(1, Divide(_product.Depth, DepthBlock));
        int depth = Divide(_product.Depth, depths);
        int columnBlock = Math.Min(PackedColumns / lanes * lanes, Divide(_product.Columns, lanes) * lanes);
        int rowBlock = Math.Min(PackedRows, Divide(_product.Rows, tileRows) * tileRows);
        long sizeB = Workspace.Padded((long)columnBlock * depth);
        long sizeA = Workspace.Padded((long)rowBlock * depth);
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

            for (int d = 0; d < depths; d++)
            {
                _depthFrom = d * depth;
                _depth = Math.Min(depth, _product.Depth - _depthFrom);
                for (_row = 0; _row < _product.Rows; _row += rowBlock)
                {
                    _rows = Math.Min(rowBlock, _product.Rows - _row);
                    int panels = Divide(_columns, lanes);
                    _rowJobs = Divide(_rows, JobRows);
                    _packJobsB = _row == 0 ? Divide(panels, JobPanels) : 0;
                    _packing = true;
                    CpuTeam.Shared.Run(this, _packJobsB + _rowJobs, threads);

                    // Few rows: the columns are cut as well, so that every thread has something to do.
                    int columnJobs = Math.Clamp(4 * threads / _rowJobs, 1, panels);
                    _panelsPerJob = Divide(panels, columnJobs);
                    _columnJobs = Divide(panels, _panelsPerJob);
                    _packing = false;
                    CpuTeam.Shared.Run(this, _rowJobs * _columnJobs, threads);
                }
            }
        }
    }

    private void PackB(int index)
    {
        int lanes = Lanes;
        int first = index * JobPanels * lanes;
        int columns = Math.Min(JobPanels * lanes, _columns - first);
        float* target = _packedB + ((nint)first * _depth);
        if (_product.DepthFirstB)
        {
            float* source = _product.B + (_depthFrom * _product.BStride) + _column + first;
            Packing.Copied(source, _product.BStride, _depth, _depth, columns, lanes, (nint)_depth * lanes, target);
            return;
        }

        for (int done = 0; done < columns; done += lanes)
        {
            float* source = _product.B + ((_column + first + done) * _product.BStride) + _depthFrom;
            Packing.Transposed(source, _product.BStride, Math.Min(lanes, columns - done), lanes, _depth, 1, target + ((nint)done * _depth), lanes);
        }
    }

    private void PackA(int index)
    {
        int tileRows = TLanes.TileRows;
        int first = index * JobRows;
        int rows = Math.Min(JobRows, _rows - first);
        float* target = _packedA + ((nint)first * _depth);
        if (_product.DepthFirstA)
        {
            float* source = _product.A + (_depthFrom * _product.AStride) + _row + first;
            Packing.Copied(source, _product.AStride, _depth, _depth, rows, tileRows, (nint)_depth * tileRows, target);
            return;
        }

        for (int done = 0; done < rows; done += tileRows)
        {
            float* source = _product.A + ((_row + first + done) * _product.AStride) + _depthFrom;
            Packing.Transposed(source, _product.AStride, Math.Min(tileRows, rows - done), tileRows, _depth, 1, target + ((nint)done * _depth), tileRows);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply(int index, Workspace workspace)
    {
        int lanes = Lanes;
        int width = TLanes.Count;
        int tileRows = TLanes.TileRows;
        int firstRow = index % _rowJobs * JobRows;
        int rows = Math.Min(JobRows, _rows - firstRow);
        int wholePanels = rows / tileRows;
        int fromColumn = index / _rowJobs * _panelsPerJob * lanes;
        int toColumn = Math.Min(fromColumn + (_panelsPerJob * lanes), _columns);
        float* edge = workspace.Reserve(JobRows * lanes);
        bool adding = _product.Accumulate || _depthFrom > 0;
        for (int column = fromColumn; column < toColumn; column += lanes)
        {
            int columns = Math.Min(lanes, toColumn - column);
            int vectors = Divide(columns, width);
            float* c = _product.C + ((_row + firstRow) * _product.CStride) + _column + column;
            TileCall call = default;
            call.A = _packedA + ((nint)firstRow * _depth);
            call.AStep = (nint)tileRows * _depth;
            call.B = _packedB + ((nint)column * _depth);
            call.BRow = lanes;
            call.Depth = _depth;
            call.C = c;
            call.CRow = (nint)_product.CStride;
            call.CStep = tileRows * call.CRow;
            call.Init = adding ? c : _start + column;
            call.InitRow = adding ? call.CRow : 0;
            call.InitStep = adding ? call.CStep : 0;

            // Tiles that reach past the matrix go through a block of scratch.
            int direct = columns % width == 0 ? wholePanels : 0;
            call.Panels = direct;
            Tile.Run<TLanes, Plain>(vectors, &call);
            int left = rows - (direct * tileRows);
            if (left == 0)
            {
                continue;
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
    }

    private static void Copy(float* from, long fromStride, float* to, long toStride, int rows, int columns)
    {
        for (int row = 0; row < rows; row++)
        {
            new ReadOnlySpan<float>(from + (row * fromStride), columns).CopyTo(new Span<float>(to + (row * toStride), columns));
        }
    }
}
