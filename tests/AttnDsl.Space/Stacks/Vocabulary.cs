using System;
using System.Collections.Generic;
using System.Linq;

namespace AttnDsl.Space.Stacks;

/// <summary>
/// The values that every argument of every attribute is tried with: what people write, the edges (0, 1, primes, powers of two and their neighbours, the ends of int,
/// what float32 cannot hold) and what is wrong. A new attribute needs an entry here; a test says so.
/// </summary>
internal static class Vocabulary
{
    private static readonly Literal[] s_flags = [Literal.Of(true), Literal.Of(false)];

    private static readonly Published[] s_all =
    [
        new(
            typeof(AttentionAttribute),
            [
                new("dim", Ints(24, 1, 7, 16, 17, 48, 96, 0, -1, int.MinValue, int.MaxValue)),
                new("heads", Ints(12, 1, 2, 3, 5, 7, 8, 9, 24, 0, -1, int.MaxValue)),
                new("headDim", Ints(8, 1, 2, 3, 7, 16, 17, 576, 0, -8, int.MaxValue, 1 << 27)),
                new("HeadDim", Ints(8, 1, 6, 0, int.MinValue)),
                new("Bias", s_flags),
                new("OutputBias", s_flags),
            ],
            "dim heads headDim",
            "dim heads",
            "dim heads HeadDim",
            "dim heads headDim HeadDim",
            "dim heads headDim Bias",
            "dim heads headDim Bias OutputBias"),
        new(
            typeof(GroupedQueryAttribute),
            [
                new("kv", Ints(3, 1, 2, 4, 5, 6, 7, 8, 12, 13, 0, -3, int.MinValue, int.MaxValue)),
                new("keyHeads", Ints(2, 1, 3, 4, 5, 6, 12, 13, 0, int.MinValue, int.MaxValue)),
                new("valueHeads", Ints(4, 1, 2, 3, 5, 6, 12, 24, 0, -1, int.MaxValue)),
            ],
            "kv",
            "keyHeads valueHeads"),
        new(typeof(AugmentedQueryAttribute), [new("width", Ints(20, 1, 7, 16, 0, -1, int.MinValue, int.MaxValue))], "width"),
        new(typeof(KeyWidthAttribute), [new("width", Ints(4, 1, 3, 7, 8, 9, 0, -4, int.MaxValue))], "width"),
        new(
            typeof(QKConvAttribute),
            [new("seq", Ints(3, 1, 2, 4, 0, -1, int.MinValue, int.MaxValue)), new("head", Ints(2, 1, 3, 0, -2, int.MinValue, int.MaxValue))],
            "",
            "seq head",
            "seq"),
        new(typeof(QKMeanAttribute), [], ""),
        new(
            typeof(QKL2NormAttribute),
            [new("temperature", Literal.Of(Temperature.Raw), Literal.Of(Temperature.Exp), Literal.Of((Temperature)2), Literal.Of((Temperature)(-1)))],
            "",
            "temperature"),
        new(typeof(ValueShiftAttribute), [], ""),
        new(
            typeof(CompressedAttribute),
            [
                new("factor", Ints(2, 1, 3, 5, 0, -2, int.MaxValue)),
                new("QueryFactor", Ints(2, 1, 3, 0, int.MinValue, int.MaxValue)),
                new("KvFactor", Ints(4, 1, 2, 3, 8, 0, -1, int.MaxValue)),
                new("SeqKernel", Ints(3, 1, 0, int.MinValue)),
                new("HeadKernel", Ints(1, 3, 0, -1, int.MaxValue)),
                new("Temperature", Literal.Of(Temperature.Raw), Literal.Of(Temperature.Exp), Literal.Of((Temperature)5)),
                new("Convolution", Literal.Of(false), Literal.Of(true)),
                new("QKMean", Literal.Of(false), Literal.Of(true)),
                new("ValueShift", Literal.Of(false), Literal.Of(true)),
                new("L2Norm", Literal.Of(false), Literal.Of(true)),
            ],
            "",
            "factor",
            "QueryFactor KvFactor",
            "QueryFactor",
            "KvFactor",
            "SeqKernel HeadKernel Temperature",
            "Convolution ValueShift",
            "QKMean",
            "L2Norm",
            "factor KvFactor"),
        new(typeof(SelectiveValueAttribute), [new("top", Ints(3, 1, 2, 4, 9, 1000, 0, -1, int.MinValue, int.MaxValue))], "top"),
        new(typeof(MultiQueryAttribute), [], ""),
        new(
            typeof(SparseQueryAttribute),
            [
                new("ratio", Ints(2, 1, 3, 4, 5, 7, 12, 13, 0, -2, int.MaxValue)),
                new("Heads", Ints(6, 1, 2, 5, 7, 11, 12, 13, 0, -1, int.MaxValue)),
            ],
            "ratio",
            "Heads",
            "",
            "ratio Heads"),
        new(typeof(SymmetricSparseQueryAttribute), [], ""),
        new(typeof(ExtremeSparseQueryAttribute), [new("ratio", Ints(4, 1, 2, 3, 5, 6, 7, 12, 13, 0, -4, int.MaxValue))], "ratio"),
        new(
            typeof(ReverseSparseQueryAttribute),
            [
                new("heads", Ints(3, 1, 2, 4, 5, 6, 12, 13, 0, -1, int.MaxValue)),
                new("kv", Ints(6, 1, 3, 4, 7, 9, 12, 13, 0, -6, int.MinValue)),
            ],
            "heads kv"),
        new(
            typeof(LatentKVAttribute),
            [
                new("rank", Ints(16, 1, 4, 5, 24, 48, 400, 0, -1, int.MaxValue)),
                new("ropeDim", Ints(4, 0, 2, 3, 8, -2, int.MaxValue)),
                new("nopeDim", Ints(3, 1, 8, 0, -1, 1 << 27, int.MaxValue)),
                new("valueDim", Ints(2, 1, 8, 0, -1, int.MaxValue)),
                new("RopeDim", Ints(4, 0, 6, 7, int.MinValue)),
                new("NopeDim", Ints(3, 1, 6, 0, int.MinValue)),
                new("ValueDim", Ints(2, 5, 0, int.MinValue)),
                new("LatentNorm", s_flags.Reverse().ToArray()),
                new("Eps", Reals(1e-6, 0.1, 1e-40, 0, -1e-6, double.NaN, double.PositiveInfinity)),
                new("DecodePath", Literal.Of(DecodePath.Absorb), Literal.Of(DecodePath.Expand), Literal.Of(DecodePath.Auto), Literal.Of((DecodePath)3)),
            ],
            "rank ropeDim nopeDim valueDim",
            "rank",
            "rank RopeDim",
            "rank ropeDim nopeDim valueDim DecodePath",
            "rank NopeDim ValueDim LatentNorm",
            "rank ropeDim nopeDim valueDim Eps",
            "rank NopeDim ValueDim LatentNorm Eps DecodePath",
            "rank ropeDim nopeDim valueDim RopeDim NopeDim ValueDim"),
        new(
            typeof(LowRankQueryAttribute),
            [
                new("rank", Ints(6, 1, 24, 96, 0, -1, int.MaxValue)),
                new("Eps", Reals(1e-6, 0.1, 1e-40, 0, -1e-6, double.NaN, double.PositiveInfinity)),
            ],
            "rank",
            "rank Eps"),
        new(
            typeof(GroupedLatentKVAttribute),
            [
                new("groups", Ints(2, 1, 3, 4, 5, 6, 12, 64, 65, 0, -1, int.MaxValue)),
                new("rank", Ints(16, 1, 4, 5, 24, 400, 0, -1, int.MaxValue)),
                new("ropeDim", Ints(4, 0, 2, 3, 8, -2, int.MaxValue)),
                new("RopeDim", Ints(4, 0, 6, 7, int.MinValue)),
                new("NopeDim", Ints(3, 1, 6, 0, int.MinValue)),
                new("ValueDim", Ints(2, 5, 0, int.MinValue)),
                new("LatentNorm", s_flags.Reverse().ToArray()),
                new("Eps", Reals(1e-5, 0.1, 1e-40, 0, -1e-6, double.NaN, double.PositiveInfinity)),
                new("DecodePath", Literal.Of(DecodePath.Absorb), Literal.Of(DecodePath.Expand), Literal.Of(DecodePath.Auto), Literal.Of((DecodePath)3)),
            ],
            "groups rank ropeDim",
            "groups rank",
            "groups rank RopeDim",
            "groups rank ropeDim NopeDim ValueDim DecodePath",
            "groups rank NopeDim ValueDim LatentNorm",
            "groups rank ropeDim Eps",
            "groups rank NopeDim ValueDim LatentNorm Eps DecodePath",
            "groups rank ropeDim RopeDim NopeDim ValueDim"),
        new(
            typeof(TiedKVAttribute),
            [new("ropeDim", Ints(4, 2, 6, 7, 8, 9, 1, 0, -2, int.MinValue, int.MaxValue)), new("RopeBias", s_flags.Reverse().ToArray())],
            "ropeDim",
            "ropeDim RopeBias"),
        new(
            typeof(RopeAttribute),
            [
                new("theta", Reals(10000, 500000, 2, 1.0001, 1, 0, -10000, 1e-40, 1e300, double.NaN, double.PositiveInfinity)),
                new("layout", Literal.Of(RopeLayout.Interleaved), Literal.Of(RopeLayout.HalfSplit), Literal.Of((RopeLayout)2), Literal.Of((RopeLayout)(-1))),
                new("rotaryDim", Ints(4, 2, 3, 6, 7, 8, 9, 10, 1, 0, -2, int.MaxValue)),
                new("RotaryDim", Ints(4, 2, 5, 8, 16, 0, int.MinValue)),
                new("FrequencyStride", Ints(2, 1, 3, 0, -1, int.MaxValue)),
            ],
            "",
            "theta",
            "theta layout",
            "theta rotaryDim",
            "theta layout rotaryDim",
            "RotaryDim",
            "theta layout FrequencyStride",
            "theta rotaryDim RotaryDim FrequencyStride"),
        new(
            typeof(YarnAttribute),
            [
                new("factor", Reals(4, 32, 1.5, 1, 0.5, 0, -4, double.NaN, double.NegativeInfinity, 1e300)),
                new("originalLength", Ints(1024, 4096, 512, 201, 202, 8192, 1, 0, -1, int.MaxValue)),
                new("betaFast", Reals(32, 16, 2, 1, 0.5, 0, -32, double.NaN)),
                new("betaSlow", Reals(1, 0.5, 2, 32, 64, 0, -1, double.PositiveInfinity)),
                new("mscale", Reals(1, 0, 0.707, 2, -1, double.NaN)),
                new("Rounded", s_flags),
                new("ScaleOn", Literal.Of(YarnScale.Softmax), Literal.Of(YarnScale.Rotation), Literal.Of((YarnScale)5)),
            ],
            "factor originalLength",
            "factor originalLength Rounded",
            "factor originalLength betaFast",
            "factor originalLength betaFast betaSlow",
            "factor originalLength mscale ScaleOn",
            "factor originalLength betaFast betaSlow mscale Rounded ScaleOn"),
        new(typeof(AlibiAttribute), [], ""),
        new(
            typeof(CausalAttribute),
            [new("align", Literal.Of(CausalAlign.BottomRight), Literal.Of(CausalAlign.TopLeft), Literal.Of((CausalAlign)2), Literal.Of((CausalAlign)(-1)))],
            "",
            "align"),
        new(typeof(BidirectionalAttribute), [], ""),
        new(
            typeof(SlidingWindowAttribute),
            [
                new("size", Ints(3, 1, 2, 4, 5, 1024, 0, -1, int.MinValue, int.MaxValue)),
                new("left", Ints(2, 0, 1, 3, 1023, -1, int.MinValue, int.MaxValue)),
                new("right", Ints(1, 0, 2, 1024, -1, int.MaxValue)),
            ],
            "size",
            "left right"),
        new(typeof(SegmentsAttribute), [], ""),
        new(
            typeof(QueryScaleAttribute),
            [
                new("preAttnScalar", Reals(144, 1, 2, 0.25, 1e-38, 1e38, 0, -144, double.NaN, double.PositiveInfinity)),
                new("Scale", Reals(0.125, 1, 2, 1e-3, 1e-40, 1e39, 0, -0.5, double.NaN, double.NegativeInfinity)),
            ],
            "preAttnScalar",
            "Scale",
            "",
            "preAttnScalar Scale"),
        new(typeof(LogitSoftCapAttribute), [new("cap", Reals(50, 5, 1, 0.5, 1e30, 1e-40, 0, -50, double.NaN, double.PositiveInfinity))], "cap"),
        new(typeof(AttentionSinkAttribute), [], ""),
        new(
            typeof(QkNormAttribute),
            [
                new("Form", Literal.Of(QkNormForm.OnePlus), Literal.Of(QkNormForm.Plain), Literal.Of((QkNormForm)2)),
                new("Eps", Reals(1e-6, 1e-5, 0.1, 1, 1e-37, 1e-40, 0, -1e-6, double.NaN, double.PositiveInfinity)),
            ],
            "",
            "Form",
            "Eps",
            "Form Eps"),
        new(
            typeof(KvCacheAttribute),
            [
                new("Element", Literal.Of(CacheElement.BFloat16), Literal.Of(CacheElement.Float32), Literal.Of((CacheElement)2)),
                new("KeyElement", Literal.Of(CacheElement.BFloat16), Literal.Of(CacheElement.Float32), Literal.Of((CacheElement)2)),
                new("ValueElement", Literal.Of(CacheElement.BFloat16), Literal.Of(CacheElement.Float32), Literal.Of((CacheElement)2)),
                new("Storage", Literal.Of(CacheStorage.Paged), Literal.Of(CacheStorage.Contiguous), Literal.Of((CacheStorage)2)),
                new("PageSize", Ints(4, 16, 5, 1, 0, -1, int.MinValue)),
            ],
            "",
            "Element",
            "Storage",
            "Storage PageSize",
            "KeyElement",
            "ValueElement",
            "Element ValueElement",
            "Element Storage PageSize",
            "PageSize"),
        new(
            typeof(QuantizedCacheAttribute),
            [
                new("bits", Ints(8, 4, 2, 8, 3, 0, -1, int.MaxValue)),
                new("Group", Ints(1, 2, 4, 8, 3, 0, -1, int.MaxValue)),
                new("Residual", Ints(16, 32, 8, 0, -1, int.MinValue, int.MaxValue)),
            ],
            "bits Group Residual",
            "bits Group",
            "bits"),
        new(
            typeof(RingCacheAttribute),
            [
                new("recent", Ints(9, 16, 7, 8, 1, 2, 3, 1024, 0, -1, int.MinValue, int.MaxValue)),
                new("sinks", Ints(0, 2, 1, 0, 3, -1, int.MinValue, int.MaxValue)),
                new("Positions", Literal.Of(RingPositions.Slot), Literal.Of(RingPositions.Absolute), Literal.Of((RingPositions)2)),
                new("Evict", Literal.Of(RingEviction.TrimAfter), Literal.Of(RingEviction.RoomBefore), Literal.Of((RingEviction)(-1))),
            ],
            "recent",
            "recent Evict",
            "recent sinks Positions",
            "recent sinks Positions Evict",
            "recent sinks"),
    ];

    /// <summary>Every attribute, the root first.</summary>
    public static IReadOnlyList<Published> All => s_all;

    public static Published Root => s_all[0];

    /// <summary>The root that other attributes stand on: heads with many divisors, an even width of their own, few parameters.</summary>
    public static Use RootUse => Root.Usual;

    public static Published Of(string attribute) => s_all.First(published => published.Name == attribute);

    private static Literal[] Ints(params int[] values) => [.. values.Select(Literal.Of)];

    private static Literal[] Reals(params double[] values) => [.. values.Select(Literal.Of)];
}
