namespace AttnDsl.Cpu;

/// <summary>
/// ⟨q, k⟩ of a few queries and a block of keys: eight sums at a time, which every register file holds, 4 x 2, 2 x 4 or 1 x 8 of them. Keys are read once per group of queries.
/// </summary>
internal static unsafe partial class ScoreTile
{
    /// <summary>Keys that are scored at once at most: scores are written in multiples of it.</summary>
    public const int MostKeys = 8;

    /// <summary>Scores of one group of queries and a block of keys.</summary>
    /// <param name="call">The queries.</param>
    /// <param name="rows">Queries of the group: 4, 2 or 1.</param>
    /// <param name="keys">First key.</param>
    /// <param name="stride">Elements from key to key.</param>
    /// <param name="count">Keys, at least 1. Scores are written for up to 7 more, the last key's again.</param>
    /// <param name="scores">[rows, <see cref="ScoreCall.ScoreRow"/>].</param>
    /// <param name="ahead">Memory that will be needed next, asked for at the pace at which the keys are read.</param>
    public static void Run<TLanes, T>(in ScoreCall call, int rows, T* keys, long stride, int count, float* scores, Lookahead ahead)
        where TLanes : unmanaged, IKernelLanes<TLanes>
        where T : unmanaged
    {
        switch (rows)
        {
            case 4:
                Run4<TLanes, T>(call, keys, stride, count, scores, ahead);
                break;
            case 2:
                Run2<TLanes, T>(call, keys, stride, count, scores, ahead);
                break;
            default:
                Run1<TLanes, T>(call, keys, stride, count, scores, ahead);
                break;
        }

        if (call.HasTail)
        {
            for (int row = 0; row < rows; row++)
            {
                AddTail<TLanes, T>(call, rows, row, keys, stride, count, scores + (row * call.ScoreRow));
            }
        }
    }
}
