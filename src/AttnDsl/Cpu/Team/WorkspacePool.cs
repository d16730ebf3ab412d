using System.Threading;

namespace AttnDsl.Cpu;

/// <summary>Scratch between calls. Holds as many blocks as there were callers at one time, and no huge ones.</summary>
internal static class WorkspacePool
{
    // Above this a block goes back to the system: getting it again costs little beside the work that needs so much.
    private const long KeptFloats = 32 << 20;

    private static readonly Lock Gate = new();
    private static readonly Workspace?[] Idle = new Workspace?[64];
    private static int _count;

    public static Workspace Rent()
    {
        lock (Gate)
        {
            if (_count > 0)
            {
                Workspace workspace = Idle[--_count]!;
                Idle[_count] = null;
                return workspace;
            }
        }

        return new Workspace();
    }

    public static void Return(Workspace workspace)
    {
        if (workspace.Capacity > KeptFloats)
        {
            workspace.Free();
        }

        lock (Gate)
        {
            if (_count < Idle.Length)
            {
                Idle[_count++] = workspace;
                return;
            }
        }

        // More callers at one time than places: the finalizer frees it.
    }
}
