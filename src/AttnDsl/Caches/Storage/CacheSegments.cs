using System;
using AttnDsl.Runtime;

namespace AttnDsl;

/// <summary>Segment ids of cached and new tokens, or their position ids, once there are any.</summary>
/// <param name="batch">Rows B.</param>
/// <param name="positions">Position ids: a token without one has its place, where one without a segment id has the last token's.</param>
internal sealed class CacheSegments(int batch, bool positions = false)
{
    // [B, Stride], and those of the new tokens again as [B, T].
    private int[]? _ids;
    private int[] _query = [];

    /// <summary>Whether cached tokens came with segments.</summary>
    public bool Any { get; set; }

    public int[]? Ids => _ids;

    public int[] Query => _query;

    /// <summary>The ids of the keys of a step of a ring, [B, keys].</summary>
    public int[] Squeezed { get; private set; } = [];

    /// <summary>Entries per row.</summary>
    public int Stride { get; private set; }

    /// <summary>Takes in the ids of new tokens: those given, else those of each row's last token.</summary>
    /// <param name="block">The new tokens.</param>
    /// <param name="lengths">Cached tokens of each row.</param>
    /// <param name="keys">Tokens to have room for: at least those of the longest row, the new ones included.</param>
    public void Write(TokenRows block, ReadOnlySpan<int> lengths, int keys)
    {
        MakeRoom(keys, lengths);
        int tokens = ArrayLength.Of(nameof(block), batch, block.Tokens);
        if (_query.Length < tokens)
        {
            _query = new int[tokens];
        }

        for (int row = 0; row < batch; row++)
        {
            Span<int> all = Row(row);
            if (!Any)
            {
                // Tokens that were cached before the first segments came have id 0; an abandoned step may have left others.
                for (int token = 0; token < lengths[row]; token++)
                {
                    all[token] = positions ? token : 0;
                }
            }

            int last = lengths[row] == 0 ? 0 : all[lengths[row] - 1];
            for (int token = 0; token < block.Tokens; token++)
            {
                int segment = positions
                    ? (block.HasPositions ? block.Position(row, token) : lengths[row] + token)
                    : block.HasQuerySegments ? block.QuerySegment(row, token) : last;
                _query[(row * block.Tokens) + token] = segment;
                if (token < block.Count(row))
                {
                    all[lengths[row] + token] = segment;
                }
            }
        }
    }

    /// <summary>Makes <see cref="Squeezed"/> of what was written.</summary>
    /// <param name="sinks">First tokens, which stay.</param>
    /// <param name="evicted">Tokens behind them, of each row, that are left out.</param>
    /// <param name="seen">Cached tokens of each row that are not.</param>
    /// <param name="added">New tokens of each row.</param>
    /// <param name="keys">Entries per row.</param>
    public void Squeeze(int sinks, ReadOnlySpan<int> evicted, ReadOnlySpan<int> seen, ReadOnlySpan<int> added, int keys)
    {
        int entries = ArrayLength.Of(nameof(keys), batch, keys);
        if (Squeezed.Length < entries)
        {
            Squeezed = new int[entries];
        }

        for (int row = 0; row < batch; row++)
        {
            int count = seen[row] + added[row];
            int front = Math.Min(sinks, count);
            Row(row)[..front].CopyTo(Squeezed.AsSpan(row * keys));
            Row(row).Slice(front + evicted[row], count - front).CopyTo(Squeezed.AsSpan((row * keys) + front));
        }
    }

    public void Fork(int from, int to, int length)
    {
        if (Any)
        {
            Row(from)[..length].CopyTo(Row(to));
        }
    }

    /// <summary>Row b becomes what row sources[b] was; lengths are those of the new rows.</summary>
    public void Arrange(ReadOnlySpan<int> sources, ReadOnlySpan<int> lengths)
    {
        if (!Any)
        {
            return;
        }

        int[] before = (int[])_ids!.Clone();
        for (int row = 0; row < batch; row++)
        {
            before.AsSpan(sources[row] * Stride, lengths[row]).CopyTo(Row(row));
        }
    }

    /// <summary>The ids of each row's tokens, for a snapshot; null without any.</summary>
    public int[][]? Keep(ReadOnlySpan<int> lengths)
    {
        if (!Any)
        {
            return null;
        }

        var kept = new int[batch][];
        for (int row = 0; row < batch; row++)
        {
            kept[row] = Row(row)[..lengths[row]].ToArray();
        }

        return kept;
    }

    public void Restore(int[][]? kept)
    {
        Any = kept is not null;
        for (int row = 0; row < batch && kept is not null; row++)
        {
            kept[row].CopyTo(Row(row));
        }
    }

    private Span<int> Row(int row) => _ids.AsSpan(row * Stride, Stride);

    private void MakeRoom(int keys, ReadOnlySpan<int> lengths)
    {
        if (_ids is not null && keys <= Stride)
        {
            return;
        }

        int stride = Math.Max(keys, (int)Math.Min(2L * Stride, Array.MaxLength / batch));
        var widened = new int[ArrayLength.Of(nameof(keys), batch, stride)];
        for (int row = 0; row < batch && Any; row++)
        {
            Row(row)[..lengths[row]].CopyTo(widened.AsSpan(row * stride));
        }

        _ids = widened;
        Stride = stride;
    }
}
