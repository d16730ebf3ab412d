using System;
using System.Runtime.CompilerServices;

namespace AttnDsl.Cpu;

/// <summary>
/// The keys of one row with the largest scores, in the order of the keys; of equal scores the earlier key is the larger. Keys come in their order, a block at a time. What is above the least score that is known to be
/// needed is noted, and only when the room is full is the choice made again: a pass over the scores that mostly compares, and no sort.
/// </summary>
internal readonly unsafe struct ChosenKeys
{
    // Count and least score, on a cache line of their own.
    private const int Head = 16;

    private readonly float* _memory;
    private readonly int _keep;
    private readonly int _room;

    /// <param name="memory">So many floats as <see cref="Floats"/> says.</param>
    /// <param name="keep">Keys that are chosen at most.</param>
    /// <param name="room">Keys that are held at most: at least a block more than are chosen, or than there are.</param>
    public ChosenKeys(float* memory, int keep, int room)
    {
        _memory = memory;
        _keep = keep;
        _room = room;
    }

    /// <summary>Keys held.</summary>
    public int Count => ((int*)_memory)[0];

    /// <summary>Their scores.</summary>
    public float* Scores => _memory + Head;

    /// <summary>Where they are in the row.</summary>
    public int* Places => (int*)(_memory + Head + Workspace.Padded(_room));

    /// <summary>Memory of a row.</summary>
    public static long Floats(int room) => Head + (2 * Workspace.Padded(room));

    public void Clear()
    {
        ((int*)_memory)[0] = 0;
        _memory[1] = float.NegativeInfinity;
    }

    /// <summary>Takes a block of scores.</summary>
    /// <param name="scores">Whole vectors; −∞ where a key is hidden.</param>
    /// <param name="first">Place of the first.</param>
    /// <param name="count">How many, whole vectors and at most a block.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add<TLanes>(float* scores, int first, int count)
        where TLanes : unmanaged, IKernelLanes<TLanes>
    {
        int held = Count;
        if (held + count > _room)
        {
            held = Choose(Scores, Places, held, _keep, out _memory[1]);
        }

        float least = _memory[1];
        TLanes border = TLanes.Broadcast(least);
        float* kept = Scores;
        int* places = Places;
        for (int key = 0; key < count; key += TLanes.Count)
        {
            if (!TLanes.AnyGreater(TLanes.Load(scores + key), border))
            {
                continue;
            }

            for (int lane = key; lane < key + TLanes.Count; lane++)
            {
                if (scores[lane] > least)
                {
                    kept[held] = scores[lane];
                    places[held] = first + lane;
                    held++;
                }
            }
        }

        ((int*)_memory)[0] = held;
    }

    /// <summary>Leaves no more than are chosen.</summary>
    public void Close()
    {
        if (Count > _keep)
        {
            ((int*)_memory)[0] = Choose(Scores, Places, Count, _keep, out _memory[1]);
        }
    }

    /// <summary>Moves the largest scores and their places to the front, in the order they stand in; of equal ones those that stand first.</summary>
    /// <returns>How many are left.</returns>
    public static int Choose(float* scores, int* places, int count, int keep, out float least)
    {
        least = float.NegativeInfinity;
        if (count <= keep)
        {
            return count;
        }

        least = Nth(scores, count, keep, out int above);
        int equal = keep - above;
        int next = 0;
        for (int i = 0; i < count; i++)
        {
            if (scores[i] > least || (scores[i] == least && equal-- > 0))
            {
                scores[next] = scores[i];
                places[next] = places[i];
                next++;
            }
        }

        return next;
    }

    /// <summary>The n-th largest number, byte by byte from the highest: as many passes as there are bytes, whatever the numbers are.</summary>
    private static float Nth(float* values, int count, int n, out int above)
    {
        int* histogram = stackalloc int[256];
        uint known = 0;
        above = 0;
        for (int shift = 24; shift >= 0; shift -= 8)
        {
            new Span<int>(histogram, 256).Clear();
            uint mask = shift == 24 ? 0 : uint.MaxValue << (shift + 8);
            for (int i = 0; i < count; i++)
            {
                uint key = Key(values[i]);
                if ((key & mask) == known)
                {
                    histogram[(key >> shift) & 255]++;
                }
            }

            int digit = 255;
            while (above + histogram[digit] < n)
            {
                above += histogram[digit];
                digit--;
            }

            known |= (uint)digit << shift;
        }

        return BitConverter.UInt32BitsToSingle((known & 0x80000000) != 0 ? known & 0x7FFFFFFF : ~known);
    }

    /// <summary>A number that grows as the float does; −0 and 0 are equal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Key(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value + 0f);
        return (bits & 0x80000000) != 0 ? ~bits : bits | 0x80000000;
    }
}
