using System;
using System.Linq;
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

    /// <summary>Scores as <see cref="CappedScore"/> has them.</summary>
    public void Cap()
    {
        Attention.Score = (s, _, _, _) => CappedScore.Cap * Math.Tanh(s / CappedScore.Cap);
        Derivative = (s, _, _, _) => 1 - Math.Pow(Math.Tanh(s / CappedScore.Cap), 2);
    }

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
    /// <param name="score">The operation on scaled scores.</param>
    /// <param name="mask">The visible pairs.</param>
    /// <param name="what">Names the case.</param>
    /// <param name="hugeScores">Log-sums so large that their own rounding to float moves every weight by more than the rule allows: its floor is then as many times higher.</param>
    public void Check<TScore, TMask>(TScore score, TMask mask, string what, bool hugeScores = false)
        where TScore : struct, IScore
        where TMask : struct, IPairMask
    {
        // The forward's output and log-sums as they should be: what the forward's own kernels add has tests of its own.
        var exact = new NaiveGradient<double>(Attention, OutputGradient, Derivative);
        Gradients actual = Run(score, mask, Array.ConvertAll(exact.Output, x => (float)x), Array.ConvertAll(exact.Lse, x => (float)x));
        double rounding = hugeScores ? exact.Lse.Max(x => double.IsFinite(x) ? Math.Abs(x) : 0) : 1;
        var single = new NaiveGradient<float>(Attention, OutputGradient, Derivative);
        GradientRule.Check(what + ", dq", exact.Query, single.Query, actual.Query, exact.LargestTerm, rounding);
        GradientRule.Check(what + ", dk", exact.Key, single.Key, actual.Key, exact.LargestTerm, rounding);
        GradientRule.Check(what + ", dv", exact.Value, single.Value, actual.Value, 0, rounding);
        GradientRule.Check(what + ", dsinks", exact.Sinks, single.Sinks, actual.Sinks);
    }

    private static float[] Filled(float[] like)
    {
        var values = new float[like.Length];
        Array.Fill(values, 12345f);
        return values;
    }
}
