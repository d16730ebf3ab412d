using System;
using System.Linq;
using AttnDsl.Cpu;

namespace AttnDsl.Cpu.Tests.Attention;

/// <summary>Score operations, sinks, head maps, and scores of every size.</summary>
public class ScoreTests
{
    [Theory]
    [InlineData(40, 40)]
    [InlineData(70, 150)]
    public void DistanceBiases(int queries, int keys) => Paths.OnEach(path =>
    {
        float[] slopes = [0.5f, 0.25f, 0.01f, 2];
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, queries, keys), 4, 2, 16, 16);
        attention.Score = (s, row, key, head) => s - (slopes[head] * Math.Abs(row - key));
        attention.Check(Strategies.Distance(slopes), Masks.Everything, path + ", everything");
        attention.Visible = (row, key) => key <= row;
        attention.Check(Strategies.Distance(slopes), Masks.Causal, path + ", causal");
    });

    [Fact]
    public void EveryNodeOfAnExpression() => Paths.OnEach(path =>
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, 61, 90), 2, 1, 16, 16, magnitude: 2);
        attention.Visible = (row, key) => key <= row;
        new EveryNode(Numbers.Random(5, 90), Numbers.Random(6, 90), [0.3f, -0.7f]).Check(attention, Masks.Causal, path);
    });

    [Fact]
    public void AStructOfOnesOwnIsAsGoodAsNodes() => Paths.OnEach(path =>
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, 61, 90), 2, 1, 16, 16, magnitude: 4);
        (float[] output, _) = attention.Run(default(CappedScore), Masks.Causal);
        (float[] nodes, _) = attention.Run(Strategies.Capped, Masks.Causal);
        Assert.True(output.SequenceEqual(nodes), path);
    });

    [Fact]
    public void Sinks() => Paths.OnEach(path =>
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, 50, 50), 4, 4, 16, 16);
        attention.Sinks = [0, 3, -40, 90];
        attention.Visible = (row, key) => key <= row;
        attention.Check(default(IdentityScore), Masks.Causal, path);
    });

    [Fact]
    public void HeadMaps() => Paths.OnEach(path =>
    {
        TokenRows rows = TokenRows.Core(1, 30, 30);
        AttentionCase.Create(rows, HeadMap.Grouped(6, 6), HeadMap.Grouped(2, 6), HeadMap.Grouped(3, 6), 8, 12).Check(default(IdentityScore), Masks.Everything, path + ", unequal groups");
        AttentionCase.Create(rows, HeadMap.Tiled(2, 6), HeadMap.Grouped(6, 6), HeadMap.Grouped(6, 6), 8, 8).Check(default(IdentityScore), Masks.Everything, path + ", tiled queries");
        AttentionCase.Create(rows, HeadMap.Grouped(6, 6), HeadMap.Tiled(3, 6), HeadMap.Tiled(2, 6), 8, 8).Check(default(IdentityScore), Masks.Everything, path + ", tiled keys");
        AttentionCase.Create(rows, HeadMap.Table(3, [2, 0, 1, 0]), HeadMap.Table(4, [3, 3, 0, 3]), HeadMap.Table(2, [1, 0, 0, 1]), 8, 8)
            .Check(default(IdentityScore), Masks.Everything, path + ", tables");
    });

    [Theory]
    [InlineData(30f)]
    [InlineData(300f)]
    public void LargeScoresRaiseTheMaximum(float magnitude) => Paths.OnEach(path =>
    {
        // Growing keys: every panel's scores are far above the last one's.
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, 60, 300), 2, 1, 16, 16);
        for (int key = 0; key < 300; key++)
        {
            for (int c = 0; c < 16; c++)
            {
                attention.Key[(key * 16) + c] *= magnitude * key / 300;
            }
        }

        attention.Check(default(IdentityScore), Masks.Everything, path, magnitude * 2e-5);
        attention.Visible = (row, key) => key <= row;
        attention.Check(default(IdentityScore), Masks.Causal, path + ", causal", magnitude * 2e-5);
        attention.Visible = (row, key) => row - 20 <= key && key <= row;
        attention.Check(default(IdentityScore), Masks.Band(20, 0), path + ", window", magnitude * 2e-5);
    });

    [Fact]
    public void VeryNegativeScoresDoNotVanish() => Paths.OnEach(path =>
    {
        // All scores near −1000: the maximum, not 0, is what they are compared with.
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, 40, 60), 1, 1, 16, 16);
        Array.Fill(attention.Query, 15.8f);
        for (int i = 0; i < attention.Key.Length; i++)
        {
            attention.Key[i] = -16 + (0.01f * attention.Key[i]);
        }

        attention.Visible = (row, key) => row - 5 <= key && key <= row;
        attention.Check(default(IdentityScore), Masks.Band(5, 0), path, 1e-3);
    });

    [Fact]
    public void EqualScoresGiveTheMean() => Paths.OnEach(path =>
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, 30, 77), 1, 1, 16, 16);
        Array.Clear(attention.Query);
        attention.Check(default(IdentityScore), Masks.Everything, path, 1e-6);
    });

    [Fact]
    public void StridedAndBfloat16Operands() => Paths.OnEach(path =>
    {
        // A cache [B, heads, capacity, width] in bfloat16, read where it lies.
        const int Capacity = 70;
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(2, 20, 50), 4, 2, 24, 24);
        ushort[] keys = HeadMajor(attention.Key);
        ushort[] values = HeadMajor(attention.Value);
        attention.Visible = (row, key) => key <= row;
        (double[] expected, _) = attention.Reference();
        var output = new float[expected.Length];
        FusedAttention.Forward(
            attention.Geometry,
            attention.Query,
            new HeadRows<ushort>(keys, 2 * Capacity * 24, 24, Capacity * 24),
            new HeadRows<ushort>(values, 2 * Capacity * 24, 24, Capacity * 24),
            [],
            attention.Rows,
            default(IdentityScore),
            Masks.Causal,
            output,
            []);
        Compare.Close(expected, output, 4e-6, path);

        ushort[] HeadMajor(float[] dense)
        {
            var bits = new ushort[2 * 2 * Capacity * 24];
            for (int i = 0; i < dense.Length; i++)
            {
                // Rounded towards zero in the operand too, so that the reference sees the same numbers.
                dense[i] = BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(dense[i]) & 0xFFFF0000);
                int c = i % 24;
                int head = i / 24 % 2;
                int token = i / 48 % 50;
                int row = i / 48 / 50;
                bits[(((((row * 2) + head) * Capacity) + token) * 24) + c] = (ushort)(BitConverter.SingleToUInt32Bits(dense[i]) >> 16);
            }

            return bits;
        }
    });

    [Fact]
    public void ThreadCountsAndRunsGiveEqualBits() => Paths.OnEach(path =>
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(2, 150, 170), 6, 2, 32, 32);
        (float[] output, float[] lse) = attention.Run(default(IdentityScore), Masks.Causal, 1);
        foreach (int threads in new[] { 1, 2, 3, 7, 2 })
        {
            (float[] again, float[] lseAgain) = attention.Run(default(IdentityScore), Masks.Causal, threads);
            Assert.True(output.SequenceEqual(again) && lse.SequenceEqual(lseAgain), $"{path}, {threads} threads");
        }
    });

    [Fact]
    public void ABatchRowDoesNotDependOnTheOthers() => Paths.OnEach(path =>
    {
        AttentionCase both = AttentionCase.Create(TokenRows.Core(2, 33, 40), 2, 1, 16, 16);
        (float[] output, _) = both.Run(default(IdentityScore), Masks.Causal);
        AttentionCase first = new()
        {
            Geometry = both.Geometry,
            Rows = TokenRows.Core(1, 33, 40),
            Query = both.Query[..(33 * 32)],
            Key = both.Key[..(40 * 16)],
            Value = both.Value[..(40 * 16)],
        };
        Assert.True(output[..(33 * 32)].SequenceEqual(first.Run(default(IdentityScore), Masks.Causal).Output), path);
    });

    [Fact]
    public void WrongLengthsAreNamedBeforeAnythingIsWritten()
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, 4, 4), 2, 1, 8, 8);
        var output = new float[4 * 2 * 8];
        Array.Fill(output, 3f);
        var error = Assert.Throws<ArgumentException>(() => FusedAttention.Forward(
            attention.Geometry,
            attention.Query,
            HeadRows<float>.Dense(attention.Key.AsSpan(1), 4, 1, 8),
            HeadRows<float>.Dense(attention.Value, 4, 1, 8),
            [],
            attention.Rows,
            default(IdentityScore),
            Masks.Causal,
            output,
            []));
        Assert.Equal("keys", error.ParamName);
        Assert.Contains("[1, 4, 1, 8] with strides 32, 8, 8, which is 32 elements, got 31", error.Message, StringComparison.Ordinal);
        Assert.All(output, value => Assert.Equal(3f, value));
    }
}
