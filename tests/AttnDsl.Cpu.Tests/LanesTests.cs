using System;

namespace AttnDsl.Cpu.Tests;

/// <summary>The functions that the vectors compute themselves, on every width.</summary>
public unsafe class LanesTests
{
    [Fact]
    public void Exp2()
    {
        Check<Lanes128>();
        Check<Lanes256>();
        Check<Lanes512>();

        static void Check<T>()
            where T : unmanaged, IKernelLanes<T>
        {
            for (double x = -125; x < 99; x += 0.0137)
            {
                float a = (float)x;
                Assert.Equal(1, Lane(T.Exp2(T.Broadcast(a), Exp2Constants.Table)) / Math.Pow(2, a), 3e-7);
            }

            Assert.Equal(0, Lane(T.Exp2(T.Broadcast(float.NegativeInfinity), Exp2Constants.Table)));
            Assert.Equal(0, Lane(T.Exp2(T.Broadcast(-1000), Exp2Constants.Table)));
            Assert.True(Lane(T.Exp2(T.Broadcast(1e6f), Exp2Constants.Table)) > 1e30f);
            Assert.True(float.IsNaN(Lane(T.Exp2(T.Broadcast(float.NaN), Exp2Constants.Table))));
        }
    }

    [Fact]
    public void Tanh()
    {
        Check<Lanes128>();
        Check<Lanes256>();
        Check<Lanes512>();

        static void Check<T>()
            where T : unmanaged, IKernelLanes<T>
        {
            for (double x = -12; x < 12; x += 0.00371)
            {
                float a = (float)x;
                double expected = Math.Tanh(a);
                Assert.True(Math.Abs(Lane(T.Tanh(T.Broadcast(a))) - expected) <= 5e-7 * Math.Abs(expected), $"tanh {a}");
            }

            Assert.Equal(1, Lane(T.Tanh(T.Broadcast(float.PositiveInfinity))), 1e-6);
            Assert.True(float.IsNaN(Lane(T.Tanh(T.Broadcast(float.NaN)))));
        }
    }

    private static float Lane<T>(T value)
        where T : unmanaged, IKernelLanes<T>
    {
        float* lanes = stackalloc float[16];
        T.Store(lanes, value);
        return lanes[T.Count - 1];
    }
}
