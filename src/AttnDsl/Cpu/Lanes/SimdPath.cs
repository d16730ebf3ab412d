using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AttnDsl.Cpu;

/// <summary>Which vectors the kernels use.</summary>
internal enum SimdPath
{
    /// <summary>128-bit vectors, on any processor.</summary>
    Portable,

    /// <summary>256-bit vectors with fused multiply-add.</summary>
    Vector256,

    /// <summary>512-bit vectors.</summary>
    Vector512,
}

/// <summary>The path of this process.</summary>
internal static class Simd
{
    /// <summary>What the processor can do, less what the runtime's switches take away (DOTNET_EnableAVX512=0, DOTNET_EnableAVX2=0, DOTNET_EnableHWIntrinsic=0).</summary>
    public static SimdPath Detected { get; } =
        Avx512F.IsSupported && Avx512DQ.IsSupported && System.Runtime.Intrinsics.Vector512.IsHardwareAccelerated ? SimdPath.Vector512
        : Avx2.IsSupported && Fma.IsSupported && System.Runtime.Intrinsics.Vector256.IsHardwareAccelerated ? SimdPath.Vector256
        : SimdPath.Portable;

    /// <summary>What calls from now on use. Set by tests: every path gives right results on every processor, the wider ones than its own slowly.</summary>
    public static SimdPath Current { get; set; } = Detected;
}
