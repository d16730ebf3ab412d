using System.Globalization;

namespace AttnDsl.Compiler.Plan;

/// <summary>Old rows of a stream as whole numbers with a scale and a minimum per group; the newest rows stay scalars.</summary>
/// <param name="Bits">Bits of a code.</param>
/// <param name="Group">Scalars that share a scale and a minimum.</param>
/// <param name="Residual">Newest rows that stay scalars.</param>
/// <param name="Axis">Which scalars make a group.</param>
public sealed record CacheCodes(long Bits, long Group, long Residual, CodeAxis Axis = CodeAxis.Channel)
{
    /// <summary>Bytes of a code and of its share of a float32 scale and minimum.</summary>
    public double BytesPerScalar => (Bits / 8.0) + (8.0 / Group);

    /// <summary>The same codes in groups of the other kind.</summary>
    public CacheCodes Along(CodeAxis axis) => this with { Axis = axis };

    public override string ToString() =>
        string.Format(CultureInfo.InvariantCulture, "codes of {0} bits, groups of {1} along the {2}, newest {3} as scalars", Bits, Group, Axis == CodeAxis.Channel ? "tokens" : "channels", Residual);
}

public enum CodeAxis
{
    /// <summary>One channel of consecutive tokens.</summary>
    Channel,

    /// <summary>Consecutive channels of one token.</summary>
    Token,
}
