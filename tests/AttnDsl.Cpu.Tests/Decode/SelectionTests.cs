using System;
using System.Linq;
using AttnDsl.Cpu;
using AttnDsl.Cpu.Tests.Attention;

namespace AttnDsl.Cpu.Tests.Decode;

/// <summary>Cores that keep only the largest weights of a query, against a loop that sorts.</summary>
public class SelectionTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 17, 5)]
    [InlineData(1, 63, 63)]
    [InlineData(1, 65, 64)]
    [InlineData(1, 300, 1)]
    [InlineData(1, 300, 100)]
    [InlineData(1, 2900, 5)]
    [InlineData(1, 2900, 700)]
    [InlineData(1, 2900, 5000)]
    [InlineData(2, 129, 8)]
    [InlineData(3, 5, 2)]
    [InlineData(5, 3, 2)]
    [InlineData(8, 1000, 33)]
    [InlineData(9, 40, 6)]
    [InlineData(70, 70, 12)]
    [InlineData(33, 400, 100)]
    public void Lengths(int queries, int keys, int keep) => Paths.OnEach(path =>
    {
        AttentionCase attention = DecodeCase.Rounded(AttentionCase.Create(TokenRows.Core(2, queries, keys), 4, 2, 24, 20)).Selecting(keep);
        attention.Visible = (row, key) => key <= row;
        DecodeCase.Check(attention, default(IdentityScore), Masks.Causal, path);
        attention.Check(default(IdentityScore), Masks.Causal, path + ", forward");
    });

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 7)]
    [InlineData(8, 31)]
    [InlineData(40, 3)]
    [InlineData(64, 128)]
    [InlineData(111, 72)]
    [InlineData(576, 512)]
    public void Widths(int keyWidth, int valueWidth) => Paths.OnEach(path =>
    {
        AttentionCase attention = DecodeCase.Rounded(AttentionCase.Create(TokenRows.Core(1, 2, 131), 6, 2, keyWidth, valueWidth)).Selecting(70);
        attention.Visible = (row, key) => key <= row;
        DecodeCase.Check(attention, default(IdentityScore), Masks.Causal, path);
    });

    [Fact]
    public void HeadMapsAndGroups() => Paths.OnEach(path =>
    {
        AttentionCase attention = DecodeCase.Rounded(AttentionCase.Create(
            TokenRows.Core(2, 3, 70), HeadMap.Tiled(2, 6), HeadMap.Grouped(3, 6), HeadMap.Table(4, [0, 2, 2, 2, 0, 3]), 16, 24)).Selecting(9);
        DecodeCase.Check(attention, default(IdentityScore), Masks.Everything, path);
        foreach ((int heads, int kv) in new[] { (1, 1), (3, 1), (5, 1), (17, 1), (12, 4) })
        {
            DecodeCase.Check(DecodeCase.Rounded(AttentionCase.Create(TokenRows.Core(1, 1, 333), heads, kv, 32, 48)).Selecting(40), default(IdentityScore), Masks.Causal, path);
        }
    });

    [Fact]
    public void ScoresMasksAndSinks() => Paths.OnEach(path =>
    {
        foreach (int queries in new[] { 1, 6, 30 })
        {
            AttentionCase capped = AttentionCase.Create(TokenRows.Core(2, queries, 90), 4, 2, 16, 16, magnitude: 3).Selecting(11);
            capped.Score = (s, _, _, _) => CappedScore.Cap * Math.Tanh(s / CappedScore.Cap);
            capped.Visible = Strategies.WindowOrFirstNaive;
            capped.Sinks = [0.5f, -1, 2, float.NegativeInfinity];
            capped.Check(Strategies.Capped, Strategies.WindowOrFirst, path + ", capped", 2e-5);

            float[] slopes = [0.5f, 0.25f, 0.125f, 0.0625f];
            AttentionCase near = AttentionCase.Create(TokenRows.Core(2, queries, 300), 4, 4, 16, 16).Selecting(20);
            near.Score = (s, row, key, head) => s - (slopes[head] * Math.Abs(row - key));
            near.Check(Strategies.Distance(slopes), Masks.Everything, path + ", distance", 2e-5);
        }
    });

    [Fact]
    public void SegmentsAndRaggedRows() => Paths.OnEach(path =>
    {
        int[] segments = [.. Enumerable.Range(0, 2 * 50).Select(i => i % 50 / 17)];
        AttentionCase attention = AttentionCase.Create(TokenRows.Ragged([50, 33], 50, segments: segments), 4, 2, 16, 16).Selecting(6);
        attention.Segments = true;
        attention.Visible = (row, key) => key <= row;
        attention.Check(default(IdentityScore), Masks.Both(Masks.Causal, Masks.Segments), path);
    });

    /// <summary>Sums of small whole numbers are exact in any order, and the kernel's scores, in units of log2, are halves of them: equal ones are equal.</summary>
    [Theory]
    [InlineData(1, 700, 5)]
    [InlineData(1, 700, 99)]
    [InlineData(1, 9000, 3)]
    [InlineData(20, 200, 13)]
    public void OfEqualScoresTheEarlierKeysCount(int queries, int keys, int keep) => Paths.OnEach(path =>
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, queries, keys), 3, 1, 16, 8).Selecting(keep, scale: 0.5 / 1.4426950408889634);
        for (int i = 0; i < attention.Query.Length; i++)
        {
            attention.Query[i] = MathF.Round(attention.Query[i]);
        }

        for (int i = 0; i < attention.Key.Length; i++)
        {
            attention.Key[i] = MathF.Round(attention.Key[i] * 0.8f);
        }

        attention.Visible = (row, key) => key <= row;
        attention.Check(default(IdentityScore), Masks.Causal, path);
    });

    /// <summary>Values that are not chosen, or are hidden, are not even read.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(24)]
    public void WhatIsNotChosenIsNeverRead(int queries) => Paths.OnEach(path =>
    {
        const int Keys = 150;
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, queries, Keys), 2, 1, 16, 16).Selecting(4);
        attention.Query.AsSpan().Fill(1);
        for (int key = 0; key < Keys; key++)
        {
            bool chosen = key is 2 or 40 or 77 or 120;
            attention.Key.AsSpan(key * 16, 16).Fill(chosen ? 1 + (key / 1000f) : -0.5f);
            if (!chosen)
            {
                attention.Value.AsSpan(key * 16, 16).Fill(key % 2 == 0 ? float.NaN : float.PositiveInfinity);
            }
        }

        (float[] output, float[] lse) = attention.Run(default(IdentityScore), Masks.Causal);
        Assert.All(output, value => Assert.True(float.IsFinite(value), path));
        Assert.All(lse, value => Assert.True(float.IsFinite(value), path));
    });

    [Fact]
    public void AScoreThatIsNoNumberBreaksItsRow() => Paths.OnEach(path =>
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, 2, 40), 1, 1, 16, 16).Selecting(4);
        attention.Query[16] = float.NaN;
        (float[] output, _) = attention.Run(default(IdentityScore), Masks.Causal);
        Assert.All(output[..16], value => Assert.True(float.IsFinite(value), path));
        Assert.All(output[16..], value => Assert.True(float.IsNaN(value), path));
    });

    [Fact]
    public void ThreadsChangeNoBit()
    {
        foreach ((int queries, int keys) in new[] { (1, 9000), (40, 300) })
        {
            AttentionCase attention = AttentionCase.Create(TokenRows.Core(2, queries, keys), 4, 2, 32, 32).Selecting(50);
            (float[] one, float[] lse) = attention.Run(default(IdentityScore), Masks.Causal, 1);
            foreach (int threads in new[] { 2, 3, 8 })
            {
                (float[] more, float[] moreLse) = attention.Run(default(IdentityScore), Masks.Causal, threads);
                Assert.Equal(one, more);
                Assert.Equal(lse, moreLse);
            }
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 3)]
    [InlineData(50, 2)]
    public void NothingIsAllocatedAfterWarmUp(int queries, int threads)
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(2, queries, 2000), 4, 2, 32, 32).Selecting(100);
        var output = new float[2 * queries * 4 * 32];
        void Call() => FusedAttention.Attend(
            attention.Geometry,
            attention.Query,
            HeadRows<float>.Dense(attention.Key, 2000, 2, 32),
            HeadRows<float>.Dense(attention.Value, 2000, 2, 32),
            [],
            attention.Rows,
            default(IdentityScore),
            Masks.Causal,
            output,
            [],
            threads);

        Assert.Equal(0, WarmCalls.LeastBytes(static () => GC.GetTotalAllocatedBytes(true), Call, calls: 3));
    }

    [Fact]
    public void ThereIsNoGradient()
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, 2, 2), 1, 1, 4, 4).Selecting(1);
        Assert.Throws<NotSupportedException>(() => FusedAttentionGradient.Backward(
            attention.Geometry, attention.Query, attention.Key, attention.Value, [], new float[8], new float[2], new float[8], attention.Rows, default(IdentityScore), Masks.Causal, new float[8], new float[8], new float[8], []));
        Assert.Throws<ArgumentOutOfRangeException>("Keep", () => attention.Selecting(-1));
    }
}
