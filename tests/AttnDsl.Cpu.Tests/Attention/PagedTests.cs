using System;
using System.Linq;
using AttnDsl.Cpu;

namespace AttnDsl.Cpu.Tests.Attention;

/// <summary>Keys and values in pages that lie anywhere: the same bits as from a dense block where pages hold a multiple of 8 tokens, the keys that are summed up side by side.</summary>
public class PagedTests
{
    [Theory]
    [InlineData(1, 1, 200, 64, 64)]
    [InlineData(3, 1, 131, 24, 20)]
    [InlineData(10, 2, 97, 31, 17)]
    [InlineData(16, 1, 1000, 128, 64)]
    [InlineData(16, 5, 70, 3, 5)]
    [InlineData(32, 40, 300, 64, 64)]
    [InlineData(7, 60, 133, 40, 24)]
    [InlineData(16, 50, 50, 16, 16)]
    public void SameBits(int pageSize, int queries, int keys, int keyWidth, int valueWidth) => Paths.OnEach(path =>
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(2, queries, keys), 6, 2, keyWidth, valueWidth);
        Check(attention, pageSize, path);
    });

    [Theory]
    [InlineData(1, 1, 200, 5)]
    [InlineData(3, 1, 331, 64)]
    [InlineData(16, 1, 3000, 100)]
    [InlineData(16, 40, 70, 7)]
    public void ValuesThatAreSelectedLieInPagesToo(int pageSize, int queries, int keys, int keep) => Paths.OnEach(path =>
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(2, queries, keys), 6, 2, 64, 24).Selecting(keep);
        Check(attention, pageSize, path);
    });

    [Fact]
    public void WhatIsHiddenInAPageIsNeverRead() => Paths.OnEach(path =>
    {
        // Values that only the last queries see are infinite: the others must not meet them.
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(2, 5, 40), 4, 2, 16, 16);
        attention.Value.AsSpan(attention.Value.Length - 64).Fill(float.PositiveInfinity);
        attention.Key.AsSpan(attention.Key.Length - 32).Fill(float.NaN);
        Check(attention, 16, path);
        Check(attention.Selecting(3), 16, path);
        AttentionCase many = AttentionCase.Create(TokenRows.Core(2, 30, 40), 4, 2, 16, 16);
        many.Value.AsSpan(many.Value.Length - 64).Fill(float.PositiveInfinity);
        Check(many, 16, path);
        Check(many.Selecting(3), 16, path);
    });

    [Fact]
    public void PageNumbersThatDoNotReachAreRefused()
    {
        ArgumentException error = Assert.Throws<ArgumentException>("keys", () => FusedAttention.Attend(
            new AttendGeometry(HeadMap.Grouped(1, 1), HeadMap.Grouped(1, 1), HeadMap.Grouped(1, 1), 4, 4, 1),
            new float[4],
            HeadRows<float>.Paged(new float[256], [0, 1], 2, 16, 64, 4, 4),
            HeadRows<float>.Dense(new float[132], 33, 1, 4),
            [],
            TokenRows.Core(1, 1, 33),
            default(IdentityScore),
            Masks.Everything,
            new float[4],
            []));
        Assert.Contains("expected page numbers of 1 rows of 33 tokens, got 2 entries, 2 a row, of 16 tokens", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("pages", () => HeadRows<float>.Paged(new float[4], [], 1, 1, 4, 4, 4));
        Assert.Throws<ArgumentOutOfRangeException>("pageSize", () => HeadRows<float>.Paged(new float[4], [0], 1, 0, 4, 4, 4));
        Assert.Throws<ArgumentOutOfRangeException>("pagesPerRow", () => HeadRows<float>.Paged(new float[4], [0], 0, 1, 4, 4, 4));
    }

    private static void Check(AttentionCase attention, int pageSize, string path)
    {
        (int batch, int keys) = (attention.Rows.Batch, attention.Rows.Keys);
        AttendGeometry geometry = attention.Geometry;
        Pages<float> key = Pages<float>.Of(attention.Key, batch, keys, geometry.Key.Heads, geometry.KeyWidth, pageSize);
        Pages<float> value = Pages<float>.Of(attention.Value, batch, keys, geometry.Value.Heads, geometry.ValueWidth, pageSize);
        Same(
            attention,
            HeadRows<float>.Dense(attention.Key, keys, geometry.Key.Heads, geometry.KeyWidth),
            HeadRows<float>.Dense(attention.Value, keys, geometry.Value.Heads, geometry.ValueWidth),
            key.View,
            value.View,
            pageSize,
            path + ", float");
        ushort[] roundedKey = [.. attention.Key.Select(Bits)];
        ushort[] roundedValue = [.. attention.Value.Select(Bits)];
        Same(
            attention,
            HeadRows<ushort>.Dense(roundedKey, keys, geometry.Key.Heads, geometry.KeyWidth),
            HeadRows<ushort>.Dense(roundedValue, keys, geometry.Value.Heads, geometry.ValueWidth),
            Pages<ushort>.Of(roundedKey, batch, keys, geometry.Key.Heads, geometry.KeyWidth, pageSize).View,
            Pages<ushort>.Of(roundedValue, batch, keys, geometry.Value.Heads, geometry.ValueWidth, pageSize).View,
            pageSize,
            path + ", bfloat16");
    }

    private static ushort Bits(float value) => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);

    private static void Same<T>(AttentionCase attention, HeadRows<T> key, HeadRows<T> value, HeadRows<T> pagedKey, HeadRows<T> pagedValue, int pageSize, string what)
        where T : unmanaged
    {
        (float[] output, float[] lse) = Run(attention, key, value);
        (float[] paged, float[] pagedLse) = Run(attention, pagedKey, pagedValue);
        // A run of keys with an infinity among its values is added up key by key.
        if (pageSize % 8 == 0 && attention.Value.All(float.IsFinite))
        {
            Assert.Equal(output, paged);
            Assert.Equal(lse, pagedLse);
        }
        else
        {
            Compare.Close([.. output.Select(x => (double)x)], paged, 2e-6, what);
            Compare.Close([.. lse.Select(x => (double)x)], pagedLse, 2e-6, what + ", lse");
        }

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

    /// <summary>The tokens of a dense block, scattered over pages [page, head, place, channel] in a random order; every unused place is NaN.</summary>
    private sealed record Pages<T>(T[] Values, int[] Numbers, int PerRow, int PageSize, int Heads, int Width)
        where T : unmanaged
    {
        public HeadRows<T> View => HeadRows<T>.Paged(Values, Numbers, PerRow, PageSize, (long)Heads * PageSize * Width, Width, (long)PageSize * Width);

        public static Pages<T> Of(T[] dense, int batch, int keys, int heads, int width, int pageSize)
        {
            int perRow = (keys + pageSize - 1) / pageSize;
            int[] numbers = [.. Enumerable.Range(0, (batch * perRow) + 3)];
            new Random(pageSize).Shuffle(numbers);
            var values = new T[numbers.Length * heads * pageSize * width];
            T unused = typeof(T) == typeof(float) ? (T)(object)float.NaN : (T)(object)(ushort)0x7FC0;
            Array.Fill(values, unused);
            for (int b = 0; b < batch; b++)
            {
                for (int token = 0; token < keys; token++)
                {
                    for (int head = 0; head < heads; head++)
                    {
                        long to = ((((long)numbers[(b * perRow) + (token / pageSize)] * heads) + head) * pageSize) + (token % pageSize);
                        dense.AsSpan(((((b * keys) + token) * heads) + head) * width, width).CopyTo(values.AsSpan((int)to * width));
                    }
                }
            }

            return new Pages<T>(values, numbers[..(batch * perRow)], perRow, pageSize, heads, width);
        }
    }
}
