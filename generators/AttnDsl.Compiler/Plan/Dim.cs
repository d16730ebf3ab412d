using System;
using System.Globalization;
using AttnDsl.Compiler.Costs;

namespace AttnDsl.Compiler.Plan;

public enum DimKind
{
    Constant,

    /// <summary>Batch rows.</summary>
    Batch,

    /// <summary>New tokens of this call.</summary>
    Tokens,

    /// <summary>Cached tokens and the new ones.</summary>
    Visible,

    /// <summary>Whole windows over the visible tokens.</summary>
    Windows,

    /// <summary>Whole windows that end in the new tokens.</summary>
    NewWindows,

    /// <summary>A fixed number of rows before the new tokens, then those.</summary>
    Recent,

    /// <summary>Rows a ring still holds, then the new tokens.</summary>
    Kept,
}

/// <summary>One extent of a tensor: a constant, or a symbol whose value arrives at run time.</summary>
public sealed record Dim
{
    private Dim(DimKind kind, string text)
    {
        Kind = kind;
        Text = text;
    }

    /// <summary>Batch rows.</summary>
    public static Dim B { get; } = new(DimKind.Batch, "B");

    /// <summary>New tokens of this call.</summary>
    public static Dim T { get; } = new(DimKind.Tokens, "T");

    /// <summary>Visible tokens: cached ones and the new ones.</summary>
    public static Dim S { get; } = new(DimKind.Visible, "S");

    public DimKind Kind { get; }

    /// <summary>Digits, <c>B</c>, <c>T</c>, <c>S</c>, or a derived symbol such as <c>win(S,8,4)</c>.</summary>
    public string Text { get; }

    /// <summary>The constant, or 0 for a symbol.</summary>
    public long Size { get; private init; }

    /// <summary>Tokens a window spans; rows before the block of <see cref="DimKind.Recent"/>; 0 otherwise.</summary>
    public long Length { get; private init; }

    /// <summary>Tokens between the starts of neighbouring windows, 0 where there are none.</summary>
    public long Stride { get; private init; }

    /// <summary>What <see cref="DimKind.Kept"/> keeps, or null.</summary>
    public RingStorage? Ring { get; private init; }

    public bool IsConstant => Size > 0;

    /// <summary>How often a row along this axis is computed.</summary>
    public Extent Extent => Kind switch
    {
        DimKind.Tokens => PerToken.Instance,
        DimKind.Visible => PerVisibleToken.Instance,
        DimKind.Recent => new PerRecentToken(Length),
        DimKind.Windows => new PerVisibleWindow(Length, Stride),
        DimKind.NewWindows => new PerNewWindow(Length, Stride),
        _ => throw new PlanException("no work is done along " + Text + ": rows are computed before they are kept"),
    };

    public static Dim Of(long size) => new(DimKind.Constant, size.ToString(CultureInfo.InvariantCulture)) { Size = size };

    /// <summary>How many windows of <paramref name="length"/> tokens, one every <paramref name="stride"/>, fit into the visible tokens.</summary>
    public static Dim Windows(long length, long stride) => Over(DimKind.Windows, "win(S,{0},{1})", length, stride);

    /// <summary>Blocks of <paramref name="size"/> tokens that cover the visible ones, the last perhaps partly.</summary>
    public static Dim Blocks(long size) => Over(DimKind.Windows, "ceil(S/{1})", 1, size);

    /// <summary>How many of those windows end in the new tokens: what a call adds to a stream with a stride.</summary>
    public static Dim NewWindows(long length, long stride) => Over(DimKind.NewWindows, "new(T,{0},{1})", length, stride);

    /// <summary>The last <paramref name="rows"/> rows before the block, and the block; the block alone for 0.</summary>
    public static Dim Recent(long rows) => rows == 0 ? T : Over(DimKind.Recent, "{0}+T", rows, 0);

    /// <summary>What a ring holds before the call, and the new tokens.</summary>
    public static Dim Kept(RingStorage ring) =>
        new(DimKind.Kept, string.Format(CultureInfo.InvariantCulture, ring.Room == RingRoom.Before ? "kept(S-T,{0}+{1}-T)+T" : "min(S-T,{2})+T", ring.Sinks, ring.Recent, ring.Sinks + ring.Recent)) { Ring = ring };

    /// <summary>The extent of a call with <paramref name="tokens"/> new tokens after <paramref name="past"/> cached ones.</summary>
    public long At(long batch, long tokens, long past) => Kind switch
    {
        DimKind.Constant => Size,
        DimKind.Batch => batch,
        DimKind.Tokens => tokens,
        DimKind.Visible => past + tokens,
        DimKind.Windows => WindowsIn(past + tokens),
        DimKind.NewWindows => WindowsIn(past + tokens) - WindowsIn(past),
        DimKind.Recent => Length + tokens,
        _ => Math.Min(past, Ring!.Sinks + Ring.Recent - (Ring.Room == RingRoom.Before && tokens <= Ring.Recent ? tokens : 0)) + tokens,
    };

    /// <summary>Whole windows among the first tokens of a row.</summary>
    public long WindowsIn(long tokens) => tokens < Length ? 0 : ((tokens - Length) / Stride) + 1;

    public override string ToString() => Text;

    private static Dim Over(DimKind kind, string text, long length, long stride) =>
        new(kind, string.Format(CultureInfo.InvariantCulture, text, length, stride)) { Length = length, Stride = stride };
}
