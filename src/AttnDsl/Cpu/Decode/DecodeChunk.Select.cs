using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <content>The keys with the largest scores of each row; their values are read once all scores are known.</content>
internal unsafe partial struct DecodeChunk<TLanes, TScore, TMask, TKey, TValue>
{
    /// <summary>Keys that are held for a row on the way: room for those chosen so far, as many more before they are sorted out, and a block.</summary>
    public static int RoomFor(int keep, int keys) => (int)System.Math.Min(System.Math.Min(2L * keep, keys) + Block, int.MaxValue / 2);

    /// <summary>Floats of a pack's results over some keys: maxima, sums, and what each row has chosen.</summary>
    public static long SelectedFloats(int rows, int room) => Workspace.Padded(2L * PaddedRows(rows)) + (PaddedRows(rows) * ChosenKeys.Floats(room));

    /// <summary>What a row has chosen.</summary>
    /// <param name="results">A piece's results.</param>
    /// <param name="padded">Rows, the groups filled up.</param>
    /// <param name="row">Which row.</param>
    /// <param name="keep">Keys chosen at most.</param>
    /// <param name="room">Keys held at most.</param>
    public static ChosenKeys Chosen(float* results, int padded, int row, int keep, int room) =>
        new(results + Workspace.Padded(2L * padded) + (row * ChosenKeys.Floats(room)), keep, room);

    /// <summary>Scores keys from … to − 1 and notes the largest ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Select(int from, int to)
    {
        for (int block = from; block < to; block += Block)
        {
            int count = System.Math.Min(Block, to - block);
            if (!Look(block, count, out _))
            {
                continue;
            }

            ComputeScores(block, count);
            for (int row = 0; row < RowCount; row++)
            {
                Weigh(row, block, count);
            }
        }

        for (int row = 0; row < RowCount; row++)
        {
            _total[row] = TLanes.Sum(TLanes.Load(_sums + (row * TLanes.Count)));
            Chosen(row).Close();
        }
    }

    private readonly ChosenKeys Chosen(int row) => new(_output + (row * ChosenKeys.Floats(Room)), Keep, Room);
}
