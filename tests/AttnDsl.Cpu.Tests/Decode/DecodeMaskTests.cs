using System;
using AttnDsl.Cpu;
using AttnDsl.Cpu.Tests.Attention;

namespace AttnDsl.Cpu.Tests.Decode;

/// <summary>Windows, segments, clauses, ragged rows, rows that see nothing, and garbage where nobody looks.</summary>
public class DecodeMaskTests
{
    [Theory]
    [InlineData(0, 0, 1, 70)]
    [InlineData(6, 0, 3, 130)]
    [InlineData(63, 0, 1, 260)]
    [InlineData(64, 0, 8, 260)]
    [InlineData(700, 0, 5, 1900)]
    [InlineData(10, 20, 7, 77)]
    [InlineData(0, 3, 6, 90)]
    public void Windows(int left, int right, int queries, int keys) => Paths.OnEach(path =>
    {
        AttentionCase attention = DecodeCase.Rounded(AttentionCase.Create(TokenRows.Core(1, queries, keys), 6, 2, 16, 24));
        attention.Visible = (row, key) => row - left <= key && key <= row + right;
        DecodeCase.Check(attention, default(IdentityScore), new BandMask(left, right), $"{path}, window {left} {right}");
        attention.Score = (s, _, _, _) => CappedScore.Cap * Math.Tanh(s / CappedScore.Cap);
        DecodeCase.Check(attention, default(CappedScore), new BandMask(left, right), $"{path}, capped, window {left} {right}");
    });

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void WindowOrFirstTokens(int queries) => Paths.OnEach(path =>
    {
        AttentionCase attention = DecodeCase.Rounded(AttentionCase.Create(TokenRows.Core(1, queries, 310), 2, 1, 16, 16));
        attention.Visible = Strategies.WindowOrFirstNaive;
        DecodeCase.Check(attention, default(IdentityScore), Strategies.WindowOrFirst, path);
    });

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Segments(int queries) => Paths.OnEach(path =>
    {
        // Cached sequences that follow each other in the first row, ids that come back in the second.
        const int Keys = 300;
        var keySegments = new int[2 * Keys];
        var querySegments = new int[2 * queries];
        for (int key = 0; key < Keys; key++)
        {
            keySegments[key] = key < 5 ? 7 : key < 145 ? 8 : 12;
            keySegments[Keys + key] = key / 13 % 3;
        }

        for (int token = 0; token < queries; token++)
        {
            querySegments[token] = token < 3 ? 12 : 8;
            querySegments[queries + token] = token % 4;
        }

        TokenRows rows = TokenRows.Uniform(2, queries).Behind(Keys, [Keys - queries, Keys - queries], querySegments, keySegments);
        AttentionCase attention = DecodeCase.Rounded(AttentionCase.Create(rows, 3, 1, 20, 24));
        attention.Segments = true;
        DecodeCase.Check(attention, default(IdentityScore), Masks.Segments, path + ", everything");
        attention.Visible = (row, key) => key <= row;
        DecodeCase.Check(attention, default(IdentityScore), Masks.Both(Masks.Causal, Masks.Segments), path + ", causal");
        attention.Score = (s, _, _, _) => CappedScore.Cap * Math.Tanh(s / CappedScore.Cap);
        DecodeCase.Check(attention, default(CappedScore), Masks.Both(Masks.Causal, Masks.Segments), path + ", capped");
    });

    [Fact]
    public void RaggedRows() => Paths.OnEach(path =>
    {
        AttentionCase attention = DecodeCase.Rounded(AttentionCase.Create(TokenRows.Ragged([0, 1, 3, 5], 5), 4, 2, 16, 16));
        attention.Visible = (row, key) => key <= row;
        DecodeCase.Check(attention, default(IdentityScore), Masks.Causal, path);

        // Behind a cache: one row with nothing new, one with nothing cached, one of a single piece beside one of several.
        TokenRows rows = TokenRows.Ragged([0, 2, 1, 3], 3).Behind(2700, [500, 0, 41, 2697], null, null);
        attention = DecodeCase.Rounded(AttentionCase.Create(rows, 4, 2, 16, 16));
        attention.Visible = (row, key) => key <= row;
        DecodeCase.Check(attention, default(IdentityScore), Masks.Causal, path + ", behind a cache");
    });

    [Fact]
    public void RowsThatSeeNothingGiveZero() => Paths.OnEach(path =>
    {
        // Five queries before the first key; sinks do not change that.
        AttentionCase attention = DecodeCase.Rounded(AttentionCase.Create(TokenRows.Core(1, 8, 3), 2, 1, 16, 16));
        attention.Visible = (row, key) => key <= row;
        attention.Sinks = [0.5f, -2];
        DecodeCase.Check(attention, default(IdentityScore), Masks.Causal, path);
        (float[] output, float[] lse) = DecodeCase.Run(attention, default(IdentityScore), Masks.Causal);
        Assert.Equal(new float[5 * 2 * 16], output[..(5 * 2 * 16)]);
        Assert.All(lse[..10], value => Assert.Equal(float.NegativeInfinity, value));

        // A window that has moved past every key.
        attention.Visible = (row, key) => false;
        DecodeCase.Check(attention, default(IdentityScore), new BandMask(BandMask.Unbounded, -100), path + ", nothing at all");
    });

    [Theory]
    [InlineData(12, 12)]
    [InlineData(64, 64)]
    [InlineData(59, 3)]
    public void NothingHiddenLeaks(int keyWidth, int valueWidth) => Paths.OnEach(path =>
    {
        foreach (float poison in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            // Row 0: key 97 is seen by the last three queries only. Row 1 has 26 keys, the rest of its memory was never written.
            TokenRows rows = TokenRows.Ragged([6, 2], 6).Behind(100, [94, 24], null, null);
            AttentionCase clean = DecodeCase.Rounded(AttentionCase.Create(rows, 4, 2, keyWidth, valueWidth));
            AttentionCase poisoned = DecodeCase.Rounded(AttentionCase.Create(rows, 4, 2, keyWidth, valueWidth));
            Poison(poisoned.Key, 97, 98, 2 * keyWidth, poison);
            Poison(poisoned.Value, 97, 98, 2 * valueWidth, poison);
            Poison(poisoned.Key, 126, 200, 2 * keyWidth, poison);
            Poison(poisoned.Value, 126, 200, 2 * valueWidth, poison);
            foreach (Layout layout in Enum.GetValues<Layout>())
            {
                Same(default(IdentityScore), "plain");
                Same(default(CappedScore), "capped");

                void Same<TScore>(TScore score, string name)
                    where TScore : struct, IScore
                {
                    (float[] expected, float[] expectedLse) = DecodeCase.Run(clean, score, Masks.Causal, layout);
                    (float[] actual, float[] actualLse) = DecodeCase.Run(poisoned, score, Masks.Causal, layout);
                    string what = $"{path}, {layout}, {poison}, {name}";
                    int seen = 3 * 4 * valueWidth;
                    Compare.Close(Array.ConvertAll(expected[..seen], v => (double)v), actual[..seen], 1e-6, what);
                    Compare.Close(Array.ConvertAll(expectedLse[..12], v => (double)v), actualLse[..12], 1e-6, what);
                    int second = 6 * 4 * valueWidth;
                    Compare.Close(Array.ConvertAll(expected[second..], v => (double)v), actual[second..], 1e-6, what + ", row 1");
                }
            }
        }
    });

    [Fact]
    public void GarbageOfAnotherSegmentDoesNotLeak() => Paths.OnEach(path =>
    {
        var keySegments = new int[100];
        Array.Fill(keySegments, 1, 40, 60);
        TokenRows rows = TokenRows.Uniform(1, 1).Behind(100, [99], [1], keySegments);
        AttentionCase attention = DecodeCase.Rounded(AttentionCase.Create(rows, 4, 1, 32, 32));
        attention.Segments = true;
        BothMask<BandMask, SegmentMask> mask = Masks.Both(Masks.Causal, Masks.Segments);
        (float[] expected, _) = DecodeCase.Run(attention, default(IdentityScore), mask);
        Poison(attention.Key, 0, 40, 32, float.NaN);
        Poison(attention.Value, 0, 40, 32, float.NaN);
        (float[] actual, _) = DecodeCase.Run(attention, default(IdentityScore), mask);
        Compare.Close(Array.ConvertAll(expected, v => (double)v), actual, 1e-6, path);
    });

    [Fact]
    public void VisibleInfinitiesOfValuesReachTheirQueries() => Paths.OnEach(path =>
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, 8, 90), 1, 1, 8, 5);
        attention.Value[(86 * 5) + 2] = float.PositiveInfinity;
        attention.Visible = (row, key) => key <= row;
        (float[] output, _) = DecodeCase.Run(attention, default(IdentityScore), Masks.Causal);
        for (int t = 0; t < 8; t++)
        {
            for (int c = 0; c < 5; c++)
            {
                Assert.Equal(c == 2 && t >= 4, float.IsPositiveInfinity(output[(t * 5) + c]));
            }
        }
    });

    [Fact]
    public void AVisibleNaNIsNotSwallowed() => Paths.OnEach(path =>
    {
        foreach (int key in new[] { 0, 700, 1500 })
        {
            AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, 1, 1501), 4, 1, 24, 16);
            attention.Key[key * 24] = float.NaN;
            (float[] output, float[] lse) = DecodeCase.Run(attention, default(IdentityScore), Masks.Causal);
            Assert.All(output, value => Assert.True(float.IsNaN(value), path));
            Assert.All(lse, value => Assert.True(float.IsNaN(value), path));
        }
    });

    private static void Poison(float[] values, int from, int to, int size, float poison) => Array.Fill(values, poison, from * size, (to - from) * size);
}
