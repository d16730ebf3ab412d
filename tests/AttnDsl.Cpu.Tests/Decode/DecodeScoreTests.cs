using System;
using System.Linq;
using AttnDsl.Cpu;
using AttnDsl.Cpu.Tests.Attention;

namespace AttnDsl.Cpu.Tests.Decode;

/// <summary>Score operations with keys in the lanes, sinks, scores of every size; bits, bytes and threads.</summary>
public class DecodeScoreTests
{
    [Theory]
    [InlineData(1, 40)]
    [InlineData(5, 150)]
    public void DistanceBiases(int queries, int keys) => Paths.OnEach(path =>
    {
        float[] slopes = [0.5f, 0.25f, 0.01f, 2];
        AttentionCase attention = DecodeCase.Rounded(AttentionCase.Create(TokenRows.Core(1, queries, keys), 4, 2, 16, 16));
        attention.Score = (s, row, key, head) => s - (slopes[head] * Math.Abs(row - key));
        attention.Visible = (row, key) => key <= row;
        DecodeCase.Check(attention, Strategies.Distance(slopes), Masks.Causal, path);
    });

    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    public void EveryNodeOfAnExpression(int queries) => Paths.OnEach(path =>
    {
        // The tables end with the keys: lanes behind them must not be looked up.
        AttentionCase attention = DecodeCase.Rounded(AttentionCase.Create(TokenRows.Core(1, queries, 91), 2, 1, 16, 16, magnitude: 2));
        float[] byRow = Numbers.Random(5, 91);
        float[] byColumn = Numbers.Random(6, 91);
        float[] byHead = [0.3f, -0.7f];
        var far = Scores.Less(Scores.Constant(9), Scores.Subtract(Scores.Row, Scores.Column), Scores.Constant(0.5), Scores.Head);
        var tables = Scores.Add(Scores.ByRow(byRow), Scores.Multiply(Scores.ByColumn(byColumn), Scores.ByHead(byHead)));
        attention.Score = (s, row, key, head) => Math.Tanh(s) + byRow[row] + ((double)byColumn[key] * byHead[head]) + (row - key > 9 ? 0.5 : head);
        attention.Visible = (row, key) => key <= row;
        DecodeCase.Check(attention, Scores.General(Scores.Add(Scores.Tanh(Scores.Value), Scores.Add(tables, far)), Scores.Constant(1)), Masks.Causal, path, 1e-5);
    });

    [Theory]
    [InlineData(50)]
    [InlineData(2000)]
    public void Sinks(int keys) => Paths.OnEach(path =>
    {
        AttentionCase attention = DecodeCase.Rounded(AttentionCase.Create(TokenRows.Core(1, 2, keys), 5, 5, 16, 16));
        attention.Sinks = [0, 3, -40, 90, float.NegativeInfinity];
        attention.Visible = (row, key) => key <= row;
        DecodeCase.Check(attention, default(IdentityScore), Masks.Causal, path);
    });

    [Theory]
    [InlineData(30f)]
    [InlineData(300f)]
    public void LargeScoresRaiseTheMaximum(float magnitude) => Paths.OnEach(path =>
    {
        // Growing keys: every block's scores are far above the last one's, and every piece's too.
        const int Keys = 1300;
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, 3, Keys), 4, 1, 16, 16);
        for (int i = 0; i < attention.Key.Length; i++)
        {
            attention.Key[i] *= magnitude * (i / 16) / Keys;
        }

        DecodeCase.Rounded(attention);
        attention.Visible = (row, key) => key <= row;
        DecodeCase.Check(attention, default(IdentityScore), Masks.Causal, path, magnitude * 2e-5);
        Array.Reverse(attention.Key);
        DecodeCase.Check(attention, default(IdentityScore), Masks.Causal, path + ", falling", magnitude * 2e-5);
    });

    [Fact]
    public void VeryNegativeScoresDoNotVanish() => Paths.OnEach(path =>
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, 2, 600), 1, 1, 16, 16);
        Array.Fill(attention.Query, 15.8f);
        for (int i = 0; i < attention.Key.Length; i++)
        {
            attention.Key[i] = -16 + (0.5f * attention.Key[i]);
        }

        DecodeCase.Rounded(attention);
        attention.Visible = (row, key) => key <= row;
        DecodeCase.Check(attention, default(IdentityScore), Masks.Causal, path, 1e-3);
    });

    [Fact]
    public void EqualScoresGiveTheMean() => Paths.OnEach(path =>
    {
        AttentionCase attention = DecodeCase.Rounded(AttentionCase.Create(TokenRows.Core(1, 1, 777), 3, 1, 16, 16));
        Array.Clear(attention.Query);
        DecodeCase.Check(attention, default(IdentityScore), Masks.Causal, path, 1e-6);
    });

    [Fact]
    public void ThreadCountsAndRunsGiveEqualBits() => Paths.OnEach(path =>
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(2, 2, 3000), 6, 2, 32, 32);
        (float[] output, float[] lse) = DecodeCase.Run(attention, default(IdentityScore), Masks.Causal, threads: 1);
        foreach (int threads in new[] { 1, 2, 3, 7, 2, 2, 2 })
        {
            (float[] again, float[] lseAgain) = DecodeCase.Run(attention, default(IdentityScore), Masks.Causal, threads: threads);
            Assert.True(output.SequenceEqual(again) && lse.SequenceEqual(lseAgain), $"{path}, {threads} threads");
        }
    });

    [Fact]
    public void ABatchRowDoesNotDependOnTheOthers() => Paths.OnEach(path =>
    {
        TokenRows rows = TokenRows.Ragged([1, 1, 1], 1).Behind(2500, [900, 2499, 3], null, null);
        AttentionCase all = AttentionCase.Create(rows, 4, 2, 16, 16);
        (float[] output, _) = DecodeCase.Run(all, default(IdentityScore), Masks.Causal);
        AttentionCase one = new()
        {
            Geometry = all.Geometry,
            Rows = TokenRows.Core(1, 1, 2500),
            Query = all.Query[64..128],
            Key = all.Key[(2500 * 32)..(2 * 2500 * 32)],
            Value = all.Value[(2500 * 32)..(2 * 2500 * 32)],
        };
        Assert.True(output[64..128].SequenceEqual(DecodeCase.Run(one, default(IdentityScore), Masks.Causal).Output), path);
    });

    [Theory]
    [InlineData(1, 900, 4, 16)]
    [InlineData(3, 40, 2, 3)]
    public void NoManagedMemoryOnceWarm(int queries, int keys, int heads, int width) => Paths.OnEach(path =>
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(2, queries, keys), heads, 2, width, width);
        var output = new float[2 * queries * heads * width];
        void Step(int threads) => FusedAttention.Decode(
            attention.Geometry,
            attention.Query,
            HeadRows<float>.Dense(attention.Key, keys, 2, width),
            HeadRows<float>.Dense(attention.Value, keys, 2, width),
            [],
            attention.Rows,
            default(IdentityScore),
            Masks.Causal,
            output,
            [],
            threads);
        long bytes = WarmCalls.LeastBytes(GC.GetAllocatedBytesForCurrentThread, () =>
        {
            Step(1);
            Step(2);
        });
        Assert.True(bytes == 0, $"{path}: {bytes} bytes");
    });

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(9)]
    public void AttendChoosesTheKernel(int queries) => Paths.OnEach(path =>
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, queries, 100), 4, 2, 16, 16);
        attention.Visible = (row, key) => key <= row;
        (double[] expected, double[] expectedLse) = attention.Reference();
        float[] output = Numbers.Garbage(expected.Length);
        float[] lse = Numbers.Garbage(expectedLse.Length);
        FusedAttention.Attend(
            attention.Geometry,
            attention.Query,
            HeadRows<float>.Dense(attention.Key, 100, 2, 16),
            HeadRows<float>.Dense(attention.Value, 100, 2, 16),
            [],
            attention.Rows,
            default(IdentityScore),
            Masks.Causal,
            output,
            lse);
        Compare.Close(expected, output, 4e-6, path);
        Compare.Close(expectedLse, lse, 1e-5, path);
    });

    [Fact]
    public void WrongLengthsAreNamedBeforeAnythingIsWritten()
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, 1, 4), 2, 1, 8, 8);
        float[] output = Numbers.Garbage(2 * 8);
        var error = Assert.Throws<ArgumentException>(() => FusedAttention.Decode(
            attention.Geometry,
            attention.Query,
            HeadRows<float>.Dense(attention.Key, 4, 1, 8),
            HeadRows<float>.Dense(attention.Value.AsSpan(1), 4, 1, 8),
            [],
            attention.Rows,
            default(IdentityScore),
            Masks.Causal,
            output,
            []));
        Assert.Equal("values", error.ParamName);
        Assert.Contains("[1, 4, 1, 8] with strides 32, 8, 8, which is 32 elements, got 31", error.Message, StringComparison.Ordinal);
        Assert.Equal(Numbers.Garbage(2 * 8), output);
    }
}
