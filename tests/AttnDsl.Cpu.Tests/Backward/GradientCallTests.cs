using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using AttnDsl.Cpu;
using AttnDsl.Cpu.Tests.Attention;

namespace AttnDsl.Cpu.Tests.Backward;

/// <summary>What backward calls cost and endure beside their arithmetic.</summary>
public class GradientCallTests
{
    [Fact]
    public void ThreadCountsRunsAndMemoryGiveEqualBits() => Paths.OnEach(path =>
    {
        var gradient = new GradientCase(AttentionCase.Create(TokenRows.Core(2, 250, 470), HeadMap.Tiled(3, 6), HeadMap.Grouped(2, 6), HeadMap.Tiled(2, 6), 20, 32));
        gradient.Attention.Sinks = [1, 2, 3, 4, 5, 6];
        Gradients expected = gradient.Run(default(IdentityScore), Masks.Causal, 1);
        foreach (int threads in new[] { 1, 2, 3, 7, 2 })
        {
            Assert.True(expected.HasSameBits(gradient.Run(default(IdentityScore), Masks.Causal, threads)), $"{path}, {threads} threads");
        }

        long before = BackwardBudget.WaveFloats;
        try
        {
            // One head at a time, or as many as there are threads.
            BackwardBudget.WaveFloats = 1;
            foreach (int threads in new[] { 1, 2, 7 })
            {
                Assert.True(expected.HasSameBits(gradient.Run(default(IdentityScore), Masks.Causal, threads)), $"{path}, little memory, {threads} threads");
            }
        }
        finally
        {
            BackwardBudget.WaveFloats = before;
        }
    });

    [Fact]
    public void ConcurrentCallersGetTheirOwnResults()
    {
        GradientCase[] cases = Enumerable.Range(0, 6).Select(i => new GradientCase(AttentionCase.Create(TokenRows.Core(1, 40 + (13 * i), 60 + (7 * i)), 4, 2, 16, 16))).ToArray();
        Gradients[] expected = cases.Select(c => c.Run(default(IdentityScore), Masks.Causal, 1)).ToArray();
        Parallel.For(0, 60, new ParallelOptions { MaxDegreeOfParallelism = 6 }, i =>
            Assert.True(expected[i % 6].HasSameBits(cases[i % 6].Run(default(IdentityScore), Masks.Causal, 1 + (i % 4)))));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void NothingIsAllocatedAfterWarmUp(int threads)
    {
        var gradient = new GradientCase(AttentionCase.Create(TokenRows.Core(2, 100, 120), 4, 2, 32, 32));
        gradient.Attention.Sinks = [0, 0, 0, 0];
        (float[] output, float[] lse) = gradient.Attention.Run(default(IdentityScore), Masks.Causal);
        Gradients results = gradient.Run(default(IdentityScore), Masks.Causal);
        Assert.Equal(0, WarmCalls.LeastBytes(static () => GC.GetTotalAllocatedBytes(true), () => gradient.RunInto(default(IdentityScore), Masks.Causal, output, lse, results, threads)));
    }

    [Fact]
    public void ABatchRowDoesNotDependOnTheOthers() => Paths.OnEach(path =>
    {
        var both = new GradientCase(AttentionCase.Create(TokenRows.Ragged([33, 170], 170), 2, 1, 16, 16));
        Gradients expected = both.Run(default(IdentityScore), Masks.Causal);
        Array.Fill(both.Attention.Key, float.NaN, 170 * 16, 170 * 16);
        Array.Fill(both.OutputGradient, float.NaN, 170 * 32, 170 * 32);
        Gradients actual = both.Run(default(IdentityScore), Masks.Causal);
        Assert.True(expected.Query.AsSpan(0, 170 * 32).SequenceEqual(actual.Query.AsSpan(0, 170 * 32)), path);
        Assert.True(expected.Key.AsSpan(0, 170 * 16).SequenceEqual(actual.Key.AsSpan(0, 170 * 16)), path);
        Assert.True(expected.Value.AsSpan(0, 170 * 16).SequenceEqual(actual.Value.AsSpan(0, 170 * 16)), path);
    });

    [Fact]
    public void WrongLengthsAreNamedBeforeAnythingIsWritten()
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, 4, 4), 2, 1, 8, 8);
        float[] results = Numbers.Garbage(4 * 2 * 8);
        var error = Assert.Throws<ArgumentException>(() => FusedAttentionGradient.Backward(
            attention.Geometry,
            attention.Query,
            attention.Key,
            attention.Value,
            [],
            new float[64],
            new float[8],
            new float[63],
            attention.Rows,
            default(IdentityScore),
            Masks.Causal,
            results,
            new float[32],
            new float[32],
            []));
        Assert.Equal("outputGradient", error.ParamName);
        Assert.Contains("[1, 4, 2, 8] = 64 elements, got 63", error.Message, StringComparison.Ordinal);
        Assert.All(results, value => Assert.Equal(12345f, value));
    }

    [Fact]
    public void CancelledCallsThrow()
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, 4, 4), 1, 1, 8, 8);
        Assert.Throws<OperationCanceledException>(() => FusedAttentionGradient.Backward(
            attention.Geometry,
            attention.Query,
            attention.Key,
            attention.Value,
            [],
            new float[32],
            new float[4],
            new float[32],
            attention.Rows,
            default(IdentityScore),
            Masks.Causal,
            new float[32],
            new float[32],
            new float[32],
            [],
            0,
            new CancellationToken(canceled: true)));
        new GradientCase(attention).Run(default(IdentityScore), Masks.Causal);
    }
}
