using System;
using System.Globalization;

namespace AttnDsl.Cpu;

/// <summary>
/// Linear maps over the last axis, dense and row-major, and the gradient of their weights. Called by generated code. Outputs must not overlap operands.
/// With heads above 1, x is [tokens, heads, in], the weight [heads, out, in], and every head has its own map.
/// </summary>
public static class Linear
{
    /// <summary>y[t, r] = Σ_c x[t, c] w[r, c] + bias[r].</summary>
    /// <param name="x">[tokens, heads, input].</param>
    /// <param name="weight">[heads, output, input].</param>
    /// <param name="bias">[heads, output], or empty.</param>
    /// <param name="y">[tokens, heads, output], overwritten.</param>
    /// <param name="tokens">Rows of x.</param>
    /// <param name="input">Channels of x.</param>
    /// <param name="output">Channels of y.</param>
    /// <param name="heads">Maps.</param>
    /// <param name="threads">Threads to use at most; 0: <see cref="CpuThreads.Count"/>.</param>
    /// <exception cref="ArgumentException">A span has not the length its shape asks for.</exception>
    public static unsafe void Apply(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, Span<float> y, int tokens, int input, int output, int heads = 1, int threads = 0)
    {
        Expect(nameof(x), x.Length, tokens, heads, input);
        Expect(nameof(weight), weight.Length, heads, output, input);
        Expect(nameof(y), y.Length, tokens, heads, output);
        if (!bias.IsEmpty)
        {
            Expect(nameof(bias), bias.Length, 1, heads, output);
        }

        if (heads > 1 && output == 1)
        {
            DepthwiseMaps.Apply(x, weight, bias, y, tokens, input, heads, threads);
            return;
        }

        threads = CpuThreads.Resolve(threads);
        fixed (float* a = x, b = weight, c = y, d = bias)
        {
            for (int head = 0; head < heads; head++)
            {
                Products.Run(
                    new MatrixProduct
                    {
                        A = a + ((long)head * input),
                        AStride = (long)heads * input,
                        B = b + ((long)head * output * input),
                        BStride = input,
                        C = c + ((long)head * output),
                        CStride = (long)heads * output,
                        Bias = d == null ? null : d + ((long)head * output),
                        Rows = tokens,
                        Columns = output,
                        Depth = input,
                    },
                    threads);
            }
        }
    }

    /// <summary>y[t, c] = Σ_r x[t, r] w[r, c]: the transposed map.</summary>
    /// <param name="x">[tokens, heads, output].</param>
    /// <param name="weight">[heads, output, input].</param>
    /// <param name="y">[tokens, heads, input], overwritten.</param>
    /// <param name="tokens">Rows of x.</param>
    /// <param name="input">Channels of y: the weight's input.</param>
    /// <param name="output">Channels of x: the weight's output.</param>
    /// <param name="heads">Maps.</param>
    /// <param name="threads">Threads to use at most; 0: <see cref="CpuThreads.Count"/>.</param>
    /// <exception cref="ArgumentException">A span has not the length its shape asks for.</exception>
    public static unsafe void ApplyTransposed(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, Span<float> y, int tokens, int input, int output, int heads = 1, int threads = 0)
    {
        Expect(nameof(x), x.Length, tokens, heads, output);
        Expect(nameof(weight), weight.Length, heads, output, input);
        Expect(nameof(y), y.Length, tokens, heads, input);
        if (heads > 1 && output == 1)
        {
            DepthwiseMaps.ApplyTransposed(x, weight, y, tokens, input, heads, threads);
            return;
        }

        threads = CpuThreads.Resolve(threads);
        fixed (float* a = x, b = weight, c = y)
        {
            for (int head = 0; head < heads; head++)
            {
                Products.Run(
                    new MatrixProduct
                    {
                        A = a + ((long)head * output),
                        AStride = (long)heads * output,
                        B = b + ((long)head * output * input),
                        BStride = input,
                        DepthFirstB = true,
                        C = c + ((long)head * input),
                        CStride = (long)heads * input,
                        Rows = tokens,
                        Columns = input,
                        Depth = output,
                    },
                    threads);
            }
        }
    }

    /// <summary>y[t, h, r] = Σ_c x[t, h, c] w[h, from + r, c]: every head has rows of a taller matrix of its own, read where they are.</summary>
    /// <param name="x">[tokens, heads, input].</param>
    /// <param name="weight">[heads, headRows, input].</param>
    /// <param name="y">[tokens, heads, output], overwritten.</param>
    /// <param name="tokens">Rows of x.</param>
    /// <param name="input">Channels of x.</param>
    /// <param name="output">Channels of y: rows taken.</param>
    /// <param name="heads">Maps.</param>
    /// <param name="headRows">Rows of a head's matrix.</param>
    /// <param name="from">First row taken.</param>
    /// <param name="threads">Threads to use at most; 0: <see cref="CpuThreads.Count"/>.</param>
    /// <exception cref="ArgumentException">A span has not the length its shape asks for.</exception>
    public static unsafe void ApplySlice(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, Span<float> y, int tokens, int input, int output, int heads, int headRows, int from, int threads = 0)
    {
        Expect(nameof(x), x.Length, tokens, heads, input);
        Expect(nameof(weight), weight.Length, heads, headRows, input);
        Expect(nameof(y), y.Length, tokens, heads, output);
        ExpectSlice(output, headRows, from);
        fixed (float* a = x, b = weight, c = y)
        {
            HeadMaps.Run(a, b + ((long)from * input), (long)headRows * input, c, tokens, input, output, heads, transposed: false, CpuThreads.Resolve(threads));
        }
    }

    /// <summary>y[t, h, c] = Σ_r x[t, h, r] w[h, from + r, c]: the transposed map of <see cref="ApplySlice"/>.</summary>
    /// <param name="x">[tokens, heads, output].</param>
    /// <param name="weight">[heads, headRows, input].</param>
    /// <param name="y">[tokens, heads, input], overwritten.</param>
    /// <param name="tokens">Rows of x.</param>
    /// <param name="input">Channels of y: the weight's input.</param>
    /// <param name="output">Channels of x: rows taken.</param>
    /// <param name="heads">Maps.</param>
    /// <param name="headRows">Rows of a head's matrix.</param>
    /// <param name="from">First row taken.</param>
    /// <param name="threads">Threads to use at most; 0: <see cref="CpuThreads.Count"/>.</param>
    /// <exception cref="ArgumentException">A span has not the length its shape asks for.</exception>
    public static unsafe void ApplySliceTransposed(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, Span<float> y, int tokens, int input, int output, int heads, int headRows, int from, int threads = 0)
    {
        Expect(nameof(x), x.Length, tokens, heads, output);
        Expect(nameof(weight), weight.Length, heads, headRows, input);
        Expect(nameof(y), y.Length, tokens, heads, input);
        ExpectSlice(output, headRows, from);
        fixed (float* a = x, b = weight, c = y)
        {
            HeadMaps.Run(a, b + ((long)from * input), (long)headRows * input, c, tokens, input, output, heads, transposed: true, CpuThreads.Resolve(threads));
        }
    }

    /// <summary>y[r, c] = Σ_t a[t, r] b[t, c]: the gradient of a weight.</summary>
    /// <param name="a">[tokens, heads, rows].</param>
    /// <param name="b">[tokens, heads, columns].</param>
    /// <param name="y">[heads, rows, columns], overwritten, or added to.</param>
    /// <param name="tokens">What is summed over.</param>
    /// <param name="rows">Channels of a.</param>
    /// <param name="columns">Channels of b.</param>
    /// <param name="heads">Sums.</param>
    /// <param name="accumulate">Adds to y.</param>
    /// <param name="threads">Threads to use at most; 0: <see cref="CpuThreads.Count"/>.</param>
    /// <exception cref="ArgumentException">A span has not the length its shape asks for.</exception>
    public static unsafe void OuterSum(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> y, int tokens, int rows, int columns, int heads = 1, bool accumulate = false, int threads = 0)
    {
        Expect(nameof(a), a.Length, tokens, heads, rows);
        Expect(nameof(b), b.Length, tokens, heads, columns);
        Expect(nameof(y), y.Length, heads, rows, columns);
        if (heads > 1 && rows == 1)
        {
            DepthwiseMaps.OuterSum(a, b, y, tokens, columns, heads, accumulate, threads);
            return;
        }

        threads = CpuThreads.Resolve(threads);
        fixed (float* p = a, q = b, c = y)
        {
            for (int head = 0; head < heads; head++)
            {
                Products.Run(
                    new MatrixProduct
                    {
                        A = p + ((long)head * rows),
                        AStride = (long)heads * rows,
                        DepthFirstA = true,
                        B = q + ((long)head * columns),
                        BStride = (long)heads * columns,
                        DepthFirstB = true,
                        C = c + ((long)head * rows * columns),
                        CStride = columns,
                        Accumulate = accumulate,
                        Rows = rows,
                        Columns = columns,
                        Depth = tokens,
                    },
                    threads);
            }
        }
    }

    private static void ExpectSlice(int rows, int headRows, int from)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(from, headRows - rows);
    }

    private static void Expect(string parameter, int length, int a, int b, int c)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(a);
        ArgumentOutOfRangeException.ThrowIfNegative(b);
        ArgumentOutOfRangeException.ThrowIfNegative(c);
        long expected = (long)a * b * c;
        if (length != expected)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{parameter}: expected [{a}, {b}, {c}], {expected} elements, got {length}"), parameter);
        }
    }
}
