using System;
using System.Globalization;

namespace AttnDsl;

/// <summary>Which scalars of a stream share a scale and a minimum.</summary>
public enum QuantizationAxis
{
    /// <summary>One channel of consecutive tokens: for keys, whose channels differ in size.</summary>
    Channel,

    /// <summary>Consecutive channels of one token: for values.</summary>
    Token,
}

/// <summary>
/// Storage of a stream as whole numbers, as KIVI does (arXiv 2402.02750): old tokens are codes of <paramref name="Bits"/> bits, the newest stay scalars.
/// For the scalars x of a group: mn = min x, s = (max x − mn) / (2^bits − 1), c = round_half_even((x − mn) / s), read as c·s + mn; the error is at most s / 2. A group of equal scalars has s = 0.
/// </summary>
/// <remarks>
/// Scales and minima are float32. A token takes width·(bits/8 + 8/group) bytes a head as codes. A row of n tokens has codes of its first ⌊n/residual⌋·residual tokens (<see cref="QuantizationAxis.Channel"/>),
/// or of all but its last <paramref name="Residual"/> (<see cref="QuantizationAxis.Token"/>); groups begin at multiples of their size. A step attends to its own tokens as they are; they become codes when it is committed.
/// An infinity or a NaN makes its whole group NaN.
/// </remarks>
/// <param name="Bits">Bits of a code: 2, 4 or 8.</param>
/// <param name="Group">Scalars that share a scale and a minimum, at least 1.</param>
/// <param name="Residual">Newest tokens that are kept as scalars, at least 1; a multiple of <paramref name="Group"/> and of 32 / <paramref name="Bits"/>.</param>
/// <param name="Axis">Which scalars make a group.</param>
public sealed record CacheQuantization(int Bits, int Group, int Residual, QuantizationAxis Axis)
{
    /// <summary>Codes in an int32, the first in the lowest bits.</summary>
    internal int CodesPerWord => 32 / Bits;

    /// <summary>2^bits − 1.</summary>
    internal int HighestCode => (1 << Bits) - 1;

    /// <summary>First tokens of a row of so many that are codes.</summary>
    internal int Border(int length) => Axis == QuantizationAxis.Channel ? length / Residual * Residual : Math.Max(0, length - Residual);

    /// <summary>Throws unless a head of <paramref name="stream"/> can be stored so.</summary>
    internal void Check(CacheStream stream)
    {
        if (Bits is not (2 or 4 or 8))
        {
            throw Wrong(stream, $"bits: expected 2, 4 or 8, got {Bits}");
        }

        if (Axis is not (QuantizationAxis.Channel or QuantizationAxis.Token))
        {
            throw Wrong(stream, $"axis: expected Channel or Token, got {(int)Axis}");
        }

        if (Group < 1)
        {
            throw Wrong(stream, $"group: expected at least 1, got {Group}");
        }

        if (Residual < 1 || Residual % Group != 0 || Residual % CodesPerWord != 0)
        {
            throw Wrong(stream, $"residual: expected a multiple of the group {Group} and of {CodesPerWord}, the codes of an int32, got {Residual}");
        }

        if (Axis == QuantizationAxis.Token && (stream.Width % Group != 0 || stream.Width % CodesPerWord != 0))
        {
            throw Wrong(stream, $"width: expected a multiple of the group {Group} and of {CodesPerWord}, the codes of an int32, got {stream.Width}");
        }
    }

    private static ArgumentException Wrong(CacheStream stream, FormattableString what) =>
        new($"streams: '{stream.Name}' cannot be quantized, {what.ToString(CultureInfo.InvariantCulture)}", "streams");
}
