namespace AttnDsl.Cpu;

/// <summary>The bits of a code, known where a loop is compiled.</summary>
internal interface ICodeBits
{
    static abstract int Count { get; }
}

internal readonly struct TwoBits : ICodeBits
{
    public static int Count => 2;
}

internal readonly struct FourBits : ICodeBits
{
    public static int Count => 4;
}

internal readonly struct EightBits : ICodeBits
{
    public static int Count => 8;
}
