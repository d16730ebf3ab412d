namespace AttnDsl.Cpu;

/// <summary>What the kernels need of a vector beyond what score operations may use: memory, integers in the lanes, and the tile that suits its register file.</summary>
internal unsafe interface IKernelLanes<TSelf> : ILanes<TSelf>
    where TSelf : unmanaged, IKernelLanes<TSelf>
{
    /// <summary>Rows of a register tile, always three vectors wide: 8 with 32 registers, 4 with 16.</summary>
    static abstract int TileRows { get; }

    static abstract TSelf Load(float* source);

    static abstract void Store(float* target, TSelf value);

    /// <summary>2^a by a polynomial of degree 5 (relative error 2e-7). −∞ gives exactly 0; from 100 on, or at the latest where floats end, the result is only known to be above 1e30.</summary>
    /// <param name="a">Exponents.</param>
    /// <param name="constants"><see cref="Exp2Constants.Table"/>, passed on so that it stays in a register.</param>
    static abstract TSelf Exp2(TSelf a, float* constants);

    /// <summary>The larger; b where either is no number.</summary>
    static abstract TSelf MaxNative(TSelf a, TSelf b);

    static abstract bool AnyGreater(TSelf a, TSelf b);

    static abstract float Sum(TSelf a);

    static abstract TSelf BroadcastInteger(int value);

    /// <summary>Mask of a &lt; b, the lanes taken as 32-bit integers.</summary>
    static abstract TSelf LessInteger(TSelf a, TSelf b);

    /// <summary>Mask of a = b, the lanes taken as 32-bit integers.</summary>
    static abstract TSelf EqualInteger(TSelf a, TSelf b);
}
