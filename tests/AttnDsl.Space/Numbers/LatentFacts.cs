using AttnDsl.Space.Stacks;

namespace AttnDsl.Space.Numbers;

/// <summary>The numbers of a latent layer, read off its attribute by hand.</summary>
internal sealed class LatentFacts
{
    /// <param name="latent">[LatentKV] or [GroupedLatentKV].</param>
    /// <param name="width">Channels of a head.</param>
    /// <param name="turns">There is a rotation.</param>
    /// <param name="expands">Something between latents and heads cannot be absorbed.</param>
    public LatentFacts(Use latent, int width, bool turns, bool expands)
    {
        Groups = (int?)latent["groups"]?.Whole;
        Rank = (int)latent["rank"]!.Whole;
        Rope = (int)((latent["ropeDim"] ?? latent["RopeDim"])?.Whole ?? (turns ? width / 4 * 2 : 0));
        Nope = (int)((latent["nopeDim"] ?? latent["NopeDim"])?.Whole ?? width);
        Value = (int)((latent["valueDim"] ?? latent["ValueDim"])?.Whole ?? width);
        Eps = latent["LatentNorm"]?.Number == 0 ? null : latent["Eps"]?.Number ?? 1e-6;

        // One token is fewer than the threshold for any legal widths, so it is always absorbed where absorbing is possible.
        Absorbs = latent["DecodePath"]?.Member != "Expand" && !expands;
    }

    /// <summary>Latents of a token where they come in groups; null: one for all heads.</summary>
    public int? Groups { get; }

    /// <summary>Latents of a token.</summary>
    public int Count => Groups ?? 1;

    public string Down => Groups is null ? "kv_a_proj_with_mqa" : "W_dKV";

    public string Norm(int group) => Groups is null ? "kv_a_layernorm" : "kv_norm_" + (group + 1);

    public string Up(int group) => Groups is null ? "kv_b_proj" : "W_ukv_" + (group + 1);

    public int Rank { get; }

    public int Rope { get; }

    public int Nope { get; }

    public int Value { get; }

    /// <summary>Of the latent's norm; null without one.</summary>
    public double? Eps { get; }

    /// <summary>A decoded token attends to latents; otherwise they are expanded.</summary>
    public bool Absorbs { get; }
}
