using System;
using System.Globalization;

namespace AttnDsl.Cpu;

/// <summary>
/// The part of a stream that is stored as codes, as kernels read it: a few tokens at a time into scratch, [count, width]. The tokens from a row's border on are scalars and lie elsewhere, one behind the other.
/// </summary>
internal sealed unsafe class QuantizedRows(QuantizedLayout layout, int batch, int heads)
{
    // Tokens that are brought together at a time, so that they stay in the first-level cache until they have been used. A multiple of what is scored at once.
    public const int Gathered = 32;

    // Tokens that are widened before they are rounded to bfloat16.
    private const int Rounded = 8;

    private KvMemory<int> _units;
    private int _perHead;
    private int _room;

    public QuantizedLayout Layout => layout;

    /// <summary>Of each row: tokens that are codes.</summary>
    public int[] Borders { get; } = new int[batch];

    /// <summary>Of each row: the token that lies at place 0 of its scalars.</summary>
    public int[] Bases { get; } = new int[batch];

    /// <summary>Where everything lies from now on.</summary>
    /// <param name="units">[batch, heads, <paramref name="perHead"/>, unitWords].</param>
    /// <param name="perHead">Units of a head.</param>
    /// <param name="room">Tokens that are scalars, at most, of each row.</param>
    public void Become(in KvMemory<int> units, int perHead, int room)
    {
        _units = units;
        _perHead = perHead;
        _room = room;
    }

    /// <summary>First unit of a head.</summary>
    public int* Head(int row, int head) => _units.First + ((((long)row * heads) + head) * _perHead * layout.UnitWords);

    /// <summary>The memory of some tokens that are codes.</summary>
    public void* At(int row, int token, int head) => Head(row, head) + ((long)(token / layout.Unit) * layout.UnitWords);

    /// <summary>Bytes of so many tokens.</summary>
    public long Bytes(int tokens) => (long)tokens * layout.UnitWords * sizeof(int) / layout.Unit;

    /// <summary>Reads tokens that are codes, all in front of the border.</summary>
    public void Read<T>(int row, int token, int count, int head, T* target)
        where T : unmanaged
    {
        int* from = Head(row, head);
        if (typeof(T) == typeof(float))
        {
            Read(from, token, count, (float*)target);
            return;
        }

        int width = layout.Width;
        float* values = stackalloc float[Rounded * width];
        for (int done = 0; done < count; done += Rounded)
        {
            int some = Math.Min(Rounded, count - done);
            Read(from, token + done, some, values);
            KvBFloat16.Round(new ReadOnlySpan<float>(values, some * width), new Span<ushort>((ushort*)target + ((long)done * width), some * width));
        }
    }

    /// <summary>Throws unless there are so many tokens of such heads.</summary>
    public void Check(string parameter, int rows, int tokens, int ofHeads, int width)
    {
        // Rows of unequal length: the longest decides how many keys there are, and of each row only its own are read.
        int most = 0;
        foreach (int first in Bases)
        {
            most = Math.Max(most, first + _room);
        }

        if (rows > batch || tokens > most || ofHeads > heads || width != layout.Width)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"{parameter}: expected [{rows}, {tokens}, {ofHeads}, {width}], got a quantized stream of [{batch}, {most}, {heads}, {layout.Width}]"), parameter);
        }
    }

    private void Read(int* head, int token, int count, float* target)
    {
        switch (layout.Quantization.Bits, layout.PerChannel)
        {
            case (2, true):
                ChannelCodes.Read<TwoBits>(layout, head, token, count, target);
                break;
            case (4, true):
                ChannelCodes.Read<FourBits>(layout, head, token, count, target);
                break;
            case (_, true):
                ChannelCodes.Read<EightBits>(layout, head, token, count, target);
                break;
            case (2, _):
                TokenCodes.Read<TwoBits>(layout, head, token, count, target);
                break;
            case (4, _):
                TokenCodes.Read<FourBits>(layout, head, token, count, target);
                break;
            default:
                TokenCodes.Read<EightBits>(layout, head, token, count, target);
                break;
        }
    }
}
