using System;
using System.Linq;
using AttnDsl.Cpu;

namespace AttnDsl.Cpu.Tests.Attention;

/// <summary>Keys and values on a ring behind sinks: what a dense block gives, for prompts, few queries and one.</summary>
public class RingTests
{
    [Theory]
    [InlineData(0, 200, 1, 200, 64, 64)]
    [InlineData(4, 196, 1, 200, 64, 64)]
    [InlineData(4, 203, 1, 131, 24, 20)]
    [InlineData(3, 97, 2, 97, 31, 17)]
    [InlineData(1, 70, 5, 70, 3, 5)]
    [InlineData(9, 300, 40, 300, 64, 64)]
    [InlineData(130, 40, 60, 133, 40, 24)]
    [InlineData(2, 50, 50, 50, 16, 16)]
    [InlineData(16, 1024, 1, 1030, 128, 64)]
    public void A_ring_gives_what_a_dense_block_gives(int sinks, int slots, int queries, int keys, int keyWidth, int valueWidth) => Paths.OnEach(path =>
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(2, queries, keys), 6, 2, keyWidth, valueWidth);
        Check(attention, sinks, slots, path);
    });

    [Theory]
    [InlineData(4, 203, 1, 131, 5)]
    [InlineData(0, 2000, 1, 2000, 100)]
    [InlineData(9, 300, 40, 300, 17)]
    public void Values_that_are_selected_lie_on_a_ring_too(int sinks, int slots, int queries, int keys, int keep) => Paths.OnEach(path =>
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(2, queries, keys), 6, 2, 24, 20).Selecting(keep);
        Check(attention, sinks, slots, path);
    });

    [Fact]
    public void What_is_hidden_on_a_ring_is_never_read() => Paths.OnEach(path =>
    {
        // What only the last queries see is not finite: the others must not meet it. Unused places are NaN anyway.
        foreach (int queries in new[] { 5, 30 })
        {
            AttentionCase attention = AttentionCase.Create(TokenRows.Core(2, queries, 40), 4, 2, 16, 16);
            attention.Value.AsSpan(attention.Value.Length - 64).Fill(float.PositiveInfinity);
            attention.Key.AsSpan(attention.Key.Length - 32).Fill(float.NaN);
            Check(attention, 3, 41, path);
        }
    });

    [Fact]
    public void Rings_that_do_not_reach_are_refused()
    {
        ArgumentException error = Assert.Throws<ArgumentException>("keys", () => FusedAttention.Attend(
            new AttendGeometry(HeadMap.Grouped(1, 1), HeadMap.Grouped(1, 1), HeadMap.Grouped(1, 1), 4, 4, 1),
            new float[4],
            HeadRows<float>.Ring(new float[128], [0], 2, 30, 128, 4, 128),
            HeadRows<float>.Dense(new float[132], 33, 1, 4),
            [],
            TokenRows.Core(1, 1, 33),
            default(IdentityScore),
            Masks.Everything,
            new float[4],
            []));
        Assert.Contains("expected the starts of 1 rows and room for 33 tokens, got 1 starts and 2 + 30 places", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("starts", () => HeadRows<float>.Ring(new float[4], [], 0, 1, 4, 4, 4));
        Assert.Throws<ArgumentException>("starts", () => HeadRows<float>.Ring(new float[4], [1], 0, 1, 4, 4, 4));
        Assert.Throws<ArgumentOutOfRangeException>("sinks", () => HeadRows<float>.Ring(new float[4], [0], -1, 1, 4, 4, 4));
        Assert.Throws<ArgumentOutOfRangeException>("slots", () => HeadRows<float>.Ring(new float[4], [0], 0, 0, 4, 4, 4));
    }

    private static void Check(AttentionCase attention, int sinks, int slots, string path)
    {
        (int batch, int keys) = (attention.Rows.Batch, attention.Rows.Keys);
        AttendGeometry geometry = attention.Geometry;
        int[] starts = [.. Enumerable.Range(0, batch).Select(row => (slots - 5 + (7 * row)) % slots)];
        Same(
            attention,
            HeadRows<float>.Dense(attention.Key, keys, geometry.Key.Heads, geometry.KeyWidth),
            HeadRows<float>.Dense(attention.Value, keys, geometry.Value.Heads, geometry.ValueWidth),
            Ring(attention.Key, starts, sinks, slots, keys, geometry.Key.Heads, geometry.KeyWidth),
            Ring(attention.Value, starts, sinks, slots, keys, geometry.Value.Heads, geometry.ValueWidth),
            path + ", float");
        ushort[] key = [.. attention.Key.Select(Bits)];
        ushort[] value = [.. attention.Value.Select(Bits)];
        Same(
            attention,
            HeadRows<ushort>.Dense(key, keys, geometry.Key.Heads, geometry.KeyWidth),
            HeadRows<ushort>.Dense(value, keys, geometry.Value.Heads, geometry.ValueWidth),
            Ring(key, starts, sinks, slots, keys, geometry.Key.Heads, geometry.KeyWidth),
            Ring(value, starts, sinks, slots, keys, geometry.Value.Heads, geometry.ValueWidth),
            path + ", bfloat16");
    }

    private static ushort Bits(float value) => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);

    /// <summary>The tokens of a dense block at their places, [row, head, place, channel]; every unused place is NaN.</summary>
    private static HeadRows<T> Ring<T>(T[] dense, int[] starts, int sinks, int slots, int keys, int heads, int width)
        where T : unmanaged
    {
        int places = sinks + slots;
        var values = new T[starts.Length * heads * places * width];
        Array.Fill(values, typeof(T) == typeof(float) ? (T)(object)float.NaN : (T)(object)(ushort)0x7FC0);
        for (int row = 0; row < starts.Length; row++)
        {
            for (int token = 0; token < keys; token++)
            {
                int place = token < sinks ? token : sinks + ((starts[row] + token - sinks) % slots);
                for (int head = 0; head < heads; head++)
                {
                    dense.AsSpan(((((row * keys) + token) * heads) + head) * width, width).CopyTo(values.AsSpan(((((row * heads) + head) * places) + place) * width));
                }
            }
        }

        return HeadRows<T>.Ring(values, starts, sinks, slots, (long)heads * places * width, width, (long)places * width);
    }

    private static void Same<T>(AttentionCase attention, HeadRows<T> key, HeadRows<T> value, HeadRows<T> ringKey, HeadRows<T> ringValue, string what)
        where T : unmanaged
    {
        (float[] output, float[] lse) = Run(attention, key, value);
        (float[] ring, float[] ringLse) = Run(attention, ringKey, ringValue);
        Compare.Close([.. output.Select(x => (double)x)], ring, 2e-6, what);
        Compare.Close([.. lse.Select(x => (double)x)], ringLse, 2e-6, what + ", lse");
        Assert.True(lse.Any(float.IsFinite), what + ": nothing was seen");
    }

    private static (float[] Output, float[] Lse) Run<T>(AttentionCase attention, HeadRows<T> key, HeadRows<T> value)
        where T : unmanaged
    {
        float[] output = new float[attention.Rows.Batch * attention.Rows.Tokens * attention.Geometry.ScoreHeads * attention.Geometry.ValueWidth];
        float[] lse = new float[attention.Rows.Batch * attention.Rows.Tokens * attention.Geometry.ScoreHeads];
        FusedAttention.Attend(attention.Geometry, attention.Query, key, value, attention.Sinks, attention.Rows, default(IdentityScore), Masks.Causal, output, lse);
        return (output, lse);
    }
}
