using System;
using System.Globalization;
using AttnDsl.Cpu;
using AttnDsl.Cpu.Tests.Attention;

namespace AttnDsl.Cpu.Tests.Decode;

/// <summary>How a decode test lays out its keys and values.</summary>
public enum Layout
{
    /// <summary>[B, S, heads, width].</summary>
    Dense,

    /// <summary>[B, heads, S + room, width], NaN in the room.</summary>
    HeadMajor,

    /// <summary>The same as bfloat16 bits.</summary>
    HeadMajorBFloat16,
}

/// <summary>Runs the decode kernel on the operands of an <see cref="AttentionCase"/>.</summary>
internal static class DecodeCase
{
    private const int Room = 3;

    /// <summary>Rounds keys and values, so that every layout holds the same numbers.</summary>
    public static AttentionCase Rounded(AttentionCase attention)
    {
        Round(attention.Key);
        Round(attention.Value);
        return attention;
    }

    public static void Check<TScore, TMask>(AttentionCase attention, TScore score, TMask mask, string what, double tolerance = 4e-6)
        where TScore : struct, IScore
        where TMask : struct, IPairMask
    {
        foreach (Layout layout in Enum.GetValues<Layout>())
        {
            (float[] output, float[] lse) = Run(attention, score, mask, layout);
            (double[] expected, double[] expectedLse) = attention.Reference(output);
            string label = string.Create(
                CultureInfo.InvariantCulture,
                $"{what}, {layout}, T {attention.Rows.Tokens}, S {attention.Rows.Keys}, widths {attention.Geometry.KeyWidth}/{attention.Geometry.ValueWidth}");
            Compare.Close(expected, output, tolerance, label + ", output");
            Compare.Close(expectedLse, lse, tolerance * 4, label + ", lse");
        }
    }

    public static (float[] Output, float[] Lse) Run<TScore, TMask>(AttentionCase attention, TScore score, TMask mask, Layout layout = Layout.HeadMajor, int threads = 0)
        where TScore : struct, IScore
        where TMask : struct, IPairMask
    {
        AttendGeometry g = attention.Geometry;
        TokenRows rows = attention.Rows;

        // Garbage in the results: every element must be written.
        var output = new float[rows.Batch * rows.Tokens * g.ScoreHeads * g.ValueWidth];
        var lse = new float[rows.Batch * rows.Tokens * g.ScoreHeads];
        Array.Fill(output, 12345f);
        Array.Fill(lse, 12345f);
        if (layout == Layout.Dense)
        {
            FusedAttention.Decode(
                g,
                attention.Query,
                HeadRows<float>.Dense(attention.Key, rows.Keys, g.Key.Heads, g.KeyWidth),
                HeadRows<float>.Dense(attention.Value, rows.Keys, g.Value.Heads, g.ValueWidth),
                attention.Sinks,
                rows,
                score,
                mask,
                output,
                lse,
                threads);
            return (output, lse);
        }

        float[] keys = HeadMajor(attention.Key, rows.Batch, rows.Keys, g.Key.Heads, g.KeyWidth);
        float[] values = HeadMajor(attention.Value, rows.Batch, rows.Keys, g.Value.Heads, g.ValueWidth);
        if (layout == Layout.HeadMajor)
        {
            FusedAttention.Decode(
                g,
                attention.Query,
                View<float>(keys, rows.Keys, g.Key.Heads, g.KeyWidth),
                View<float>(values, rows.Keys, g.Value.Heads, g.ValueWidth),
                attention.Sinks,
                rows,
                score,
                mask,
                output,
                lse,
                threads);
        }
        else
        {
            FusedAttention.Decode(
                g,
                attention.Query,
                View<ushort>(Bits(keys), rows.Keys, g.Key.Heads, g.KeyWidth),
                View<ushort>(Bits(values), rows.Keys, g.Value.Heads, g.ValueWidth),
                attention.Sinks,
                rows,
                score,
                mask,
                output,
                lse,
                threads);
        }

        return (output, lse);
    }

    private static HeadRows<T> View<T>(T[] values, int tokens, int heads, int width)
        where T : unmanaged
    {
        long head = (long)(tokens + Room) * width;
        return new HeadRows<T>(values, head * heads, width, head);
    }

    private static float[] HeadMajor(float[] dense, int batch, int tokens, int heads, int width)
    {
        var values = new float[batch * heads * (tokens + Room) * width];
        Array.Fill(values, float.NaN);
        for (int i = 0; i < dense.Length; i++)
        {
            int channel = i % width;
            int head = i / width % heads;
            int token = i / width / heads % tokens;
            int row = i / width / heads / tokens;
            values[(((((row * heads) + head) * (tokens + Room)) + token) * width) + channel] = dense[i];
        }

        return values;
    }

    private static ushort[] Bits(float[] values) => Array.ConvertAll(values, value => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));

    private static void Round(float[] values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = BFloat16Bits.ToSingle(BFloat16Bits.FromDouble(values[i]));
        }
    }
}
