using System.Globalization;

namespace AttnDsl.Compiler.Plan;

/// <summary>One extent of a tensor: a constant, or a symbol whose value arrives at run time.</summary>
/// <param name="Text">Digits, <c>B</c> (batch rows), <c>T</c> (new tokens), <c>S</c> (visible tokens), or a derived symbol such as <c>S/16</c>.</param>
/// <param name="Size">The constant, or 0 for a symbol.</param>
public sealed record Dim(string Text, long Size)
{
    /// <summary>Batch rows.</summary>
    public static Dim B { get; } = new("B", 0);

    /// <summary>New tokens of this call.</summary>
    public static Dim T { get; } = new("T", 0);

    /// <summary>Visible tokens: cached ones and the new ones.</summary>
    public static Dim S { get; } = new("S", 0);

    public bool IsConstant => Size > 0;

    public static Dim Of(long size) => new(size.ToString(CultureInfo.InvariantCulture), size);

    /// <summary>How many windows of <paramref name="length"/> tokens, one every <paramref name="stride"/>, fit into the visible tokens.</summary>
    public static Dim Windows(long length, long stride) =>
        new(string.Format(CultureInfo.InvariantCulture, "win(S,{0},{1})", length, stride), 0);

    /// <summary>Blocks of <paramref name="size"/> tokens that cover the visible ones, the last perhaps partly.</summary>
    public static Dim Blocks(long size) => new(string.Format(CultureInfo.InvariantCulture, "ceil(S/{0})", size), 0);

    public override string ToString() => Text;
}
