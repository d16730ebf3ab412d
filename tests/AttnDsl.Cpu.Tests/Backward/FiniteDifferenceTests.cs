using System;
using AttnDsl.Cpu;
using AttnDsl.Cpu.Tests.Attention;

namespace AttnDsl.Cpu.Tests.Backward;

/// <summary>Directional derivatives of the naive forward in double, by central differences, against the kernel's gradients: independent of every backward formula.</summary>
public class FiniteDifferenceTests
{
    private const double Step = 1e-3;

    // Float gradients against central differences with a step of 1e-3 (their own error is about step²).
    private const double Tolerance = 2e-4;

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Directions(bool capped, bool sinks)
    {
        var gradient = new GradientCase(AttentionCase.Create(TokenRows.Core(1, 9, 11), HeadMap.Tiled(2, 4), HeadMap.Grouped(4, 4), HeadMap.Grouped(2, 4), 6, 5, 2));
        gradient.Attention.Visible = (row, key) => key <= row;
        gradient.Attention.Sinks = sinks ? [0.5f, -1, 2, 0] : [];
        if (capped)
        {
            gradient.Cap();
        }

        Gradients actual = capped ? gradient.Run(default(CappedScore), Masks.Causal) : gradient.Run(default(IdentityScore), Masks.Causal);
        for (int direction = 0; direction < 8; direction++)
        {
            Direct(gradient, gradient.Attention.Query, actual.Query, direction, "dq");
            Direct(gradient, gradient.Attention.Key, actual.Key, direction, "dk");
            Direct(gradient, gradient.Attention.Value, actual.Value, direction, "dv");
            Direct(gradient, gradient.Attention.Sinks, actual.Sinks, direction, "dsinks");
        }
    }

    private static void Direct(GradientCase gradient, float[] operand, float[] actual, int seed, string what)
    {
        float[] direction = Numbers.Random(seed + 1, operand.Length);
        float[] before = [.. operand];
        double expected = 0;
        double step = 0;
        double inner = 0;
        foreach (int sign in new[] { 1, -1 })
        {
            for (int i = 0; i < operand.Length; i++)
            {
                operand[i] = before[i] + (float)(sign * Step * direction[i]);
            }

            double[] output = gradient.Attention.Reference().Output;
            for (int i = 0; i < output.Length; i++)
            {
                expected += sign * output[i] * gradient.OutputGradient[i];
            }

            // The steps as float rounded them.
            for (int i = 0; i < operand.Length; i++)
            {
                inner += sign * ((double)operand[i] - before[i]) * actual[i];
            }

            step += Step;
        }

        before.CopyTo(operand, 0);
        Assert.True(Math.Abs(expected - inner) / step <= Tolerance * Math.Max(1, Math.Abs(expected / step)), $"{what}: difference {expected / step}, gradient {inner / step}");
    }
}
