using System;
using System.Threading;
using AttnDsl.Cpu.Tests.Attention;

namespace AttnDsl.Cpu.Tests;

/// <summary>Narrow vectors with tall tiles, the shape of Arm processors.</summary>
public class TallTileTests
{
    [Theory]
    [InlineData(13, 29)]
    [InlineData(70, 200)]
    public unsafe void Attention(int queries, int keys)
    {
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, queries, keys), 2, 1, 20, 12);
        attention.Visible = (row, key) => key <= row;
        (double[] expected, _) = attention.Reference();
        float[] output = Numbers.Garbage(expected.Length);
        fixed (float* q = attention.Query, k = attention.Key, v = attention.Value, o = output)
        {
            var keyRows = new RowsPointer<float> { Values = k, RowStride = keys * 20, TokenStride = 20, HeadStride = 20 };
            var valueRows = new RowsPointer<float> { Values = v, RowStride = keys * 12, TokenStride = 12, HeadStride = 12 };
            ForwardCall<TallLanes, IdentityScore, BandMask, float, float>.Rent()
                .Run(attention.Geometry, attention.Rows, default, Masks.Causal, q, keyRows, valueRows, null, o, null, 2, CancellationToken.None);
        }

        Compare.Close(expected, output, 4e-6, "tall");
    }

    [Fact]
    public unsafe void Product()
    {
        const int Size = 37;
        float[] a = Numbers.Random(1, Size * Size);
        float[] b = Numbers.Random(2, Size * Size);
        float[] c = Numbers.Garbage(Size * Size);
        fixed (float* pa = a, pb = b, pc = c)
        {
            BlockedProduct<TallLanes>.Run(new MatrixProduct { A = pa, AStride = Size, B = pb, BStride = Size, C = pc, CStride = Size, Rows = Size, Columns = Size, Depth = Size }, 1);
        }

        var expected = new double[Size * Size];
        for (int i = 0; i < Size; i++)
        {
            for (int j = 0; j < Size; j++)
            {
                for (int k = 0; k < Size; k++)
                {
                    expected[(i * Size) + j] += (double)a[(i * Size) + k] * b[(j * Size) + k];
                }
            }
        }

        Compare.Close(expected, c, 1e-5, "tall");
    }
}
