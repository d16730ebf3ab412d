using System;
using System.Linq;
using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Keys and values of all heads from one latent per token, beside one shared rotary key.</summary>
public sealed class LatentKVMechanism : Mechanism
{
    private static readonly string[] s_paths = ["Auto", "Absorb", "Expand"];
    private static readonly LatentNames s_names = new("kv_a_proj_with_mqa", _ => "kv_a_layernorm", _ => "kv_b_proj", BiasedUp: false);

    public override string Name => "LatentKV";

    public override int Rank => Ranks.KeyHeads + 10;

    public override HeadQuantities Shapes => HeadQuantities.KeyHeads | HeadQuantities.RotatedWidth | HeadQuantities.NormedWidth | HeadQuantities.CodedChannels;

    public override void Check(RuleContext context, AttributeSpec attribute) => Check(context, attribute, 1, s_names);

    public override void ShapeHeads(HeadLayoutBuilder heads, AttributeSpec attribute) => Shape(heads, attribute);

    public override void Lower(LayerDraft draft, AttributeSpec attribute) => Lower(draft, attribute, 1, s_names, expands: draft.Spec.Has("QkNorm"));

    /// <summary>Reports what is wrong with latents of any number.</summary>
    /// <param name="context">The check.</param>
    /// <param name="attribute">One with the widths of latents and heads.</param>
    /// <param name="groups">Latents of a token; null while their number is not sound.</param>
    /// <param name="names">Names of the weights.</param>
    internal static void Check(RuleContext context, AttributeSpec attribute, long? groups, LatentNames names)
    {
        bool rank = context.Count(attribute, "rank", out _);
        bool rotary = Width(context, attribute, "ropeDim", "RopeDim", least: 0);
        bool content = Width(context, attribute, "nopeDim", "NopeDim", least: 1);
        bool values = Width(context, attribute, "valueDim", "ValueDim", least: 1);
        context.Flag(attribute, "LatentNorm");
        Epsilon(context, attribute);
        Path(context, attribute);
        LatentSettings settings = LatentSettings.Read(attribute, context.HeadDim ?? 0, context.Spec);
        bool known = context.HeadDim is not null;
        rotary = rotary && (known || settings.GivesRope) && Rotary(context, attribute, settings);
        content &= known || settings.GivesNope;
        values &= known || settings.GivesValue;
        context.RequireSound(rotary, HeadQuantities.RotatedWidth);
        context.RequireSound(content, HeadQuantities.NormedWidth);
        context.RequireSound(values, HeadQuantities.CodedChannels);
        if (rank && rotary && content && values && groups is { } latents && context.QueryHeads is { } heads && context.Dim is { } dim)
        {
            Sizes(context, attribute, settings, latents, heads / latents, dim, names);
        }
    }

    internal static void Shape(HeadLayoutBuilder heads, AttributeSpec attribute)
    {
        LatentSettings settings = LatentSettings.Read(attribute, heads.ResolvedHeadDim, heads.Spec);
        heads.KeyWidth = Saturating.Add(settings.Nope, settings.Rope);
        heads.ValueWidth = settings.Value;
        heads.RotatedWidth = settings.Rope;
        heads.NormedWidth = settings.Nope;
        heads.CodedChannels = 0;
        heads.KeepsKeysAndValues = false;
        heads.OwnWidths = HeadQuantities.CodedChannels
            | (settings.GivesRope ? HeadQuantities.RotatedWidth : HeadQuantities.None)
            | (settings.GivesNope ? HeadQuantities.NormedWidth : HeadQuantities.None);
    }

    /// <summary>Makes latents the layer's source.</summary>
    /// <param name="draft">The layer.</param>
    /// <param name="attribute">One with the widths of latents and heads.</param>
    /// <param name="groups">Latents of a token.</param>
    /// <param name="names">Names of the weights.</param>
    /// <param name="expands">Something stands behind the expansion that nothing can absorb.</param>
    internal static LatentSettings Lower(LayerDraft draft, AttributeSpec attribute, long groups, LatentNames names, bool expands)
    {
        LatentSettings settings = LatentSettings.Read(attribute, draft.Widths.HeadDim, draft.Spec);
        long few = settings.FewTokens(expands);
        draft.Source = new LatentSource(draft, new LatentShape(groups, settings.Rank, settings.Nope, settings.Norm ? settings.Eps : null, few, names));
        draft.Explain(FormulaOrder.Cache, few switch
        {
            0 => "over the cache: latents become heads again",
            >= int.MaxValue => "over the cache: Wkvb goes into q and o, ⟨q Wkb, c⟩ and (Σ p c) Wvbᵀ",
            _ => "over the cache: up to " + Text.Of(few) + " new tokens a row, Wkvb goes into q and o, ⟨q Wkb, c⟩ and (Σ p c) Wvbᵀ; for more, latents become heads again",
        });
        return settings;
    }

    private static bool Width(RuleContext context, AttributeSpec attribute, string parameter, string property, long least)
    {
        bool Sound(string argument) => attribute.Find(argument) is null
            || (least == 0 ? context.NotNegative(attribute, argument, out _) : context.Count(attribute, argument, out _, least));
        return Sound(parameter) & Sound(property) && context.GivenOnce(attribute, parameter, property);
    }

    private static void Epsilon(RuleContext context, AttributeSpec attribute)
    {
        if (context.OptionalPositive(attribute, "Eps") && attribute.Gives("Eps") && !attribute.Bool("LatentNorm", true))
        {
            context.Report(RuleTable.EpsilonWithoutNorm, attribute, "Eps", [Text.Of(attribute.Double("Eps"))]);
        }
    }

    private static void Path(RuleContext context, AttributeSpec attribute)
    {
        bool cached = context.Spec.Find("Causal") is { } causal && !CausalSettings.Read(causal).TopLeft;
        if (context.Member(attribute, "DecodePath", s_paths) && attribute.Gives("DecodePath") && !cached)
        {
            context.Report(RuleTable.PathWithoutCache, attribute, "DecodePath", [attribute.Enum("DecodePath", "Auto")]);
        }
    }

    // Rotary channels come in pairs, and only they may turn: no fixed matrix crosses a rotation that depends on positions.
    private static bool Rotary(RuleContext context, AttributeSpec attribute, LatentSettings settings)
    {
        string? argument = Arguments.Either(attribute, "ropeDim", "RopeDim")?.Name;
        if (settings.Rope % 2 != 0)
        {
            long[] legal = Nearest.Evens(settings.Rope, int.MaxValue);
            context.Report(RuleTable.OddSharedKey, attribute, argument, [Text.Of(settings.Rope), Nearest.Sentence(legal)], Nearest.Texts(legal));
            return false;
        }

        bool turns = context.Spec.Has("Rope");
        if (turns && settings.Rope == 0)
        {
            context.Report(RuleTable.NothingToTurn, attribute, argument, [], argument is null ? [] : ["2"]);
            return false;
        }

        if (!turns && settings.Rope > 0)
        {
            context.Report(RuleTable.SharedKeyStands, attribute, argument, [Text.Of(settings.Rope)], argument is null ? [] : ["0"]);
        }

        return true;
    }

    /// <param name="heads">Heads of one latent.</param>
    private static void Sizes(RuleContext context, AttributeSpec attribute, LatentSettings s, long groups, long heads, long dim, LatentNames names)
    {
        long pair = Saturating.Add(s.Nope, s.Value);
        long expanded = Saturating.Multiply(heads, pair);
        long row = Saturating.Add(Saturating.Multiply(groups, s.Rank), s.Rope);
        if (!context.Fits(attribute, "rank", (names.Down + ".weight", row, dim), (names.Up(1) + ".weight", expanded, s.Rank)))
        {
            return;
        }

        if (s.Rank >= (expanded + 1) / 2)
        {
            context.Report(RuleTable.LatentTooWide, attribute, "rank", [Text.Of(s.Rank), Text.Of(expanded), Text.Of(heads), Text.Of(s.Nope), Text.Of(s.Value)]);
        }

        if (s.Rank < pair)
        {
            context.Report(RuleTable.LatentTooNarrow, attribute, "rank", [Text.Of(s.Rank), Text.Of(pair), Text.Of(s.Nope), Text.Of(s.Value)]);
        }
    }
}

/// <param name="Rank">Channels of the latent.</param>
/// <param name="Rope">Rotary channels of a query head and of the shared key.</param>
/// <param name="Nope">Other channels of a query or key head.</param>
/// <param name="Value">Channels of a value head.</param>
/// <param name="Norm">The latent is normalised.</param>
/// <param name="Eps">Added to its mean square.</param>
/// <param name="Path">Auto, Absorb or Expand.</param>
public sealed record LatentSettings(long Rank, long Rope, long Nope, long Value, bool Norm, double Eps, string Path)
{
    public bool GivesRope { get; private init; }

    public bool GivesNope { get; private init; }

    public bool GivesValue { get; private init; }

    /// <summary>Reads the attribute; widths that are not given follow from the head width, rotary channels only where a rotation is.</summary>
    public static LatentSettings Read(AttributeSpec attribute, long headDim, AttentionSpec spec)
    {
        (ArgumentSpec? rope, ArgumentSpec? nope, ArgumentSpec? value) = (
            Arguments.Either(attribute, "ropeDim", "RopeDim"), Arguments.Either(attribute, "nopeDim", "NopeDim"), Arguments.Either(attribute, "valueDim", "ValueDim"));
        return new(
            attribute.Int("rank"),
            rope?.Value.AsInt() ?? (spec.Has("Rope") ? headDim / 4 * 2 : 0),
            nope?.Value.AsInt() ?? headDim,
            value?.Value.AsInt() ?? headDim,
            attribute.Bool("LatentNorm", true),
            attribute.Double("Eps", 1e-6),
            attribute.Enum("DecodePath", "Auto"))
        {
            GivesRope = rope is not null || !spec.Has("Rope"),
            GivesNope = nope is not null,
            GivesValue = value is not null,
        };
    }

    /// <summary>
    /// Most new tokens of a row for which attending to latents costs less than expanding them: T·(2r − dn − dv) &lt; r·(dn + dv). int.MaxValue for always, 0 for never.
    /// </summary>
    /// <param name="expands">Something stands behind the expansion that nothing can absorb.</param>
    public long FewTokens(bool expands)
    {
        long saved = (2 * Rank) - Nope - Value;
        return Path == "Expand" || expands ? 0
            : Path == "Absorb" || saved <= 0 ? int.MaxValue
            : Math.Min(((Rank * (Nope + Value)) - 1) / saved, int.MaxValue);
    }
}
