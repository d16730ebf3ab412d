using global::Stories;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Stories;

/// <summary>The model on the hand-written oracle: that these pass and the generated ones fail says that the generated attention is wrong.</summary>
public sealed class NaiveStoriesLogitsTests(ITestOutputHelper output) : StoriesLogitsTests<double, ReferenceCache<double>>(output)
{
    protected override StoriesModel<double, ReferenceCache<double>> Load(string path) => ReferenceModel<NaiveAttention, NaiveWeights>.Load(path);
}
