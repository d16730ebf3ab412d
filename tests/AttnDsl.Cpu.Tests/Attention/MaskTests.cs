using System;
using AttnDsl.Cpu;

namespace AttnDsl.Cpu.Tests.Attention;

/// <summary>Windows, segments, clauses, ragged rows, and rows that see nothing.</summary>
public class MaskTests
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
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, queries, keys), 2, 2, 16, 12);
        attention.Visible = (row, key) => row - left <= key && key <= row + right;
        attention.Check(default(IdentityScore), Masks.Band(left, right), $"{path}, window {left} {right}");
        attention.Score = (s, _, _, _) => CappedScore.Cap * Math.Tanh(s / CappedScore.Cap);
        attention.Check(default(CappedScore), Masks.Band(left, right), $"{path}, capped, window {left} {right}");
    });

    [Fact]
    public void WindowOrFirstTokens() => Paths.OnEach(path =>
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, 300, 310), 2, 1, 16, 16);
        attention.Visible = Strategies.WindowOrFirstNaive;
        attention.Check(default(IdentityScore), Strategies.WindowOrFirst, path);
    });

    [Fact]
    public void Predicates() => Paths.OnEach(path =>
    {
        // row − column ≥ 5, as an expression; and with a band and segments around it.
        var segments = new int[90];
        for (int t = 0; t < 90; t++)
        {
            segments[t] = t / 40;
        }

        var predicate = Masks.Predicate(Scores.Subtract(Scores.Subtract(Scores.Row, Scores.Column), Scores.Constant(5)));
        AttentionCase attention = AttentionCase.Create(TokenRows.Ragged([90], 90, default, segments), 2, 1, 16, 16);
        attention.Visible = (row, key) => row - key >= 5;
        attention.Check(default(IdentityScore), predicate, path);
        attention.Segments = true;
        attention.Visible = (row, key) => row - key >= 5 && row - key <= 30;
        attention.Score = (s, _, _, _) => CappedScore.Cap * Math.Tanh(s / CappedScore.Cap);
        attention.Check(Strategies.Capped, Masks.Both(Masks.Band(30, 0), Masks.Both(predicate, Masks.Segments)), path + ", in a band");
    });

    [Fact]
    public void Segments() => Paths.OnEach(path =>
    {
        // Packed sequences of 5, 40, 1, 54 tokens; and, in the second row, ids that come back.
        var segments = new int[2 * 100];
        for (int t = 0; t < 100; t++)
        {
            segments[t] = t < 5 ? 7 : t < 45 ? 8 : t < 46 ? 9 : 12;
            segments[100 + t] = t / 13 % 3;
        }

        AttentionCase attention = AttentionCase.Create(TokenRows.Ragged([100, 97], 100, default, segments), 3, 1, 20, 24);
        attention.Segments = true;
        attention.Check(default(IdentityScore), Masks.Segments, path + ", everything");
        attention.Visible = (row, key) => key <= row;
        attention.Check(default(IdentityScore), Masks.Both(Masks.Causal, Masks.Segments), path + ", causal");
        attention.Score = (s, _, _, _) => CappedScore.Cap * Math.Tanh(s / CappedScore.Cap);
        attention.Check(default(CappedScore), Masks.Both(Masks.Causal, Masks.Segments), path + ", capped");
    });

    [Fact]
    public void RaggedRowsWithPast() => Paths.OnEach(path =>
    {
        TokenRows rows = TokenRows.Ragged([0, 1, 29, 60], 60);
        AttentionCase attention = AttentionCase.Create(rows, 4, 2, 16, 16);
        attention.Visible = (row, key) => key <= row;
        attention.Check(default(IdentityScore), Masks.Causal, path);

        // The same rows behind a cache of unequal lengths.
        attention = AttentionCase.Create(rows.Behind(101, [3, 0, 41, 17], null, null), 4, 2, 16, 16);
        attention.Visible = (row, key) => key <= row;
        attention.Check(default(IdentityScore), Masks.Causal, path + ", behind a cache");
    });

    [Fact]
    public void RowsThatSeeNothingGiveZero() => Paths.OnEach(path =>
    {
        // Ten queries before the first key; sinks do not change that.
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, 40, 30), 2, 1, 16, 16);
        attention.Visible = (row, key) => key <= row;
        attention.Sinks = [0.5f, -2];
        attention.Check(default(IdentityScore), Masks.Causal, path);
        (float[] output, float[] lse) = attention.Run(default(IdentityScore), Masks.Causal);
        Assert.Equal(new float[10 * 2 * 16], output[..(10 * 2 * 16)]);
        Assert.All(lse[..20], value => Assert.Equal(float.NegativeInfinity, value));
    });

    [Fact]
    public void NothingHiddenLeaks() => Paths.OnEach(path =>
    {
        foreach (float poison in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            // Keys 20 … are seen by queries from 20 on only; row 1 has 26 keys, the rest of its memory was never written.
            TokenRows rows = TokenRows.Ragged([60, 26], 60);
            AttentionCase clean = AttentionCase.Create(rows, 2, 1, 12, 12);
            AttentionCase poisoned = AttentionCase.Create(rows, 2, 1, 12, 12);
            for (int c = 0; c < 12; c++)
            {
                poisoned.Key[(20 * 12) + c] = poison;
                poisoned.Value[(20 * 12) + c] = poison;
                for (int key = 26; key < 60; key++)
                {
                    poisoned.Key[((60 + key) * 12) + c] = poison;
                    poisoned.Value[((60 + key) * 12) + c] = poison;
                }
            }

            foreach (bool capped in new[] { false, true })
            {
                (float[] expected, float[] expectedLse) = capped ? clean.Run(default(CappedScore), Masks.Causal) : clean.Run(default(IdentityScore), Masks.Causal);
                (float[] actual, float[] actualLse) = capped ? poisoned.Run(default(CappedScore), Masks.Causal) : poisoned.Run(default(IdentityScore), Masks.Causal);
                string what = $"{path}, {poison}, capped {capped}";
                Compare.Close(Array.ConvertAll(expected[..(20 * 24)], v => (double)v), actual[..(20 * 24)], 1e-6, what);
                Compare.Close(Array.ConvertAll(expectedLse[..40], v => (double)v), actualLse[..40], 1e-6, what);
                Compare.Close(Array.ConvertAll(expected[(60 * 24)..], v => (double)v), actual[(60 * 24)..], 1e-6, what + ", row 1");
            }
        }
    });

    [Fact]
    public void VisibleInfinitiesOfValuesReachTheirQueries() => Paths.OnEach(path =>
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, 50, 50), 1, 1, 8, 5);
        attention.Value[(30 * 5) + 2] = float.PositiveInfinity;
        attention.Visible = (row, key) => key <= row;
        (float[] output, _) = attention.Run(default(IdentityScore), Masks.Causal);
        for (int t = 0; t < 50; t++)
        {
            for (int c = 0; c < 5; c++)
            {
                Assert.Equal(c == 2 && t >= 30, float.IsPositiveInfinity(output[(t * 5) + c]));
            }
        }
    });
}
