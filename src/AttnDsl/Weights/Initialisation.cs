namespace AttnDsl;

/// <summary>How a weight starts.</summary>
public enum Initialisation
{
    /// <summary>All 0: biases, norms of the 1 + w form.</summary>
    Zeros,

    /// <summary>All 1: norms.</summary>
    Ones,

    /// <summary>Independent normal numbers of mean 0 and the declared deviation.</summary>
    Normal,
}
