using System;

using AttnDsl.Runtime;

namespace AttnDsl.Cpu;

/// <summary>
/// Room for the intermediate values of one call, rented as a whole and handed out in parts; native and used again, so that calls allocate nothing. Called by generated code.
/// Parts are not cleared and end with <see cref="Dispose"/>.
/// </summary>
public unsafe ref struct Scratch
{
    private Workspace? _workspace;
    private readonly float* _memory;
    private readonly long _length;
    private long _taken;

    private Scratch(Workspace workspace, float* memory, long length)
    {
        _workspace = workspace;
        _memory = memory;
        _length = length;
    }

    /// <summary>Rents room.</summary>
    /// <param name="tokens">Tokens of the call.</param>
    /// <param name="perToken">Floats that all parts need per token.</param>
    /// <param name="parts">Number of parts: each starts on a cache line.</param>
    /// <exception cref="OutOfMemoryException">The system has no such block.</exception>
    public static Scratch Rent(int tokens, long perToken, int parts) => Rent(tokens, perToken, 0, 0, parts);

    /// <summary>Rents room for a call over a cache: some parts have a row per token, others a row per key.</summary>
    /// <param name="tokens">Tokens of the call.</param>
    /// <param name="perToken">Floats that parts need per token.</param>
    /// <param name="keys">Keys of the call.</param>
    /// <param name="perKey">Floats that parts need per key.</param>
    /// <param name="parts">Number of parts: each starts on a cache line.</param>
    /// <exception cref="OutOfMemoryException">The system has no such block.</exception>
    public static Scratch Rent(int tokens, long perToken, int keys, long perKey, int parts)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(keys);
        ArgumentOutOfRangeException.ThrowIfNegative(perKey);
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        ArgumentOutOfRangeException.ThrowIfNegative(perToken);
        ArgumentOutOfRangeException.ThrowIfNegative(parts);
        return Rent(checked((tokens * perToken) + (keys * perKey) + (parts * Workspace.Padded(1))));
    }

    private static Scratch Rent(long length)
    {
        Workspace workspace = WorkspacePool.Rent();
        try
        {
            return new Scratch(workspace, workspace.Reserve(Math.Max(length, 1)), length);
        }
        catch
        {
            WorkspacePool.Return(workspace);
            throw;
        }
    }

    /// <summary>The next part, [tokens, width], undefined.</summary>
    /// <param name="tokens">Tokens.</param>
    /// <param name="width">Floats per token.</param>
    /// <exception cref="ArgumentException">One span cannot be that long.</exception>
    /// <exception cref="InvalidOperationException">More is taken than was rented.</exception>
    public Span<float> Take(int tokens, int width)
    {
        int count = ArrayLength.Of(nameof(tokens), [tokens, width]);
        long next = _taken + Workspace.Padded(count);
        if (next > _length)
        {
            throw new InvalidOperationException("more scratch is taken than was rented");
        }

        var part = new Span<float>(_memory + _taken, count);
        _taken = next;
        return part;
    }

    /// <summary>Gives the room back; once.</summary>
    public void Dispose()
    {
        if (_workspace is { } workspace)
        {
            _workspace = null;
            WorkspacePool.Return(workspace);
        }
    }
}
