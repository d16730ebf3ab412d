using System;
using System.Linq;
using AttnDsl.Cpu;
using AttnDsl.Cpu.Tests.Attention;

namespace AttnDsl.Cpu.Tests.Backward;

/// <summary>Windows, segments, clauses, ragged rows, rows that see nothing, and what must not leak.</summary>
public class GradientMaskTests
{
    [Theory]
    [InlineData(0, 0, 70, 70)]
    [InlineData(6, 0, 130, 130)]
    [InlineData(40, 0, 200, 260)]
    [InlineData(150, 0, 290, 290)]
    [InlineData(10, 20, 100, 77)]
    [InlineData(0, 3, 33, 90)]
    public void Windows(int left, int right, int queries, int keys) => Paths.OnEach(path =>
    {
        GradientCase gradient = Causal(TokenRows.Core(1, queries, keys), 2, 2, 16, 12);
        gradient.Attention.Visible = (row, key) => row - left <= key && key <= row + right;
        gradient.Check(default(IdentityScore), Masks.Band(left, right), $"{path}, window {left} {right}");
        gradient.Cap();
        gradient.Check(default(CappedScore), Masks.Band(left, right), $"{path}, capped, window {left} {right}");
    });

    [Fact]
    public void WindowOrFirstTokens() => Paths.OnEach(path =>
    {
        GradientCase gradient = Causal(TokenRows.Core(1, 300, 310), 2, 1, 16, 16);
        gradient.Attention.Visible = Strategies.WindowOrFirstNaive;
        gradient.Check(default(IdentityScore), Strategies.WindowOrFirst, path);
    });

    [Fact]
    public void Segments() => Paths.OnEach(path =>
    {
        // Packed sequences, one of them longer than a key tile, and in the second row ids that come back.
        var segments = new int[2 * 300];
        for (int t = 0; t < 300; t++)
        {
            segments[t] = t < 5 ? 7 : t < 45 ? 8 : t < 46 ? 9 : 12;
            segments[300 + t] = t / 23 % 3;
        }

        GradientCase gradient = Causal(TokenRows.Ragged([300, 297], 300, default, segments), 3, 1, 20, 24);
        gradient.Attention.Segments = true;
        gradient.Check(default(IdentityScore), Masks.Both(Masks.Causal, Masks.Segments), path + ", causal");
        gradient.Attention.Visible = (_, _) => true;
        gradient.Check(default(IdentityScore), Masks.Segments, path + ", everything");
        gradient.Cap();
        gradient.Check(default(CappedScore), Masks.Segments, path + ", capped");
    });

    [Fact]
    public void RaggedRowsWithPast() => Paths.OnEach(path =>
    {
        TokenRows rows = TokenRows.Ragged([0, 1, 29, 130], 130);
        Causal(rows, 4, 2, 16, 16).Check(default(IdentityScore), Masks.Causal, path);

        // The same rows behind a cache of unequal lengths.
        Causal(rows.Behind(181, [3, 0, 41, 17], null, null), 4, 2, 16, 16).Check(default(IdentityScore), Masks.Causal, path + ", behind a cache");
    });

    [Fact]
    public void RowsThatSeeNothingGetAndGiveZero() => Paths.OnEach(path =>
    {
        // Ten queries before the first key, full of NaN; sinks do not change that.
        GradientCase clean = Causal(TokenRows.Core(1, 40, 30), 2, 1, 16, 16);
        clean.Attention.Sinks = [0.5f, -2];
        clean.Check(default(IdentityScore), Masks.Causal, path);
        (float[] output, float[] lse) = clean.Attention.Run(default(IdentityScore), Masks.Causal);
        Gradients expected = clean.Run(default(IdentityScore), Masks.Causal, output, lse);
        Assert.All(expected.Query[..(10 * 32)], value => Assert.Equal(0f, value));
        GradientCase poisoned = Causal(TokenRows.Core(1, 40, 30), 2, 1, 16, 16);
        poisoned.Attention.Sinks = [0.5f, -2];
        Array.Fill(poisoned.Attention.Query, float.NaN, 0, 10 * 32);
        Array.Fill(poisoned.OutputGradient, float.NaN, 0, 10 * 32);
        Assert.True(expected.HasSameBits(poisoned.Run(default(IdentityScore), Masks.Causal, output, lse)), path);
    });

    [Fact]
    public void NothingHiddenOrPaddedLeaks() => Paths.OnEach(path =>
    {
        foreach (float poison in new[] { float.NaN, float.PositiveInfinity, float.MaxValue })
        {
            foreach (bool capped in new[] { false, true })
            {
                // Row 1 has 26 tokens; the rest of its memory was never written. A window hides keys 0 … 9 of row 0 from everybody but the first queries, which see nothing else.
                TokenRows rows = TokenRows.Ragged([160, 26], 160);
                GradientCase clean = Causal(rows, 2, 1, 12, 12);
                GradientCase poisoned = Causal(rows, 2, 1, 12, 12);
                int padding = 160 + 26;
                Array.Fill(poisoned.Attention.Query, poison, padding * 24, 134 * 24);
                Array.Fill(poisoned.OutputGradient, poison, padding * 24, 134 * 24);
                Array.Fill(poisoned.Attention.Key, poison, padding * 12, 134 * 12);
                Array.Fill(poisoned.Attention.Value, poison, padding * 12, 134 * 12);

                // Key 0 is seen by query 0 alone.
                Array.Fill(poisoned.Attention.Key, poison, 0, 12);
                Array.Fill(poisoned.Attention.Value, poison, 0, 12);
                BandMask mask = Masks.Band(3, 0);
                Gradients expected = capped ? clean.Run(default(CappedScore), mask) : clean.Run(default(IdentityScore), mask);
                Gradients actual = capped ? poisoned.Run(default(CappedScore), mask) : poisoned.Run(default(IdentityScore), mask);
                string what = $"{path}, {poison}, capped {capped}";

                // Queries 0 … 3 see key 0, and keys 0 … 3 get gradients from them.
                Same(expected.Query, actual.Query, 4 * 24, what + ", dq");
                Same(expected.Key, actual.Key, 4 * 12, what + ", dk");
                Same(expected.Value, actual.Value, 4 * 12, what + ", dv");
                Assert.All(actual.Query[(padding * 24)..], value => Assert.Equal(0f, value));
                Assert.All(actual.Key[(padding * 12)..], value => Assert.Equal(0f, value));
                Assert.All(actual.Value[(padding * 12)..], value => Assert.Equal(0f, value));
            }
        }
    });

    [Fact]
    public void VisibleInfinitiesReachWhatSeesThem() => Paths.OnEach(path =>
    {
        // An output gradient of ∞ at query 30: dv of the keys up to 30 is ∞ in that channel, of those after it finite.
        GradientCase gradient = Causal(TokenRows.Core(1, 150, 150), 1, 1, 8, 5);
        gradient.OutputGradient[(30 * 5) + 2] = float.PositiveInfinity;
        Gradients actual = gradient.Run(default(IdentityScore), Masks.Causal);
        for (int key = 0; key < 150; key++)
        {
            Assert.Equal(key <= 30, float.IsPositiveInfinity(actual.Value[(key * 5) + 2]));
            Assert.Equal(key > 30, float.IsFinite(actual.Key[key * 8]));
            Assert.Equal(key != 30, float.IsFinite(actual.Query[key * 8]));
            Assert.True(float.IsFinite(actual.Value[(key * 5) + 1]), path);
        }
    });

    private static void Same(float[] expected, float[] actual, int from, string what)
    {
        int place = Enumerable.Range(from, expected.Length - from).FirstOrDefault(i => Math.Abs(expected[i] - actual[i]) is not <= 1e-6f, -1);
        Assert.True(place < 0, place < 0 ? what : $"{what}: element {place} expected {expected[place]}, got {actual[place]}");
    }

    private static GradientCase Causal(TokenRows rows, int heads, int kv, int keyWidth, int valueWidth)
    {
        AttentionCase attention = AttentionCase.Create(rows, heads, kv, keyWidth, valueWidth);
        attention.Visible = (row, key) => key <= row;
        return new GradientCase(attention);
    }
}
