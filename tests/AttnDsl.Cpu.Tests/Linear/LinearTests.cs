using System;
using AttnDsl.Cpu;

namespace AttnDsl.Cpu.Tests.Linear;

/// <summary>The three products of a linear map and its gradients against naive double loops.</summary>
public class LinearTests
{
    public static TheoryData<int, int, int> Shapes => new()
    {
        { 1, 1, 1 }, { 1, 64, 64 }, { 1, 131, 67 }, { 2, 48, 33 }, { 3, 7, 9 }, { 7, 129, 50 }, { 8, 96, 31 },
        { 9, 5, 3 }, { 16, 16, 16 }, { 17, 300, 25 }, { 63, 65, 49 }, { 65, 257, 97 }, { 130, 40, 200 }, { 33, 600, 26 }, { 70, 0, 5 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Apply(int tokens, int input, int output) => Paths.OnEach(path =>
    {
        float[] x = Numbers.Random(1, tokens * input);
        float[] w = Numbers.Random(2, output * input);
        float[] bias = Numbers.Random(3, output);
        var y = Numbers.Garbage(tokens * output);
        Cpu.Linear.Apply(x, w, bias, y, tokens, input, output);
        var expected = new double[y.Length];
        for (int t = 0; t < tokens; t++)
        {
            for (int r = 0; r < output; r++)
            {
                double sum = bias[r];
                for (int c = 0; c < input; c++)
                {
                    sum += (double)x[(t * input) + c] * w[(r * input) + c];
                }

                expected[(t * output) + r] = sum;
            }
        }

        Compare.Close(expected, y, 1e-5, path);
    });

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ApplyTransposed(int tokens, int output, int input) => Paths.OnEach(path =>
    {
        float[] x = Numbers.Random(1, tokens * output);
        float[] w = Numbers.Random(2, output * input);
        var y = Numbers.Garbage(tokens * input);
        Cpu.Linear.ApplyTransposed(x, w, y, tokens, input, output);
        var expected = new double[y.Length];
        for (int t = 0; t < tokens; t++)
        {
            for (int r = 0; r < output; r++)
            {
                for (int c = 0; c < input; c++)
                {
                    expected[(t * input) + c] += (double)x[(t * output) + r] * w[(r * input) + c];
                }
            }
        }

        Compare.Close(expected, y, 1e-5, path);
    });

    /// <summary>Rows 2 to 2 + output − 1 of every head of a taller matrix.</summary>
    [Theory]
    [InlineData(1, 512, 128, 16)]
    [InlineData(1, 5, 3, 2)]
    [InlineData(3, 40, 17, 5)]
    [InlineData(40, 33, 9, 3)]
    public void Slices_of_heads(int tokens, int input, int output, int heads) => Paths.OnEach(path =>
    {
        const int From = 2;
        int headRows = output + 5;
        float[] w = Numbers.Random(2, heads * headRows * input);
        foreach (bool transposed in new[] { false, true })
        {
            (int from, int to) = transposed ? (output, input) : (input, output);
            float[] x = Numbers.Random(1, tokens * heads * from);
            float[] y = Numbers.Garbage(tokens * heads * to);
            if (transposed)
            {
                Cpu.Linear.ApplySliceTransposed(x, w, y, tokens, input, output, heads, headRows, From);
            }
            else
            {
                Cpu.Linear.ApplySlice(x, w, y, tokens, input, output, heads, headRows, From);
            }

            var expected = new double[y.Length];
            for (int row = 0; row < tokens * heads; row++)
            {
                for (int r = 0; r < output; r++)
                {
                    for (int c = 0; c < input; c++)
                    {
                        double weight = w[((((row % heads) * headRows) + From + r) * input) + c];
                        (int at, int of) = transposed ? (c, r) : (r, c);
                        expected[(row * to) + at] += x[(row * from) + of] * weight;
                    }
                }
            }

            Compare.Close(expected, y, 1e-5, path);
        }
    });

    [Fact]
    public void A_slice_must_lie_in_its_head()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Cpu.Linear.ApplySlice(new float[4], new float[12], new float[4], 1, 2, 2, 2, 3, 2));
        Assert.Throws<ArgumentException>(() => Cpu.Linear.ApplySlice(new float[4], new float[11], new float[4], 1, 2, 2, 2, 3, 1));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void OuterSum(int rows, int tokens, int columns) => Paths.OnEach(path =>
    {
        float[] a = Numbers.Random(1, tokens * rows);
        float[] b = Numbers.Random(2, tokens * columns);
        var y = Numbers.Garbage(rows * columns);
        var added = new float[rows * columns];
        Array.Fill(added, 1);
        Cpu.Linear.OuterSum(a, b, y, tokens, rows, columns);
        Cpu.Linear.OuterSum(a, b, added, tokens, rows, columns, accumulate: true);
        var expected = new double[y.Length];
        for (int t = 0; t < tokens; t++)
        {
            for (int r = 0; r < rows; r++)
            {
                for (int c = 0; c < columns; c++)
                {
                    expected[(r * columns) + c] += (double)a[(t * rows) + r] * b[(t * columns) + c];
                }
            }
        }

        Compare.Close(expected, y, 1e-5, path);
        Compare.Close([.. Array.ConvertAll(expected, e => e + 1)], added, 1e-5, path + ", accumulated");
    });

    [Theory]
    [InlineData(3)]
    [InlineData(20)]
    public void PerHead(int tokens) => Paths.OnEach(path =>
    {
        const int Heads = 3;
        const int Input = 10;
        const int Output = 13;
        float[] x = Numbers.Random(1, tokens * Heads * Input);
        float[] w = Numbers.Random(2, Heads * Output * Input);
        float[] g = Numbers.Random(3, tokens * Heads * Output);
        float[] y = Numbers.Garbage(g.Length);
        float[] dx = Numbers.Garbage(x.Length);
        float[] dw = Numbers.Garbage(w.Length);
        Cpu.Linear.Apply(x, w, [], y, tokens, Input, Output, Heads);
        Cpu.Linear.ApplyTransposed(g, w, dx, tokens, Input, Output, Heads);
        Cpu.Linear.OuterSum(g, x, dw, tokens, Output, Input, Heads);
        var ey = new double[y.Length];
        var edx = new double[dx.Length];
        var edw = new double[dw.Length];
        for (int t = 0; t < tokens; t++)
        {
            for (int h = 0; h < Heads; h++)
            {
                for (int r = 0; r < Output; r++)
                {
                    for (int c = 0; c < Input; c++)
                    {
                        int xi = (((t * Heads) + h) * Input) + c;
                        int yi = (((t * Heads) + h) * Output) + r;
                        int wi = (((h * Output) + r) * Input) + c;
                        ey[yi] += (double)x[xi] * w[wi];
                        edx[xi] += (double)g[yi] * w[wi];
                        edw[wi] += (double)g[yi] * x[xi];
                    }
                }
            }
        }

        Compare.Close(ey, y, 1e-5, path + ", y");
        Compare.Close(edx, dx, 1e-5, path + ", dx");
        Compare.Close(edw, dw, 1e-5, path + ", dw");
    });

    [Fact]
    public void BlocksOfColumnsAndRows()
    {
        // More columns and rows than are packed at one time.
        const int Tokens = 2100;
        const int Input = 5;
        const int Output = 2100;
        float[] x = Numbers.Random(1, Tokens * Input);
        float[] w = Numbers.Random(2, Output * Input);
        float[] y = Numbers.Garbage(Tokens * Output);
        Cpu.Linear.Apply(x, w, [], y, Tokens, Input, Output);
        for (int t = 0; t < Tokens; t++)
        {
            for (int r = 0; r < Output; r += 7)
            {
                double sum = 0;
                for (int c = 0; c < Input; c++)
                {
                    sum += (double)x[(t * Input) + c] * w[(r * Input) + c];
                }

                Assert.True(Math.Abs(sum - y[(t * Output) + r]) < 1e-5);
            }
        }
    }

    [Fact]
    public void WrongLengthsAreNamed()
    {
        var error = Assert.Throws<ArgumentException>(() => Cpu.Linear.Apply(new float[6], new float[8], [], new float[6], 2, 3, 3));
        Assert.Contains("weight: expected [1, 3, 3], 9 elements, got 8", error.Message, StringComparison.Ordinal);
    }
}
