namespace AttnDsl.Cpu;

/// <summary>Keys from <paramref name="First"/> to before <paramref name="End"/>; what lies outside the row's keys is cut off by the kernel.</summary>
public readonly record struct KeyRange(int First, int End)
{
    /// <summary>Every key.</summary>
    public static KeyRange All => new(0, int.MaxValue);
}
