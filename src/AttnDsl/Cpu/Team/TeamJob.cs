namespace AttnDsl.Cpu;

/// <summary>
/// Work cut into numbered pieces. Pieces run in any order on any thread, so each must write only what is its own and compute it the same way whoever runs it: then results do not depend on the thread count.
/// </summary>
internal abstract class TeamJob
{
    /// <summary>Runs one piece.</summary>
    /// <param name="index">Piece, from 0.</param>
    /// <param name="workspace">Scratch of the executing thread; its contents are whatever the last piece left.</param>
    public abstract void Execute(int index, Workspace workspace);
}
