namespace AttnDsl;

/// <summary>How the learned factor on normalised keys is stored.</summary>
public enum Temperature
{
    /// <summary>As its logarithm, <c>log_temp</c>, which starts at 0: the factor is positive and starts at 1.</summary>
    Exp,

    /// <summary>As it is, <c>temp</c>, which starts at 1: what released checkpoints hold.</summary>
    Raw,
}
