namespace AttnDsl.Cpu;

/// <summary>How much of a rectangle of pairs is visible.</summary>
public enum PairClass
{
    /// <summary>Some pairs, or not known.</summary>
    Partial,

    /// <summary>No pair: the rectangle is not computed.</summary>
    None,

    /// <summary>Every pair: no mask is applied.</summary>
    All,
}
