using System;

namespace AttnDsl.Cpu.Tests.Backward;

/// <summary>Results of one backward.</summary>
internal sealed record Gradients(float[] Query, float[] Key, float[] Value, float[] Sinks)
{
    public bool HasSameBits(Gradients other) =>
        Same(Query, other.Query) && Same(Key, other.Key) && Same(Value, other.Value) && Same(Sinks, other.Sinks);

    private static bool Same(ReadOnlySpan<float> a, ReadOnlySpan<float> b) =>
        System.Runtime.InteropServices.MemoryMarshal.AsBytes(a).SequenceEqual(System.Runtime.InteropServices.MemoryMarshal.AsBytes(b));
}
