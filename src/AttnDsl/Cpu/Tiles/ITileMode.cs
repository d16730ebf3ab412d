namespace AttnDsl.Cpu;

/// <summary>What a tile does with its accumulators before it stores them.</summary>
internal interface ITileMode
{
    /// <summary>Stores 2^c and sums it per lane; a panel whose sum grows out of bounds is given up.</summary>
    static abstract bool Exponential { get; }
}

/// <summary>Stores the sums of products.</summary>
internal readonly struct Plain : ITileMode
{
    public static bool Exponential => false;
}

/// <summary>Stores their powers of two.</summary>
internal readonly struct Exponential : ITileMode
{
    static bool ITileMode.Exponential => true;

    /// <summary>Bound of a panel's lane sum: far above it floats overflow, far below it a maximum that is only roughly right loses nothing.</summary>
    public const float SumLimit = 1e12f;
}
