namespace AttnDsl.Cpu;

/// <summary>How much memory a backward may take.</summary>
internal static class BackwardBudget
{
    /// <summary>Floats of gradients of single heads before they are summed; more only where a single head per thread needs more. Results do not depend on it. Set by tests.</summary>
    public static long WaveFloats { get; set; } = 24 << 20;
}
