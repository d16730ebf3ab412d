namespace AttnDsl.Cpu;

/// <summary>A map per head, over the heads of the same tokens.</summary>
internal static unsafe class HeadMaps
{
    /// <param name="x">[tokens, heads, input], or [tokens, heads, output] when transposed.</param>
    /// <param name="weight">First row of the first head's map.</param>
    /// <param name="weightStride">Elements from one head's map to the next.</param>
    /// <param name="y">[tokens, heads, output], or [tokens, heads, input] when transposed.</param>
    /// <param name="tokens">Rows of x.</param>
    /// <param name="input">Columns of a map.</param>
    /// <param name="output">Rows of a map.</param>
    /// <param name="heads">Maps.</param>
    /// <param name="transposed">y = x W instead of x Wᵀ.</param>
    /// <param name="threads">Threads to use at most.</param>
    public static void Run(float* x, float* weight, long weightStride, float* y, int tokens, int input, int output, int heads, bool transposed, int threads)
    {
        (int from, int to) = transposed ? (output, input) : (input, output);
        for (int head = 0; head < heads; head++)
        {
            Products.Run(
                new MatrixProduct
                {
                    A = x + ((long)head * from),
                    AStride = (long)heads * from,
                    B = weight + (head * weightStride),
                    BStride = input,
                    DepthFirstB = transposed,
                    C = y + ((long)head * to),
                    CStride = (long)heads * to,
                    Rows = tokens,
                    Columns = to,
                    Depth = from,
                },
                threads);
        }
    }
}
