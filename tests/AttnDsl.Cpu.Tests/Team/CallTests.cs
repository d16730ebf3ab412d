using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using AttnDsl.Cpu.Tests.Attention;

namespace AttnDsl.Cpu.Tests.Team;

/// <summary>What calls of the kernels cost and endure beside their arithmetic.</summary>
public class CallTests
{
    [Fact]
    public void ConcurrentCallersGetTheirOwnResults()
    {
        AttentionCase[] cases = Enumerable.Range(0, 6).Select(i => AttentionCase.Create(TokenRows.Core(1, 40 + (13 * i), 60 + (7 * i)), 4, 2, 16, 16)).ToArray();
        float[][] expected = cases.Select(c => c.Run(default(IdentityScore), Masks.Causal, 1).Output).ToArray();
        Parallel.For(0, 60, new ParallelOptions { MaxDegreeOfParallelism = 6 }, i =>
        {
            AttentionCase attention = cases[i % 6];
            Assert.True(expected[i % 6].SequenceEqual(attention.Run(default(IdentityScore), Masks.Causal, 1 + (i % 4)).Output));
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void NothingIsAllocatedAfterWarmUp(int threads)
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(2, 100, 120), 4, 2, 32, 32);
        float[] output = new float[2 * 100 * 4 * 32];
        float[] weight = Numbers.Random(1, 128 * 128);
        float[] gain = Numbers.Random(2, 32);
        int[] shape = [200, 128];
        var rotation = new PairRotation(RopeLayout.HalfSplit, [1, 0.1, 0.01]);
        void Call()
        {
            FusedAttention.Forward(
                attention.Geometry,
                attention.Query,
                HeadRows<float>.Dense(attention.Key, 120, 2, 32),
                HeadRows<float>.Dense(attention.Value, 120, 2, 32),
                [],
                attention.Rows,
                default(IdentityScore),
                Masks.Causal,
                output,
                [],
                threads);
            Cpu.Linear.Apply(attention.Query, weight, [], output, 200, 128, 128, 1, threads);
            Cpu.Linear.Apply(attention.Query.AsSpan(0, 128), weight, [], output.AsSpan(0, 128), 1, 128, 128, 1, threads);
            RmsNorm.Apply(attention.Query, gain, output, 32, 1e-6, false, threads);
            rotation.Apply(attention.Query, output, attention.Rows, 4, 32, inverse: false, threads: threads);
            Elementwise.Add(output, attention.Query, output, shape, shape, threads);
            SumTo.Apply(output, weight.AsSpan(0, 128), shape, shape.AsSpan(1), threads);
        }

        Assert.Equal(0, WarmCalls.LeastBytes(static () => GC.GetTotalAllocatedBytes(true), Call));
    }

    [Fact]
    public void CancelledCallsThrow()
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, 10, 10), 1, 1, 8, 8);
        var output = new float[80];
        Assert.Throws<OperationCanceledException>(() => FusedAttention.Forward(
            attention.Geometry,
            attention.Query,
            HeadRows<float>.Dense(attention.Key, 10, 1, 8),
            HeadRows<float>.Dense(attention.Value, 10, 1, 8),
            [],
            attention.Rows,
            default(IdentityScore),
            Masks.Causal,
            output,
            [],
            0,
            new CancellationToken(canceled: true)));
        (float[] again, _) = attention.Run(default(IdentityScore), Masks.Causal);
        Assert.DoesNotContain(12345f, again);
    }
}
