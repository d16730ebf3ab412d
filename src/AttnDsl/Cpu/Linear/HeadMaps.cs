using System;

namespace AttnDsl.Cpu;

/// <summary>A map per head over the heads of the same tokens. Heads are the pieces of work: for few tokens a head's map is too small to be shared.</summary>
internal sealed unsafe class HeadMaps : TeamJob
{
    // Elements of all maps below which waking the others costs more than they bring.
    private const long AloneBelow = 64 << 10;

    [ThreadStatic]
    private static HeadMaps? _idle;

    private MatrixProduct _first;
    private long _from;
    private long _to;
    private long _weightStride;

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
        HeadMaps maps = _idle ?? new();
        _idle = null;
        try
        {
            maps._first = new MatrixProduct
            {
                A = x,
                AStride = (long)heads * from,
                B = weight,
                BStride = input,
                DepthFirstB = transposed,
                C = y,
                CStride = (long)heads * to,
                Rows = tokens,
                Columns = to,
                Depth = from,
            };
            maps._from = from;
            maps._to = to;
            maps._weightStride = weightStride;
            CpuTeam.Shared.Run(maps, heads, (long)heads * input * output < AloneBelow ? 1 : threads);
        }
        finally
        {
            maps._first = default;
            _idle = maps;
        }
    }

    public override void Execute(int index, Workspace workspace)
    {
        MatrixProduct own = _first;
        own.A += index * _from;
        own.B += index * _weightStride;
        own.C += index * _to;
        Products.Run(own, threads: 1);
    }
}
