using System;
using System.Linq;
using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Old tokens of the cache are codes: keys in groups of tokens, values in groups of channels.</summary>
public sealed class QuantizedCacheMechanism : Mechanism
{
    private static readonly long[] s_bits = [2, 4, 8];

    public override string Name => "QuantizedCache";

    public override int Rank => Ranks.Cache + 1;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
        bool bitsSound = context.Count(attribute, "bits", out long bits);
        if (bitsSound && !s_bits.Contains(bits))
        {
            context.Report(RuleTable.CodeBits, attribute, "bits", [Text.Of(bits)], [.. Packing(context.CodedChannels).OrderBy(legal => Math.Abs(legal - bits)).Take(1).Select(Text.Of)]);
            bitsSound = false;
        }

        bool groupSound = context.OptionalCount(attribute, "Group");
        bool residualSound = context.OptionalCount(attribute, "Residual");
        long group = attribute.Int("Group", QuantizedCacheSettings.DefaultGroup);
        if (groupSound && context.CodedChannels is { } width)
        {
            Channels(context, attribute, bitsSound ? bits : null, group, width);
        }

        if (bitsSound && groupSound && residualSound)
        {
            Residual(context, attribute, bits, group);
        }
    }

    public override void Lower(LayerDraft draft, AttributeSpec attribute)
    {
        var settings = QuantizedCacheSettings.Read(attribute);
        draft.CacheCodes = settings;
        bool byToken = draft.Source.Cache.Streams.Any(stream => stream.Codes?.Axis == CodeAxis.Token);
        draft.Explain(
            FormulaOrder.Cache,
            (byToken ? "cached k, v" : "cached rows") + " ← c·s + mn, c of " + Text.Of(settings.Bits) + " bits, s and mn of " + Text.Of(settings.Group) + (byToken ? " tokens (k) or channels (v)" : " tokens") + "; the newest " + Text.Of(settings.Residual) + " tokens are not rounded");
    }

    /// <summary>Bits with which a value head fills whole int32.</summary>
    private static long[] Packing(long? width) => [.. s_bits.Where(bits => width is not { } channels || channels % (32 / bits) == 0)];

    /// <summary>The argument where it is written; a default is the attribute's own.</summary>
    private static string? Written(AttributeSpec attribute, string argument) => attribute.Gives(argument) ? argument : null;

    private static string[] Offers(AttributeSpec attribute, string argument, long[] legal) => attribute.Gives(argument) ? [.. legal.Select(Text.Of)] : [];

    // The values of a token are grouped by channel and packed into int32.
    private static void Channels(RuleContext context, AttributeSpec attribute, long? bits, long group, long width)
    {
        if (width % group != 0)
        {
            long[] legal = Nearest.Divisors(width, group);
            context.Report(
                RuleTable.CodeGroup, attribute, Written(attribute, "Group"), [Text.Of(group), Text.Of(width), Nearest.Sentence(legal)], Offers(attribute, "Group", legal));
        }

        if (bits is { } b && width % (32 / b) != 0)
        {
            long[] legal = Packing(width);
            context.Report(RuleTable.CodePacking, attribute, "bits", [Text.Of(b), Text.Of(width), Text.Of(32 / b), Nearest.Sentence(legal)], [.. legal.Select(Text.Of)]);
        }
    }

    private static void Residual(RuleContext context, AttributeSpec attribute, long bits, long group)
    {
        long unit = Saturating.Multiply(group, 32 / bits / GreatestCommonDivisor(group, 32 / bits));
        long residual = attribute.Int("Residual", QuantizedCacheSettings.DefaultResidual);
        if (residual % unit != 0)
        {
            long[] legal = Nearest.Multiples(unit, residual, int.MaxValue);
            context.Report(
                RuleTable.CodeResidual,
                attribute,
                Written(attribute, "Residual"),
                [Text.Of(residual), Text.Of(unit), Text.Of(group), Text.Of(32 / bits), Nearest.Sentence(legal)],
                Offers(attribute, "Residual", legal));
        }
    }

    private static long GreatestCommonDivisor(long a, long b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);
}

/// <summary>What the attribute says.</summary>
public static class QuantizedCacheSettings
{
    public const long DefaultGroup = 32;

    public const long DefaultResidual = 128;

    public static CacheCodes Read(AttributeSpec attribute) => new(
        attribute.Int("bits"), attribute.Int("Group", DefaultGroup), attribute.Int("Residual", DefaultResidual));
}
