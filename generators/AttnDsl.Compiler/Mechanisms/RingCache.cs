using System;
using System.Linq;
using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>The cache keeps a row's first and last tokens.</summary>
public sealed class RingCacheMechanism : Mechanism
{
    /// <summary>Elements of the largest block that a cache can have.</summary>
    private const long LargestBlock = 2147483527;

    private static readonly string[] s_positions = ["Absolute", "Slot"];
    private static readonly string[] s_evictions = ["RoomBefore", "TrimAfter"];

    public override string Name => "RingCache";

    public override int Rank => Ranks.Cache + 2;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
        bool recentSound = context.Count(attribute, "recent", out long recent);
        bool sinksSound = attribute.Find("sinks") is null || context.NotNegative(attribute, "sinks", out _);
        bool evictionSound = context.Member(attribute, "Evict", s_evictions);
        bool positionsSound = context.Member(attribute, "Positions", s_positions);
        RingCacheSettings settings = RingCacheSettings.Read(attribute);
        if (recentSound && sinksSound)
        {
            Size(context, attribute, settings);
        }

        if (context.Spec.Find("SlidingWindow") is { } window && RingCacheSettings.Reach(window) is { } left)
        {
            Window(context, attribute, settings, left, recentSound && evictionSound, sinksSound);
        }

        if (sinksSound && positionsSound)
        {
            Distances(context, attribute, settings);
        }
    }

    public override void Lower(LayerDraft draft, AttributeSpec attribute)
    {
        RingCacheSettings settings = RingCacheSettings.Read(attribute);
        draft.CacheRing = new RingStorage(settings.Sinks, settings.Recent, settings.RoomBefore ? RingRoom.Before : RingRoom.After, Spare: 1);
        draft.CacheSinkRotation = settings.Slot && settings.Sinks > 0 ? draft.Rotation : null;
        draft.Explain(
            FormulaOrder.Cache,
            "cached: the first " + Text.Of(settings.Sinks) + " and the last " + Text.Of(settings.Recent) + " tokens; " + (settings.RoomBefore
                ? "n new ones attend to the last " + Text.Of(settings.Recent) + " − n of these"
                : "new ones attend to all of these") + (settings.Slot ? "; distances are those between places in the cache" : ""));
    }

    /// <summary>The largest number of tokens that a row can keep, or null while the layout is unknown.</summary>
    private static long? Most(RuleContext context) => Heads(context) is { } heads && context.HeadDim is { } width ? LargestBlock / Saturating.Multiply(heads, width) : null;

    /// <summary>Heads of the wider stream: keys and values have a block each.</summary>
    private static long? Heads(RuleContext context) => context is { KeyHeads: { } keys, ValueHeads: { } values } ? Math.Max(keys, values) : null;

    private static void Size(RuleContext context, AttributeSpec attribute, RingCacheSettings settings)
    {
        if (Most(context) is not { } most || settings.Recent + settings.Sinks + 1 <= most)
        {
            return;
        }

        // The recent tokens are at fault as long as fewer of them would do.
        bool recentAtFault = most - 1 - settings.Sinks >= 1 || settings.Sinks == 0;
        long nearest = recentAtFault ? most - 1 - settings.Sinks : most - 1 - settings.Recent;
        long[] legal = nearest >= (recentAtFault ? 1 : 0) ? [nearest] : [];
        string argument = recentAtFault ? "recent" : "sinks";
        context.Report(
            RuleTable.RingTooLarge,
            attribute,
            argument,
            [argument, Text.Of(settings.Recent), Text.Of(settings.Sinks), Text.Of(Heads(context)!.Value), Text.Of(context.HeadDim!.Value), Text.Of(LargestBlock), Nearest.Sentence(legal)],
            Nearest.Texts(legal));
    }

    /// <param name="left">Keys that a query of the window sees before its own.</param>
    private static void Window(RuleContext context, AttributeSpec attribute, RingCacheSettings settings, long left, bool lengthSound, bool sinksSound)
    {
        if (sinksSound && settings.Sinks > 0)
        {
            context.Report(RuleTable.SinksBehindWindow, attribute, "sinks", [Text.Of(settings.Sinks), Text.Of(left + 1)], ["0"]);
        }

        if (!lengthSound)
        {
            return;
        }

        long needed = settings.RoomBefore ? left + 1 : left;
        if (settings.Recent < needed)
        {
            long most = Most(context) is { } room ? room - 1 - (sinksSound ? settings.Sinks : 0) : int.MaxValue;
            long[] legal = needed <= Math.Min(most, int.MaxValue) ? [needed] : [];
            context.Report(
                RuleTable.RingShorterThanWindow, attribute, "recent", [Text.Of(settings.Recent), Text.Of(left + 1), Text.Of(needed), settings.RoomBefore ? "RoomBefore" : "TrimAfter", Nearest.Sentence(legal)], Nearest.Texts(legal));
        }
        else if (settings.RoomBefore && left > 0)
        {
            bool written = attribute.Gives("Evict");
            context.Report(RuleTable.RoomUnderWindow, attribute, written ? "Evict" : null, [Text.Of(left + 1), Text.Of(settings.Recent - left)], written ? ["TrimAfter"] : []);
        }
    }

    private static void Distances(RuleContext context, AttributeSpec attribute, RingCacheSettings settings)
    {
        bool alibi = context.Spec.Has("Alibi");
        if (alibi && !settings.Slot && settings.Sinks > 0)
        {
            bool written = attribute.Gives("Positions");
            context.Report(RuleTable.DistanceToSinks, attribute, written ? "Positions" : "sinks", [Text.Of(settings.Sinks)], [written ? "Slot" : "0"]);
        }
        else if (settings.Slot && !alibi && !context.Spec.Has("Rope"))
        {
            context.Report(RuleTable.SlotsWithoutPositions, attribute, "Positions", [], ["Absolute"]);
        }
    }
}

/// <param name="Recent">Last tokens that are kept.</param>
/// <param name="Sinks">First tokens that are kept.</param>
/// <param name="Slot">Distances are those between places in the cache.</param>
/// <param name="RoomBefore">Tokens go before new ones come; otherwise after.</param>
public sealed record RingCacheSettings(long Recent, long Sinks, bool Slot, bool RoomBefore)
{
    public static RingCacheSettings Read(AttributeSpec attribute) => new(
        attribute.Int("recent"),
        attribute.Int("sinks"),
        attribute.Enum("Positions", "Absolute") == "Slot",
        attribute.Enum("Evict", "RoomBefore") == "RoomBefore");

    /// <summary>Keys that a window shows before the query's own; null when it says no usable number.</summary>
    public static long? Reach(AttributeSpec window)
    {
        long reach = WindowSettings.IsTwoSided(window) ? window.Int("left", -1) : window.Int("size") - 1;
        return reach >= 0 ? reach : null;
    }
}
