using System;
using AttnDsl.Cpu;
using AttnDsl.Cpu.Tests.Attention;

namespace AttnDsl.Cpu.Tests.Backward;

/// <summary>Score operations, sinks, and scores of every size.</summary>
public class GradientScoreTests
{
    [Theory]
    [InlineData(40, 40)]
    [InlineData(170, 250)]
    public void DistanceBiases(int queries, int keys) => Paths.OnEach(path =>
    {
        float[] slopes = [0.5f, 0.25f, 0.01f, 2];
        var gradient = new GradientCase(AttentionCase.Create(TokenRows.Core(1, queries, keys), 4, 2, 16, 16));
        gradient.Attention.Score = (s, row, key, head) => s - (slopes[head] * Math.Abs(row - key));
        gradient.Check(Strategies.Distance(slopes), Masks.Everything, path + ", everything");
        gradient.Attention.Visible = (row, key) => key <= row;
        gradient.Check(Strategies.Distance(slopes), Masks.Causal, path + ", causal");
    });

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public void CappedScores(float magnitude) => Paths.OnEach(path =>
    {
        var gradient = new GradientCase(AttentionCase.Create(TokenRows.Core(2, 110, 130), 4, 2, 24, 16, magnitude));
        gradient.Cap();
        gradient.Check(default(CappedScore), Masks.Everything, path + ", everything");
        gradient.Attention.Visible = (row, key) => key <= row;
        gradient.Check(default(CappedScore), Masks.Causal, path + ", causal");
    });

    [Fact]
    public void DerivativesSeeRowColumnAndHead() => Paths.OnEach(path =>
    {
        // s · (1 + row / 64 − column / 128 + head / 4).
        var factor = Scores.Add(
            Scores.Add(Scores.Constant(1), Scores.Multiply(Scores.Row, Scores.Constant(1 / 64.0))),
            Scores.Subtract(Scores.Multiply(Scores.Head, Scores.Constant(0.25)), Scores.Multiply(Scores.Column, Scores.Constant(1 / 128.0))));
        static double Factor(int row, int key, int head) => 1 + (row / 64.0) + (head / 4.0) - (key / 128.0);
        var gradient = new GradientCase(AttentionCase.Create(TokenRows.Core(1, 61, 120), 2, 1, 16, 16));
        gradient.Attention.Score = (s, row, key, head) => s * Factor(row, key, head);
        gradient.Derivative = (_, row, key, head) => Factor(row, key, head);
        gradient.Attention.Visible = (row, key) => key <= row;
        gradient.Check(Scores.General(Scores.Multiply(Scores.Value, factor), factor), Masks.Causal, path);
    });

    [Fact]
    public void Sinks() => Paths.OnEach(path =>
    {
        var gradient = new GradientCase(AttentionCase.Create(TokenRows.Core(2, 150, 150), 4, 2, 16, 16));
        gradient.Attention.Sinks = [0, 3, -40, 90];
        gradient.Attention.Visible = (row, key) => key <= row;
        gradient.Check(default(IdentityScore), Masks.Causal, path);
        gradient.Cap();
        gradient.Check(default(CappedScore), Masks.Causal, path + ", capped");
    });

    [Fact]
    public void ASinkOfMinusInfinityIsNone() => Paths.OnEach(path =>
    {
        var gradient = new GradientCase(AttentionCase.Create(TokenRows.Core(1, 50, 50), 2, 2, 16, 16));
        Gradients expected = gradient.Run(default(IdentityScore), Masks.Causal);
        gradient.Attention.Sinks = [float.NegativeInfinity, float.NegativeInfinity];
        Gradients actual = gradient.Run(default(IdentityScore), Masks.Causal);
        Assert.True(expected.HasSameBits(actual with { Sinks = [] }), path);
        Assert.Equal([0f, 0f], actual.Sinks);
    });

    [Theory]
    [InlineData(10)]
    [InlineData(60)]
    [InlineData(200)]
    public void LargeScores(float magnitude) => Paths.OnEach(path =>
    {
        var gradient = new GradientCase(AttentionCase.Create(TokenRows.Core(1, 100, 110), 2, 1, 32, 16, magnitude));
        gradient.Attention.Visible = (row, key) => key <= row;
        gradient.Check(default(IdentityScore), Masks.Causal, path, hugeScores: true);
    });

    [Fact]
    public void EqualScores() => Paths.OnEach(path =>
    {
        var gradient = new GradientCase(AttentionCase.Create(TokenRows.Core(1, 30, 177), 1, 1, 16, 16));
        Array.Clear(gradient.Attention.Query);
        gradient.Check(default(IdentityScore), Masks.Everything, path);
    });

    [Fact]
    public void TinyOperands() => Paths.OnEach(path =>
    {
        var gradient = new GradientCase(AttentionCase.Create(TokenRows.Core(1, 30, 50), 1, 1, 16, 16, 1e-20f));
        gradient.Check(default(IdentityScore), Masks.Everything, path);
    });
}
