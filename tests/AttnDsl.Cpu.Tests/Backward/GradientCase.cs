using System;
using AttnDsl.Cpu;
using AttnDsl.Cpu.Tests.Attention;

namespace AttnDsl.Cpu.Tests.Backward;

/// <summary>An attention core with a random output gradient, run forward and backward.</summary>
internal sealed class GradientCase
{
    public GradientCase(AttentionCase attention)
    {
        Attention = attention;
        var random = new Random(attention.Query.Length);
        OutputGradient = new float[attention.Rows.Batch * attention.Rows.Tokens * attention.Geometry.ScoreHeads * attention.Geometry.ValueWidth];
        for (int i = 0; i < OutputGradient.Length; i++)
        {
            OutputGradient[i] = (2 * random.NextSingle()) - 1;
        }
    }

    public AttentionCase Attention { get; }

    public float[] OutputGradient { get; }

    /// <summary>∂score/∂(scaled score).</summary>
    public Func<double, int, int, int, double> Derivative { get; set; } = (_, _, _, _) => 1;

    public Gradients Run<TScore, TMask>(TScore score, TMask mask, int threads = 0)
        where TScore : struct, IScore
        where TMask : struct, IPairMask
    {
        (float[] output, float[] lse) = Attention.Run(score, mask);
        return Run(score, mask, output, lse, threads);
    }

    public Gradients Run<TScore, TMask>(TScore score, TMask mask, float[] output, float[] lse, int threads = 0)
        where TScore : struct, IScore
        where TMask : struct, IPairMask
    {
        // Garbage in the results: every element must be written.
        var gradients = new Gradients(Filled(Attention.Query), Filled(Attention.Key), Filled(Attention.Value), Filled(Attention.Sinks));
        RunInto(score, mask, output, lse, gradients, threads);
        return gradients;
    }

    public void RunInto<TScore, TMask>(TScore score, TMask mask, float[] output, float[] lse, Gradients gradients, int threads)
        where TScore : struct, IScore
        where TMask : struct, IPairMask =>
        FusedAttentionGradient.Backward(
            Attention.Geometry,
            Attention.Query,
            Attention.Key,
            Attention.Value,
            Attention.Sinks,
            output,
            lse,
            OutputGradient,
            Attention.Rows,
            score,
            mask,
            gradients.Query,
            gradients.Key,
            gradients.Value,
            gradients.Sinks,
            threads);

    /// <summary>Compares a run with naive loops by <see cref="GradientRule"/>.</summary>
    public void Check<TScore, TMask>(TScore score, TMask mask, string what)
        where TScore : struct, IScore
        where TMask : struct, IPairMask
    {
        Gradients actual = Run(score, mask);
        var exact = new NaiveGradient<double>(Attention, OutputGradient, Derivative);
        var single = new NaiveGradient<float>(Attention, OutputGradient, Derivative);
        GradientRule.Check(what + ", dq", exact.Query, single.Query, actual.Query, exact.LargestTerm);
        GradientRule.Check(what + ", dk", exact.Key, single.Key, actual.Key, exact.LargestTerm);
        GradientRule.Check(what + ", dv", exact.Value, single.Value, actual.Value);
        GradientRule.Check(what + ", dsinks", exact.Sinks, single.Sinks, actual.Sinks);
    }

    private static float[] Filled(float[] like)
    {
        var values = new float[like.Length];
        Array.Fill(values, 12345f);
        return values;
    }
}
