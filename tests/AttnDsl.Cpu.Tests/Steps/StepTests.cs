using System;
using AttnDsl.Cpu;

namespace AttnDsl.Cpu.Tests.Steps;

/// <summary>Norms, rotation and element-wise steps against naive double loops.</summary>
public class StepTests
{
    [Theory]
    [InlineData(1, 1, false)]
    [InlineData(5, 7, true)]
    [InlineData(300, 64, false)]
    [InlineData(17, 129, true)]
    public void RmsNorms(int rows, int width, bool onePlus)
    {
        float[] x = Numbers.Random(1, rows * width);
        float[] gain = Numbers.Random(2, width);
        float[] y = Numbers.Garbage(x.Length);
        RmsNorm.Apply(x, gain, y, width, 1e-6, onePlus);
        var r = new float[rows];
        LastAxis.InverseRms(x, r, width, 1e-6);
        var expected = new double[x.Length];
        var expectedR = new double[rows];
        for (int row = 0; row < rows; row++)
        {
            double squares = 0;
            for (int c = 0; c < width; c++)
            {
                squares += (double)x[(row * width) + c] * x[(row * width) + c];
            }

            expectedR[row] = 1 / Math.Sqrt((squares / width) + 1e-6);
            for (int c = 0; c < width; c++)
            {
                expected[(row * width) + c] = x[(row * width) + c] * expectedR[row] * (gain[c] + (onePlus ? 1 : 0));
            }
        }

        Compare.Close(expected, y, 2e-6, "norm");
        Compare.Close(expectedR, r, 2e-6, "inverse rms");
        RmsNorm.Apply(x, gain, x, width, 1e-6, onePlus);
        Assert.Equal(y, x);
    }

    [Theory]
    [InlineData(1, 5, 2)]
    [InlineData(700, 576, 512)]
    [InlineData(3000, 24, 16)]
    public void Parts_are_cut_and_put_together(int rows, int width, int first)
    {
        float[] x = Numbers.Random(1, rows * width);
        (float[] left, float[] right) = (Numbers.Garbage(rows * first), Numbers.Garbage(rows * (width - first)));
        AxisParts.Take(x, left, width, 0, first);
        AxisParts.Take(x, right, width, first, width - first);
        for (int row = 0; row < rows; row++)
        {
            Assert.True(left.AsSpan(row * first, first).SequenceEqual(x.AsSpan(row * width, first)));
            Assert.True(right.AsSpan(row * (width - first), width - first).SequenceEqual(x.AsSpan((row * width) + first, width - first)));
        }

        float[] y = Numbers.Garbage(x.Length);
        AxisParts.Put(left, y, width, 0, first);
        AxisParts.Put(right, y, width, first, width - first);
        Assert.Equal(x, y);
        Assert.Throws<ArgumentOutOfRangeException>(() => AxisParts.Take(x, left, width, width - first + 1, first));
        Assert.Throws<ArgumentException>(() => AxisParts.Put(left, right, width, 0, first));
    }

    [Theory]
    [InlineData(RopeLayout.HalfSplit, 16, 16)]
    [InlineData(RopeLayout.Interleaved, 16, 16)]
    [InlineData(RopeLayout.HalfSplit, 21, 10)]
    [InlineData(RopeLayout.Interleaved, 37, 34)]
    [InlineData(RopeLayout.HalfSplit, 128, 64)]
    public void Rotations(RopeLayout layout, int width, int rotary)
    {
        const int Heads = 3;
        TokenRows rows = TokenRows.Ragged([40, 11], 40, Positions());
        float[] x = Numbers.Random(1, 2 * 40 * Heads * width);
        float[] y = Numbers.Garbage(x.Length);
        var frequencies = new double[rotary / 2];
        for (int i = 0; i < frequencies.Length; i++)
        {
            frequencies[i] = Math.Pow(10000, -2.0 * i / rotary);
        }

        var rotation = new PairRotation(layout, frequencies, 1.25);
        rotation.Apply(x, y, rows, Heads, width);
        double[] expected = Array.ConvertAll(x, v => (double)v);
        for (int b = 0; b < 2; b++)
        {
            for (int t = 0; t < rows.Count(b); t++)
            {
                for (int h = 0; h < Heads; h++)
                {
                    int at = ((((b * 40) + t) * Heads) + h) * width;
                    for (int i = 0; i < rotary / 2; i++)
                    {
                        double angle = rows.Position(b, t) * frequencies[i];
                        int u = at + (layout == RopeLayout.HalfSplit ? i : 2 * i);
                        int v = at + (layout == RopeLayout.HalfSplit ? i + (rotary / 2) : (2 * i) + 1);
                        expected[u] = 1.25 * ((x[u] * Math.Cos(angle)) - (x[v] * Math.Sin(angle)));
                        expected[v] = 1.25 * ((x[u] * Math.Sin(angle)) + (x[v] * Math.Cos(angle)));
                    }
                }
            }
        }

        Compare.Close(expected, y, 1e-6, "rotation");

        // The inverse undoes it, up to the magnitude; in place.
        rotation.Apply(y, y, rows, Heads, width, inverse: true);
        for (int i = 0; i < x.Length; i++)
        {
            int token = i / width / Heads;
            bool turned = i % width < rotary && token % 40 < rows.Count(token / 40);
            Assert.Equal(x[i] * (turned ? 1.5625f : 1), y[i], 1e-5f);
        }

        static int[] Positions()
        {
            var positions = new int[80];
            for (int i = 0; i < 80; i++)
            {
                positions[i] = (i * 37) % 5000;
            }

            return positions;
        }
    }

    public static TheoryData<int[], int[]> Broadcasts => new()
    {
        { [5], [5] }, { [5], [1] }, { [3, 70], [70] }, { [2, 3, 4, 9], [4, 9] }, { [2, 3, 4, 9], [2, 3, 4, 1] }, { [2, 3, 4, 9], [2, 1, 4, 1] },
        { [2, 3, 4, 9], [1, 3, 1, 9] }, { [2, 1, 130], [1, 130] }, { [70, 33, 3, 8], [8] }, { [70, 33, 3, 8], [3, 1] }, { [1, 1], [1, 1] }, { [3, 0, 4], [4] }, { [70000], [1] }, { [70000], [70000] },
    };

    [Theory]
    [MemberData(nameof(Broadcasts))]
    public void ElementwiseAndItsSums(int[] shape, int[] narrow)
    {
        long count = 1;
        Array.ForEach(shape, e => count *= e);
        long narrowCount = 1;
        Array.ForEach(narrow, e => narrowCount *= e);
        float[] a = Numbers.Random(1, (int)count);
        float[] b = Numbers.Random(2, (int)narrowCount);
        var sum = new double[count];
        var difference = new double[count];
        var product = new double[count];
        var repeated = new double[count];
        var down = new double[narrowCount];
        for (int i = 0; i < count; i++)
        {
            int j = 0;
            int step = 1;
            int rest = i;
            for (int d = shape.Length - 1; d >= 0; d--)
            {
                int index = rest % shape[d];
                rest /= shape[d];
                int other = d - (shape.Length - narrow.Length);
                int extent = other < 0 ? 1 : narrow[other];
                j += extent == 1 ? 0 : index * step;
                step *= extent;
            }

            sum[i] = (double)a[i] + b[j];
            difference[i] = (double)a[i] - b[j];
            product[i] = (double)a[i] * b[j];
            repeated[i] = b[j];
            down[j] += a[i];
        }

        float[] y = Numbers.Garbage((int)count);
        Elementwise.Add(a, b, y, shape, narrow);
        Compare.Close(sum, y, 1e-6, "sum");
        Elementwise.Subtract(a, b, y, shape, narrow);
        Compare.Close(difference, y, 1e-6, "difference");
        Elementwise.Multiply(a, b, y, shape, narrow);
        Compare.Close(product, y, 1e-6, "product");
        Elementwise.Repeat(b, y, shape, narrow);
        Compare.Close(repeated, y, 0, "repeated");
        Elementwise.Scale(a, 3, y);
        Compare.Close(Array.ConvertAll(a, v => 3.0 * v), y, 1e-6, "scaled");
        float[] z = Numbers.Garbage((int)narrowCount);
        SumTo.Apply(a, z, shape, narrow);
        Compare.Close(down, z, 1e-4, "summed");
    }

    [Fact]
    public void MeansAndSums()
    {
        float[] x = Numbers.Random(1, 9 * 37);
        var sum = new float[9];
        var mean = new float[9];
        LastAxis.Sum(x, sum, 37);
        LastAxis.Mean(x, mean, 37);
        for (int row = 0; row < 9; row++)
        {
            double expected = 0;
            for (int c = 0; c < 37; c++)
            {
                expected += x[(row * 37) + c];
            }

            Assert.Equal(expected, sum[row], 1e-5);
            Assert.Equal(expected / 37, mean[row], 1e-6);
        }
    }

    [Fact]
    public void ShapesThatDoNotRepeatAreRefused()
    {
        var error = Assert.Throws<ArgumentException>(() => Elementwise.Add(new float[6], new float[2], new float[6], [2, 3], [2]));
        Assert.Contains("extent 1 must be 3 or 1, got 2", error.Message, StringComparison.Ordinal);
    }
}
