using global::Stories;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Stories;

/// <summary>The model on the reference attention that the compiler wrote.</summary>
public sealed class GeneratedStoriesLogitsTests(ITestOutputHelper output) : StoriesLogitsTests<double, ReferenceCache<double>>(output)
{
    protected override StoriesModel<double, ReferenceCache<double>> Load(string path) =>
        ReferenceModel<StoriesAttention.Reference, StoriesAttention.Weights<double>>.Load(path);
}
