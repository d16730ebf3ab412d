using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttnDsl.Cpu;

/// <summary>Sums down to a narrower shape: the gradient of an operand that was repeated. Called by generated code.</summary>
public static unsafe class SumTo
{
    /// <summary>y = Σ of x over the extents that y lacks or has as 1.</summary>
    /// <param name="x">The shape's elements.</param>
    /// <param name="y">The narrower shape's elements, overwritten.</param>
    /// <param name="shape">Extents of x.</param>
    /// <param name="narrow">Extents of y: those of the shape or 1, leading ones may be missing.</param>
    /// <param name="threads">Threads to use at most; 0: <see cref="CpuThreads.Count"/>.</param>
    /// <exception cref="ArgumentException">A span has not the length its shape asks for, or y does not repeat over x.</exception>
    public static void Apply(ReadOnlySpan<float> x, Span<float> y, ReadOnlySpan<int> shape, ReadOnlySpan<int> narrow, int threads = 0)
    {
        BroadcastShape merged = BroadcastShape.Of(shape, narrow);
        StepChecks.Length(nameof(x), x.Length, merged.Count);
        StepChecks.Length(nameof(y), y.Length, merged.NarrowCount);
        threads = CpuThreads.Resolve(threads);
        y.Clear();
        if (merged.Count == 0)
        {
            return;
        }

        fixed (float* px = x, py = y)
        {
            Call.Rent().Run(merged, px, py, threads);
        }
    }

    private sealed class Call : TeamJob
    {
        // Columns of a piece, and rows after which the running sum of a piece goes to the result: short running sums lose less.
        private const int PieceColumns = 64;
        private const int PieceRows = 256;

        [ThreadStatic]
        private static Call? _idle;

        private BroadcastShape _shape;
        private float* _x;
        private float* _y;
        private long _rows;
        private long _rowsPerPiece;

        public static Call Rent()
        {
            Call call = _idle ?? new();
            _idle = null;
            return call;
        }

        public void Run(BroadcastShape shape, float* x, float* y, int threads)
        {
            _shape = shape;
            _x = x;
            _y = y;
            _rows = shape.Count / shape.Width;
            if (shape.LastKept)
            {
                int pieces = (shape.Width + PieceColumns - 1) / PieceColumns;
                CpuTeam.Shared.Run(this, pieces, shape.Count < (32 << 10) ? 1 : threads);
            }
            else
            {
                // Pieces of whole outer extents when these are kept; else everything ends in the same few sums and is one piece.
                int outer = shape.Rank > 1 && shape.IsKept(0) ? shape[0] : 1;
                _rowsPerPiece = _rows / outer;
                CpuTeam.Shared.Run(this, outer, shape.Count < (32 << 10) ? 1 : threads);
            }

            _idle = this;
        }

        public override void Execute(int index, Workspace workspace)
        {
            if (_shape.LastKept)
            {
                Columns(index * PieceColumns, Math.Min((index + 1) * PieceColumns, _shape.Width));
            }
            else
            {
                for (long row = index * _rowsPerPiece; row < (index + 1) * _rowsPerPiece; row++)
                {
                    _y[_shape.NarrowOffset(row)] += RowSums.Plain(_x + (row * _shape.Width), _shape.Width);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Columns(int from, int to)
        {
            int width = _shape.Width;
            float* sums = stackalloc float[PieceColumns];
            new Span<float>(sums, PieceColumns).Clear();
            long pending = _shape.NarrowOffset(0);
            int count = 0;
            for (long row = 0; row < _rows; row++)
            {
                long target = _shape.NarrowOffset(row);
                if (target != pending || count == PieceRows)
                {
                    Flush(sums, _y + pending + from, to - from);
                    pending = target;
                    count = 0;
                }

                float* x = _x + (row * width) + from;
                int i = 0;
                for (; i + 8 <= to - from; i += 8)
                {
                    (Vector256.Load(sums + i) + Vector256.Load(x + i)).Store(sums + i);
                }

                for (; i < to - from; i++)
                {
                    sums[i] += x[i];
                }

                count++;
            }

            Flush(sums, _y + pending + from, to - from);
        }

        private static void Flush(float* sums, float* y, int count)
        {
            for (int i = 0; i < count; i++)
            {
                y[i] += sums[i];
                sums[i] = 0;
            }
        }
    }
}
