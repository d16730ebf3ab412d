using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttnDsl.Cpu;

/// <summary>Arithmetic element by element; the second operand may be narrower and repeats over the first. Called by generated code. An output may be one of the operands of its own length.</summary>
public static class Elementwise
{
    /// <summary>y = a + b.</summary>
    /// <param name="a">The shape's elements.</param>
    /// <param name="b">The narrower shape's elements.</param>
    /// <param name="y">The shape's elements, overwritten.</param>
    /// <param name="shape">Extents of a and y.</param>
    /// <param name="narrow">Extents of b: those of the shape or 1, leading ones may be missing.</param>
    /// <param name="threads">Threads to use at most; 0: <see cref="CpuThreads.Count"/>.</param>
    /// <exception cref="ArgumentException">A span has not the length its shape asks for, or b does not repeat over a.</exception>
    public static void Add(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y, ReadOnlySpan<int> shape, ReadOnlySpan<int> narrow, int threads = 0) =>
        ElementwiseCall<AddOperation>.Run(a, b, y, shape, narrow, threads);

    /// <summary>y = a − b; parameters as in <see cref="Add"/>.</summary>
    public static void Subtract(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y, ReadOnlySpan<int> shape, ReadOnlySpan<int> narrow, int threads = 0) =>
        ElementwiseCall<SubtractOperation>.Run(a, b, y, shape, narrow, threads);

    /// <summary>y = a ⊙ b; parameters as in <see cref="Add"/>.</summary>
    public static void Multiply(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y, ReadOnlySpan<int> shape, ReadOnlySpan<int> narrow, int threads = 0) =>
        ElementwiseCall<MultiplyOperation>.Run(a, b, y, shape, narrow, threads);

    /// <summary>y = b repeated over the shape; parameters as in <see cref="Add"/>.</summary>
    public static void Repeat(ReadOnlySpan<float> b, Span<float> y, ReadOnlySpan<int> shape, ReadOnlySpan<int> narrow, int threads = 0) =>
        ElementwiseCall<SecondOperation>.Run(y, b, y, shape, narrow, threads);

    /// <summary>y = factor · x.</summary>
    /// <param name="x">Elements.</param>
    /// <param name="factor">Multiplies each.</param>
    /// <param name="y">As many, overwritten.</param>
    /// <param name="threads">Threads to use at most; 0: <see cref="CpuThreads.Count"/>.</param>
    public static void Scale(ReadOnlySpan<float> x, float factor, Span<float> y, int threads = 0) =>
        ElementwiseCall<MultiplyOperation>.Run(x, new ReadOnlySpan<float>(in factor), y, [x.Length], [1], threads);
}

/// <summary>One element of two.</summary>
internal interface IBinaryOperation
{
    static abstract Vector256<float> Apply(Vector256<float> a, Vector256<float> b);

    static abstract float Apply(float a, float b);
}

internal readonly struct AddOperation : IBinaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Apply(Vector256<float> a, Vector256<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Apply(float a, float b) => a + b;
}

internal readonly struct SubtractOperation : IBinaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Apply(Vector256<float> a, Vector256<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Apply(float a, float b) => a - b;
}

internal readonly struct MultiplyOperation : IBinaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Apply(Vector256<float> a, Vector256<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Apply(float a, float b) => a * b;
}

internal readonly struct SecondOperation : IBinaryOperation
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Apply(Vector256<float> a, Vector256<float> b) => b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Apply(float a, float b) => b;
}

/// <summary>Rows of the last extent, many to a piece of work.</summary>
internal sealed unsafe class ElementwiseCall<TOperation> : TeamJob
    where TOperation : struct, IBinaryOperation
{
    private const int PieceElements = 32 << 10;

    [ThreadStatic]
    private static ElementwiseCall<TOperation>? _idle;

    private BroadcastShape _shape;
    private float* _a;
    private float* _b;
    private float* _y;
    private long _rows;
    private int _rowsPerPiece;
    private int _width;
    private int _piecesPerRow;

    public static void Run(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y, ReadOnlySpan<int> shape, ReadOnlySpan<int> narrow, int threads)
    {
        BroadcastShape merged = BroadcastShape.Of(shape, narrow);
        StepChecks.Length(nameof(a), a.Length, merged.Count);
        StepChecks.Length(nameof(b), b.Length, merged.NarrowCount);
        StepChecks.Length(nameof(y), y.Length, merged.Count);
        threads = CpuThreads.Resolve(threads);
        if (merged.Count == 0)
        {
            return;
        }

        ElementwiseCall<TOperation> call = _idle ?? new();
        _idle = null;
        fixed (float* pa = a, pb = b, py = y)
        {
            call._shape = merged;
            call._a = pa;
            call._b = pb;
            call._y = py;
            call._width = merged.Width;
            call._rows = merged.Count / merged.Width;

            // A long row is cut, short ones are taken together.
            call._piecesPerRow = Math.Max(1, merged.Width / PieceElements);
            call._rowsPerPiece = Math.Max(1, PieceElements / merged.Width);
            long pieces = (call._rows + call._rowsPerPiece - 1) / call._rowsPerPiece * call._piecesPerRow;
            CpuTeam.Shared.Run(call, checked((int)pieces), threads);
        }

        _idle = call;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(int index, Workspace workspace)
    {
        int part = index % _piecesPerRow;
        long first = (long)(index / _piecesPerRow) * _rowsPerPiece;
        long end = Math.Min(first + _rowsPerPiece, _rows);
        int from = (int)((long)_width * part / _piecesPerRow);
        int to = (int)((long)_width * (part + 1) / _piecesPerRow);
        for (long row = first; row < end; row++)
        {
            float* b = _b + _shape.NarrowOffset(row);
            float* a = _a + (row * _width);
            float* y = _y + (row * _width);
            int i = from;
            if (_shape.LastKept)
            {
                for (; i + 8 <= to; i += 8)
                {
                    TOperation.Apply(Vector256.Load(a + i), Vector256.Load(b + i)).Store(y + i);
                }

                for (; i < to; i++)
                {
                    y[i] = TOperation.Apply(a[i], b[i]);
                }
            }
            else
            {
                Vector256<float> repeated = Vector256.Create(*b);
                for (; i + 8 <= to; i += 8)
                {
                    TOperation.Apply(Vector256.Load(a + i), repeated).Store(y + i);
                }

                for (; i < to; i++)
                {
                    y[i] = TOperation.Apply(a[i], *b);
                }
            }
        }
    }
}
