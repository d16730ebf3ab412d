namespace AttnDsl.Conformance.Tests.Layers;

/// <summary>The related stacks in double precision.</summary>
internal static class RelatedCases
{
    public static readonly ILayer<double> InterleavedFullHeads = new CachedLayer<InterleavedFullHeads.Reference, InterleavedFullHeads.Weights<double>, double>();
    public static readonly ILayer<double> HalfSplitTwin = new CachedLayer<HalfSplitTwin.Reference, HalfSplitTwin.Weights<double>, double>();
    public static readonly ILayer<double> StretchedByOne = new CachedLayer<StretchedByOne.Reference, StretchedByOne.Weights<double>, double>();
    public static readonly ILayer<double> InterleavedSegments = new CachedLayer<InterleavedSegments.Reference, InterleavedSegments.Weights<double>, double>();
    public static readonly ILayer<double> RatioOne = new CachedLayer<RatioOne.Reference, RatioOne.Weights<double>, double>();
    public static readonly ILayer<double> GroupsOfOne = new CachedLayer<GroupsOfOne.Reference, GroupsOfOne.Weights<double>, double>();
    public static readonly ILayer<double> WideWindow = new CachedLayer<WideWindow.Reference, WideWindow.Weights<double>, double>();
    public static readonly ILayer<double> LeftWindow = new Layer<LeftWindow.Reference, LeftWindow.Weights<double>, double>();
    public static readonly ILayer<double> ScaleWritten = new CachedLayer<ScaleWritten.Reference, ScaleWritten.Weights<double>, double>();
    public static readonly ILayer<double> PlainTopLeft = new Layer<PlainTopLeft.Reference, PlainTopLeft.Weights<double>, double>();
    public static readonly ILayer<double> OneGroup = new CachedLayer<OneGroup.Reference, OneGroup.Weights<double>, double>();
    public static readonly ILayer<double> OneLatent = new CachedLayer<OneLatent.Reference, OneLatent.Weights<double>, double>();
    public static readonly ILayer<double> TwoGroups = new CachedLayer<TwoGroups.Reference, TwoGroups.Weights<double>, double>();
    public static readonly ILayer<double> TwoGroupsAsOne = new CachedLayer<TwoGroupsAsOne.Reference, TwoGroupsAsOne.Weights<double>, double>();
    public static readonly ILayer<double> TiedUnbiased = new CachedLayer<TiedUnbiased.Reference, TiedUnbiased.Weights<double>, double>();
    public static readonly ILayer<double> TiedWrittenOut = new CachedLayer<TiedWrittenOut.Reference, TiedWrittenOut.Weights<double>, double>();
    public static readonly ILayer<double> Sunk = new CachedLayer<Sunk.Reference, Sunk.Weights<double>, double>();
    public static readonly ILayer<double> BarelyCapped = new CachedLayer<BarelyCapped.Reference, BarelyCapped.Weights<double>, double>();
    public static readonly ILayer<double> ReversedFullHeads = new CachedLayer<ReversedFullHeads.Reference, ReversedFullHeads.Weights<double>, double>();
    public static readonly ILayer<double> NormedPlusOne = new CachedLayer<NormedPlusOne.Reference, NormedPlusOne.Weights<double>, double>();
    public static readonly ILayer<double> Unordered = new Layer<Unordered.Reference, Unordered.Weights<double>, double>();
    public static readonly ILayer<double> UnorderedSunk = new Layer<UnorderedSunk.Reference, UnorderedSunk.Weights<double>, double>();
}
