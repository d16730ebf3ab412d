using AttnDsl.Space.Stacks;

namespace AttnDsl.Space.Numbers;

/// <summary>The numbers of a latent layer, read off its attribute by hand.</summary>
internal sealed class LatentFacts
{
    public LatentFacts(Use latent, int width, bool turns, bool normedKeys)
    {
        Rank = (int)latent["rank"]!.Whole;
        Rope = (int)((latent["ropeDim"] ?? latent["RopeDim"])?.Whole ?? (turns ? width / 4 * 2 : 0));
        Nope = (int)((latent["nopeDim"] ?? latent["NopeDim"])?.Whole ?? width);
        Value = (int)((latent["valueDim"] ?? latent["ValueDim"])?.Whole ?? width);
        Eps = latent["LatentNorm"]?.Number == 0 ? null : latent["Eps"]?.Number ?? 1e-6;

        // One token is fewer than the threshold for any legal widths, so it is always absorbed where absorbing is possible.
        Absorbs = latent["DecodePath"]?.Member != "Expand" && !normedKeys;
    }

    public int Rank { get; }

    public int Rope { get; }

    public int Nope { get; }

    public int Value { get; }

    /// <summary>Of the latent's norm; null without one.</summary>
    public double? Eps { get; }

    /// <summary>A decoded token attends to latents; otherwise they are expanded.</summary>
    public bool Absorbs { get; }
}
