using System;
using System.Linq;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>Warm calls allocate nothing managed, and what native memory they rent is linear in the tokens.</summary>
[Collection(CpuTests.Name)]
public sealed class AllocationTests(ITestOutputHelper output)
{
    [Fact]
    public void Warm_calls_allocate_nothing_on_their_own_thread() => Assert.Empty(AllocationChecks.Faults(GC.GetAllocatedBytesForCurrentThread));

    /// <summary>In a process where nobody else allocates: all threads together.</summary>
    [Fact]
    public void Warm_calls_allocate_nothing_on_any_thread() => Assert.Equal("nothing\n", Child.Run(Child.Allocations, output));

    /// <summary>In a process of its own, because the peak is that of the process.</summary>
    [Fact]
    public void Extra_memory_is_linear_in_the_tokens() => Assert.EndsWith("linear\n", Child.Run(Child.Memory, output), StringComparison.Ordinal);
}
