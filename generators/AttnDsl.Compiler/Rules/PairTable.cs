using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Mechanisms;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Rules;

/// <summary>How two attributes get along; two that have no row may always stand together.</summary>
public enum PairKind
{
    /// <summary>Not both. The one that stands later in the source is at fault.</summary>
    Conflict,

    /// <summary>The first is wrong without the second.</summary>
    Needs,

    /// <summary>Both are possible, but the second deserves a word.</summary>
    Warn,
}

/// <summary>One row of the pair table.</summary>
/// <param name="First">Attribute name without suffix.</param>
/// <param name="Second">The other attribute's name.</param>
/// <param name="Kind">What holds between them.</param>
/// <param name="Rule">Reported; its format takes the name at fault, the other name, then <paramref name="Details"/>.</param>
/// <param name="When">For the docs: the condition in words, "" for always.</param>
/// <param name="Argument">The argument at fault, or null.</param>
/// <param name="Applies">The condition as code; false when an argument is out of its own range, which another rule reports.</param>
/// <param name="Details">Further message arguments.</param>
/// <param name="Legal">Nearest legal values of the argument.</param>
public sealed record PairRow(
    string First,
    string Second,
    PairKind Kind,
    RuleDescriptor Rule,
    string When = "",
    string? Argument = null,
    Func<AttentionSpec, bool>? Applies = null,
    Func<AttentionSpec, string[]>? Details = null,
    params string[] Legal);

/// <summary>Every pair of attributes that does not simply go together.</summary>
public static class PairTable
{
    private static readonly string[] s_querySetters = ["SparseQuery", "SymmetricSparseQuery", "ExtremeSparseQuery", "ReverseSparseQuery"];

    private static readonly PairRow[] s_rows =
    [
        .. TwoQuerySetters(),
        new("MultiQuery", "GroupedQuery", PairKind.Conflict, RuleTable.KvHeadsTwice),
        SymmetricWith("GroupedQuery"),
        SymmetricWith("MultiQuery"),
        ReverseWith("GroupedQuery"),
        ReverseWith("MultiQuery"),
        .. LatentWithKv("LatentKV"),
        .. LatentWithKv("GroupedLatentKV"),
        new("LatentKV", "QkNorm", PairKind.Warn, RuleTable.NormBehindLatent, "DecodePath is not Absorb", null, spec => !Absorbs(spec)),
        new("LatentKV", "QkNorm", PairKind.Conflict, RuleTable.NormAgainstAbsorb, "DecodePath is Absorb", null, spec => Absorbs(spec)),
        new("GroupedLatentKV", "QkNorm", PairKind.Conflict, RuleTable.NormOfGroupedLatents),
        .. BiasOfLatents("LogitSoftCap"),
        .. BiasOfLatents("AttentionSink"),
        YarnOfLatents("LatentKV"),
        YarnOfLatents("GroupedLatentKV"),
        new("Rope", "Alibi", PairKind.Warn, RuleTable.RopeAndAlibi),
        new("Yarn", "Rope", PairKind.Needs, RuleTable.YarnWithoutRope),
        new("Causal", "Bidirectional", PairKind.Conflict, RuleTable.CausalAndBidirectional),
        new(
            "SlidingWindow",
            "Causal",
            PairKind.Needs,
            RuleTable.OneSidedWindow,
            "the window is one-sided",
            "size",
            spec => OneSided(spec) is not null,
            spec => [Text.Of(OneSided(spec)!.Value), Text.Of(OneSided(spec)!.Value - 1)]),
        new(
            "Causal",
            "SlidingWindow",
            PairKind.Warn,
            RuleTable.HiddenRightSide,
            "the window is two-sided and right is above 0",
            "right",
            spec => TwoSided(spec) is { Left: >= 0, Right: > 0 },
            spec => [Text.Of(TwoSided(spec)!.Right), Text.Of(Math.Min(TwoSided(spec)!.Left, int.MaxValue - 1) + 1)],
            "0"),
        new(
            "Causal",
            "SlidingWindow",
            PairKind.Warn,
            RuleTable.TopLeftWindow,
            "align is TopLeft",
            null,
            AlignsTopLeft),
        new("KvCache", "Causal", PairKind.Needs, RuleTable.CacheWithoutCausal),
        new(
            "Causal",
            "KvCache",
            PairKind.Conflict,
            RuleTable.CacheOfTopLeft,
            "align is TopLeft",
            null,
            AlignsTopLeft),
        new("QuantizedCache", "Causal", PairKind.Needs, RuleTable.CacheWithoutCausal),
        new(
            "Causal",
            "QuantizedCache",
            PairKind.Conflict,
            RuleTable.CacheOfTopLeft,
            "align is TopLeft",
            null,
            AlignsTopLeft),
        new(
            "KvCache",
            "QuantizedCache",
            PairKind.Conflict,
            RuleTable.CodesInPages,
            "Storage is Paged",
            null,
            spec => spec.Find("KvCache") is { } cache && KvCacheSettings.Read(cache).Paged),
        new("RingCache", "Causal", PairKind.Needs, RuleTable.CacheWithoutCausal),
        new(
            "Causal",
            "RingCache",
            PairKind.Conflict,
            RuleTable.CacheOfTopLeft,
            "align is TopLeft",
            null,
            AlignsTopLeft),
        new(
            "KvCache",
            "RingCache",
            PairKind.Conflict,
            RuleTable.RingInPages,
            "Storage is Paged",
            null,
            spec => spec.Find("KvCache") is { } cache && KvCacheSettings.Read(cache).Paged),
        new("QuantizedCache", "RingCache", PairKind.Conflict, RuleTable.RingOfCodes),
        new("LatentKV", "RingCache", PairKind.Conflict, RuleTable.RingOfOtherRows),
        new("GroupedLatentKV", "RingCache", PairKind.Conflict, RuleTable.RingOfOtherRows),
        new("KeyWidth", "RingCache", PairKind.Conflict, RuleTable.RingOfOtherRows),
        new(
            "SlidingWindow",
            "SelectiveValue",
            PairKind.Warn,
            RuleTable.NothingLeftOut,
            "top is no less than the keys of the window",
            "top",
            spec => WindowKeys(spec) is { } keys && Top(spec) >= Math.Max(keys, 1),
            spec => [Text.Of(Top(spec)), Text.Of(WindowKeys(spec)!.Value)]),
        new(
            "RingCache",
            "SelectiveValue",
            PairKind.Warn,
            RuleTable.NothingLeftOut,
            "top is no less than what the ring shows a decoded token",
            "top",
            spec => RingKeys(spec) is { } keys && Top(spec) >= Math.Max(keys, 1),
            spec => [Text.Of(Top(spec)), Text.Of(RingKeys(spec)!.Value)]),
        new("TiedKV", "RingCache", PairKind.Conflict, RuleTable.RingOfOtherRows),
        new("TiedKV", "Rope", PairKind.Needs, RuleTable.TiedWithoutRotation),
        new("LatentKV", "TiedKV", PairKind.Conflict, RuleTable.SourcesTwice),
        new("GroupedLatentKV", "TiedKV", PairKind.Conflict, RuleTable.SourcesTwice),
        new("LatentKV", "GroupedLatentKV", PairKind.Conflict, RuleTable.SourcesTwice),
        new(
            "GroupedQuery",
            "TiedKV",
            PairKind.Conflict,
            RuleTable.TiedHeadsApart,
            "keyHeads and valueHeads differ",
            null,
            spec => Apart(spec) is { KeyHeads: >= 1, ValueHeads: >= 1 } heads && heads.KeyHeads != heads.ValueHeads,
            spec => [Text.Of(Apart(spec)!.KeyHeads), Text.Of(Apart(spec)!.ValueHeads)]),
        .. TiedWithProjections(),
        .. LatentWithProjections("LatentKV"),
        .. LatentWithProjections("GroupedLatentKV"),
        .. Parts(),
        new("Compressed", "Causal", PairKind.Needs, RuleTable.LookingBack, "it convolves or shifts", null, spec => Settings(spec) is { Convolution: true } or { ValueShift: true }),
        new("Segments", "Compressed", PairKind.Warn, RuleTable.ReachOverSegments, "it convolves or shifts", null, spec => Settings(spec) is { Convolution: true } or { ValueShift: true }),
        new("QkNorm", "Compressed", PairKind.Conflict, RuleTable.TwoNorms, "L2Norm is on", null, spec => Settings(spec) is { L2Norm: true }),
        new("KeyWidth", "Compressed", PairKind.Conflict, RuleTable.NarrowKeysInvolved, "it convolves or shares means", null, spec => Settings(spec) is { Convolution: true } or { QKMean: true }),
        new("ReverseSparseQuery", "Compressed", PairKind.Conflict, RuleTable.FewerQueriesThanKeys, "QKMean is on", null, spec => Settings(spec) is { QKMean: true }),
        .. LookingBack("QKConv"),
        .. LookingBack("ValueShift"),
        new("QkNorm", "QKL2Norm", PairKind.Conflict, RuleTable.TwoNorms),
        new("KeyWidth", "QKConv", PairKind.Conflict, RuleTable.NarrowKeysInvolved),
        new("KeyWidth", "QKMean", PairKind.Conflict, RuleTable.NarrowKeysInvolved),
        new("ReverseSparseQuery", "QKMean", PairKind.Conflict, RuleTable.FewerQueriesThanKeys),
    ];

    public static IReadOnlyList<PairRow> Rows => s_rows;

    /// <summary>The rows about two attributes, in either order.</summary>
    public static IEnumerable<PairRow> Between(string one, string other) =>
        s_rows.Where(row => (row.First == one && row.Second == other) || (row.First == other && row.Second == one));

    /// <summary>Reports every row that applies.</summary>
    public static void Check(RuleContext context)
    {
        foreach (PairRow row in s_rows)
        {
            Check(context, row, context.Spec.Find(row.First), context.Spec.Find(row.Second));
        }
    }

    private static bool AlignsTopLeft(AttentionSpec spec) => spec.Find("Causal") is { } causal && CausalSettings.Read(causal).TopLeft;

    private static void Check(RuleContext context, PairRow row, AttributeSpec? first, AttributeSpec? second)
    {
        bool wanted = row.Kind == PairKind.Needs ? first is not null && second is null : first is not null && second is not null;
        if (!wanted || row.Applies?.Invoke(context.Spec) == false)
        {
            return;
        }

        bool secondAtFault = row.Kind == PairKind.Warn || (row.Kind == PairKind.Conflict && second!.Index > first!.Index);
        (AttributeSpec? fault, AttributeSpec? other) = secondAtFault ? (second, first) : (first, second);
        (string faultName, string otherName) = secondAtFault ? (row.Second, row.First) : (row.First, row.Second);
        context.Report(row.Rule, fault, row.Argument, [faultName, otherName, .. row.Details?.Invoke(context.Spec) ?? []], row.Legal, other);
        if (row.Kind == PairKind.Conflict)
        {
            context.Contradict(first!, second!, MechanismTable.Find(row.First)!.Shapes & MechanismTable.Find(row.Second)!.Shapes);
        }
    }

    private static IEnumerable<PairRow> TwoQuerySetters() =>
        from i in Enumerable.Range(0, s_querySetters.Length)
        from j in Enumerable.Range(i + 1, s_querySetters.Length - i - 1)
        select new PairRow(s_querySetters[i], s_querySetters[j], PairKind.Conflict, RuleTable.QueryHeadsTwice);

    private static IEnumerable<PairRow> LatentWithKv(string latent) =>
        new[] { "GroupedQuery", "MultiQuery", "SymmetricSparseQuery", "ReverseSparseQuery" }.Select(other => new PairRow(latent, other, PairKind.Conflict, RuleTable.KvHeadsOfLatent));

    /// <summary>What works on projected queries, keys or values, which a latent layer has none of.</summary>
    private static IEnumerable<PairRow> LatentWithProjections(string latent) =>
        new[] { "AugmentedQuery", "KeyWidth", "QKConv", "QKMean", "QKL2Norm", "ValueShift", "Compressed" }.Select(other => new PairRow(latent, other, PairKind.Conflict, RuleTable.LatentWithoutProjections));

    /// <summary>What works on queries, keys or values apart from each other.</summary>
    private static IEnumerable<PairRow> TiedWithProjections() =>
        new[] { "AugmentedQuery", "KeyWidth", "QKConv", "QKMean", "QKL2Norm", "ValueShift", "Compressed" }.Select(other => new PairRow("TiedKV", other, PairKind.Conflict, RuleTable.TiedWithoutProjections));

    private static GroupedQuerySettings? Apart(AttentionSpec spec) => spec.Find("GroupedQuery") is { } grouped ? GroupedQuerySettings.Read(grouped) : null;

    /// <summary>What sees biases that latents are expanded with: a cap, a sink.</summary>
    private static IEnumerable<PairRow> BiasOfLatents(string seeing) =>
    [
        new(
            "GroupedLatentKV",
            seeing,
            PairKind.Warn,
            RuleTable.BiasBehindLatents,
            "[Attention] has Bias, there is a cache, and DecodePath is not Absorb",
            null,
            spec => GroupedLatentKVMechanism.BiasStays(spec) && !Absorbs(spec, "GroupedLatentKV") && spec.Has("Causal") && !AlignsTopLeft(spec)),
        new(
            "GroupedLatentKV",
            seeing,
            PairKind.Conflict,
            RuleTable.BiasAgainstAbsorb,
            "[Attention] has Bias, and DecodePath is Absorb",
            null,
            spec => GroupedLatentKVMechanism.BiasStays(spec) && Absorbs(spec, "GroupedLatentKV")),
    ];

    private static PairRow YarnOfLatents(string latent) => new(
        latent,
        "Yarn",
        PairKind.Warn,
        RuleTable.YarnOnPartOfTheScore,
        "ScaleOn is Rotation",
        "ScaleOn",
        spec => spec.Find("Yarn") is { } yarn && yarn.Enum("ScaleOn", "") == "Rotation",
        null,
        "Softmax");

    private static bool Absorbs(AttentionSpec spec, string latent = "LatentKV") => spec.Find(latent)?.Enum("DecodePath", "Auto") == "Absorb";

    /// <summary>What [Compressed] has itself, and what sets heads that a factor sets.</summary>
    private static IEnumerable<PairRow> Parts()
    {
        foreach (string part in new[] { "QKConv", "QKMean", "ValueShift", "QKL2Norm" })
        {
            yield return new(part, "Compressed", PairKind.Conflict, RuleTable.PartOfCompressed);
        }

        foreach (string setter in new[] { "GroupedQuery", "MultiQuery", "SymmetricSparseQuery", "ReverseSparseQuery" })
        {
            yield return new(setter, "Compressed", PairKind.Conflict, RuleTable.KvHeadsTwice, "KvFactor is given", null, spec => Settings(spec)?.KvFactor is not null);
        }
    }

    private static CompressedSettings? Settings(AttentionSpec spec) => spec.Find("Compressed") is { } compressed ? CompressedSettings.Read(compressed) : null;

    /// <summary>What takes from earlier tokens needs a direction, and borders that it crosses are worth a word.</summary>
    private static IEnumerable<PairRow> LookingBack(string name) =>
    [
        new(name, "Causal", PairKind.Needs, RuleTable.LookingBack),
        new("Segments", name, PairKind.Warn, RuleTable.ReachOverSegments),
    ];

    private static PairRow SymmetricWith(string kvSetter) => new(
        "SymmetricSparseQuery",
        kvSetter,
        PairKind.Conflict,
        RuleTable.PresetFixesKv,
        "they give different numbers of key/value heads",
        null,
        spec => Half(spec) is { } half && Kv(spec, kvSetter).Any(kv => kv != half),
        spec => [$"[SymmetricSparseQuery] fixes the key/value heads at {Text.Of(Half(spec)!.Value)}, half of the heads, and [{kvSetter}] says {string.Join(" and ", Kv(spec, kvSetter).Select(Text.Of))}"]);

    // Its kv is an argument of its own, so a second place to say it is never needed, equal or not.
    private static PairRow ReverseWith(string kvSetter) => new(
        "ReverseSparseQuery",
        kvSetter,
        PairKind.Conflict,
        RuleTable.PresetFixesKv,
        Details: _ => ["the key/value heads are the kv argument of [ReverseSparseQuery]"]);

    private static long? Half(AttentionSpec spec) =>
        spec.Find("Attention")?.Int("heads") is { } heads && heads >= 2 && heads % 2 == 0 ? heads / 2 : null;

    /// <summary>The key/value heads that an attribute sets, as far as they are counts.</summary>
    private static long[] Kv(AttentionSpec spec, string kvSetter)
    {
        if (kvSetter == "MultiQuery")
        {
            return [1];
        }

        GroupedQuerySettings settings = GroupedQuerySettings.Read(spec.Find(kvSetter)!);
        return [.. new[] { settings.KeyHeads, settings.ValueHeads }.Distinct().Where(heads => heads >= 1)];
    }

    private static long Top(AttentionSpec spec) => spec.Find("SelectiveValue")!.Int("top");

    /// <summary>Keys that a window shows a query at most; null where it is wrong in itself.</summary>
    private static long? WindowKeys(AttentionSpec spec)
    {
        bool causal = spec.Has("Causal");
        return OneSided(spec) is { } size ? (causal ? size : null)
            : TwoSided(spec) is { Left: >= 0, Right: >= 0 } window ? Saturating.Add(Saturating.Add(window.Left, 1), causal ? 0 : window.Right)
            : null;
    }

    /// <summary>Keys of a ring and the query's own; null where the ring is wrong in itself.</summary>
    private static long? RingKeys(AttentionSpec spec) =>
        spec.Find("RingCache") is { } ring && (ring.Enum("Evict", "RoomBefore") is "RoomBefore" or "TrimAfter") && RingCacheSettings.Read(ring) is { Recent: >= 1, Sinks: >= 0 } settings ? Saturating.Add(Saturating.Add(settings.Recent, settings.Sinks), settings.RoomBefore ? 0 : 1) : null;

    private static long? OneSided(AttentionSpec spec) =>
        spec.Find("SlidingWindow") is { } window && !WindowSettings.IsTwoSided(window) && window.Int("size") is var size && size >= 1 ? size : null;

    private static WindowSettings? TwoSided(AttentionSpec spec) =>
        spec.Find("SlidingWindow") is { } window && WindowSettings.IsTwoSided(window) ? WindowSettings.Read(window) : null;
}
