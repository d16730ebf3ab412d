using System;

namespace AttnDsl;

/// <summary>Moves the rotated rows of a weight between the two rotation layouts.</summary>
/// <remarks>
/// half-split(x[perm]) = interleaved(x)[perm] with perm = [0, 2, …, r − 2, 1, 3, …, r − 1]: a layer that rotates half-split does what an interleaved one does if row i of each of its heads is the other's row perm[i].
/// </remarks>
internal static class RopeRows
{
    /// <summary>Metadata key that says which layout a file has.</summary>
    public const string MetadataKey = "attndsl.rope_layout";

    public const string HalfSplit = "half-split";

    public const string Interleaved = "interleaved";

    public static string NameOf(RopeLayout layout) => layout == RopeLayout.HalfSplit ? HalfSplit : Interleaved;

    /// <summary>The same weight in another layout: the array itself where nothing has to move, else a copy.</summary>
    public static T[] Convert<T>(T[] values, WeightDeclaration declaration, RopeLayout? from, RopeLayout? to)
    {
        if (declaration.Rotary is not { } rotary || from == to)
        {
            return values;
        }

        var moved = (T[])values.Clone();
        int rowLength = values.Length / declaration.Shape[0];
        for (int head = 0; head < rotary.Heads; head++)
        {
            for (int i = 0; i < rotary.RotaryDim; i++)
            {
                int first = (head * rotary.HeadWidth) + rotary.From;
                int half = first + i;
                int interleaved = first + Permuted(i, rotary.RotaryDim);
                (int source, int target) = to == RopeLayout.HalfSplit ? (interleaved, half) : (half, interleaved);
                values.AsSpan(source * rowLength, rowLength).CopyTo(moved.AsSpan(target * rowLength));
            }
        }

        return moved;
    }

    private static int Permuted(int i, int r) => i < r / 2 ? 2 * i : (2 * (i - (r / 2))) + 1;
}
