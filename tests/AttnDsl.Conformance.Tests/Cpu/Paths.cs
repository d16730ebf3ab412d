using System;
using AttnDsl.Cpu;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>Runs a check on every SIMD path. Wider ones than the processor's own run emulated: slow, but the same code.</summary>
internal static class Paths
{
    public static void OnEach(Action<string> check)
    {
        SimdPath before = Simd.Current;
        try
        {
            foreach (SimdPath path in Enum.GetValues<SimdPath>())
            {
                Simd.Current = path;
                check(path.ToString());
            }
        }
        finally
        {
            Simd.Current = before;
        }
    }
}
