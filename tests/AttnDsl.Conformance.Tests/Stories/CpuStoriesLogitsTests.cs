using System;
using System.Diagnostics;
using System.Threading;
using global::Stories;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Stories;

/// <summary>The model in single precision on the CPU attention that the compiler wrote.</summary>
public sealed class CpuStoriesLogitsTests(ITestOutputHelper output) : StoriesLogitsTests<float, StoriesAttention.Cache>(output)
{
    private static readonly TimeSpan LongestWarmUp = TimeSpan.FromSeconds(60);

    private readonly ITestOutputHelper output = output;

    [Theory]
    [InlineData(0)]
    [InlineData(0.8)]
    public void Once_warm_a_token_allocates_nothing(double temperature)
    {
        if (StoriesData.Find(StoriesData.Model, output) is not { } path)
        {
            return;
        }

        // Warm is when the runtime has compiled the loops for good, in its own time: code that is not optimised yet allocates here and there.
        CpuModel model = CpuModel.Load(path);
        var sampler = new Sampler(temperature, topP: 0.9);
        long start = Stopwatch.GetTimestamp();
        long allocated;
        while ((allocated = Allocated(model, sampler)) > 0 && Stopwatch.GetElapsedTime(start) < LongestWarmUp)
        {
            Thread.Sleep(50);
        }

        Assert.Equal(0, allocated);
    }

    private static long Allocated(CpuModel model, Sampler sampler)
    {
        Story<float, StoriesAttention.Cache> story = model.Begin();
        Span<int> token = [378];
        model.Logits([1, 403, 407, 261], story);
        model.Logits(token, story);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            token[0] = sampler.Next(model.Logits(token, story));
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    protected override StoriesModel<float, StoriesAttention.Cache> Load(string path) => CpuModel.Load(path);
}
