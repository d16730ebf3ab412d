using System;

namespace AttnDsl.Cpu;

/// <summary>What is done to each row of a dense block, whatever the others hold.</summary>
internal abstract class RowJob : TeamJob
{
    private const int PieceElements = 16 << 10;

    private int _rows;
    private int _rowsPerPiece;

    /// <summary>Rows first … end − 1.</summary>
    protected abstract void Rows(int first, int end, Workspace workspace);

    public override void Execute(int index, Workspace workspace)
    {
        int first = index * _rowsPerPiece;
        Rows(first, Math.Min(first + _rowsPerPiece, _rows), workspace);
    }

    /// <param name="rows">Rows.</param>
    /// <param name="elements">Elements of a row, for the size of pieces.</param>
    /// <param name="threads">Threads to use at most.</param>
    protected void RunRows(int rows, long elements, int threads)
    {
        _rows = rows;
        _rowsPerPiece = (int)Math.Clamp(PieceElements / Math.Max(elements, 1), 1, int.MaxValue / 2);
        CpuTeam.Shared.Run(this, (rows + _rowsPerPiece - 1) / _rowsPerPiece, threads);
    }
}
