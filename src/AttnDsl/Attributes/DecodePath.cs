namespace AttnDsl;

/// <summary>What a call over a cache of latents does with them. All give the same function; only rounding and cost differ.</summary>
public enum DecodePath
{
    /// <summary>
    /// By the number of new tokens T<sub>q</sub> of the call, a constant of the generated code: <see cref="Absorb"/> while T<sub>q</sub> &lt; r·(dn + dv) / (2r − dn − dv), always where 2r ≤ dn + dv, otherwise <see cref="Expand"/>.
    /// A token decoded alone is always absorbed.
    /// </summary>
    Auto,

    /// <summary>The map from latent to heads goes into the query and the output: 2r + dr multiply-adds a pair of query and key, nothing per cached token.</summary>
    Absorb,

    /// <summary>Latents become heads again: dn + dr + dv multiply-adds a pair, and r·H·(dn + dv) per cached token.</summary>
    Expand,
}
