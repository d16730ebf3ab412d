using global::Stories;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Stories;

/// <summary>The model on the attention that the compiler wrote.</summary>
public sealed class GeneratedStoriesLogitsTests(ITestOutputHelper output)
    : StoriesLogitsTests<StoriesAttention.Reference, StoriesAttention.Weights<double>>(output);
