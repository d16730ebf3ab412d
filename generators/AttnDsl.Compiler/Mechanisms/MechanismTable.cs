using System;
using System.Collections.Generic;
using System.Linq;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Every attribute of the vocabulary.</summary>
public static class MechanismTable
{
    private static readonly Mechanism[] s_byRank = new Mechanism[]
    {
        new AttentionMechanism(),
        new CompressedMechanism(),
        new SparseQueryMechanism(),
        new SymmetricSparseQueryMechanism(),
        new ExtremeSparseQueryMechanism(),
        new ReverseSparseQueryMechanism(),
        new GroupedQueryMechanism(),
        new MultiQueryMechanism(),
        new LatentKVMechanism(),
        new GroupedLatentKVMechanism(),
        new LowRankQueryMechanism(),
        new TiedKVMechanism(),
        new AugmentedQueryMechanism(),
        new KeyWidthMechanism(),
        new QKConvMechanism(),
        new QKMeanMechanism(),
        new ValueShiftMechanism(),
        new QkNormMechanism(),
        new QKL2NormMechanism(),
        new RopeMechanism(),
        new YarnMechanism(),
        new AlibiMechanism(),
        new CausalMechanism(),
        new BidirectionalMechanism(),
        new SlidingWindowMechanism(),
        new SegmentsMechanism(),
        new QueryScaleMechanism(),
        new LogitSoftCapMechanism(),
        new AttentionSinkMechanism(),
        new SelectiveValueMechanism(),
        new KvCacheMechanism(),
        new QuantizedCacheMechanism(),
        new RingCacheMechanism(),
    }.OrderBy(mechanism => mechanism.Rank).ToArray();

    private static readonly Dictionary<string, Mechanism> s_byName = s_byRank.ToDictionary(mechanism => mechanism.Name, StringComparer.Ordinal);

    /// <summary>In the canonical order of application.</summary>
    public static IReadOnlyList<Mechanism> ByRank => s_byRank;

    /// <summary>The mechanism of an attribute name without its suffix, or null when the vocabulary has none.</summary>
    public static Mechanism? Find(string name) => s_byName.TryGetValue(name, out Mechanism? mechanism) ? mechanism : null;
}
