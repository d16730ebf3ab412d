// A recorded stack that takes rows with padding in front, as segments.
#pragma warning disable ATTN0750 // The look back over the border is what the recording does.

namespace AttnDsl.Conformance.Tests.Layers;

/// <summary><see cref="CompressedGrouped"/> with segments.</summary>
[Attention(dim: 64, heads: 4, headDim: 8)]
[GroupedQuery(kv: 2)]
[Compressed(Temperature = Temperature.Raw)]
[Rope(theta: 5000000, rotaryDim: 4, layout: RopeLayout.HalfSplit)]
[Causal]
[Segments]
public partial class CompressedPadded;
