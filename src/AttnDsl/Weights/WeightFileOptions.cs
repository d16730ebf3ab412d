using System.Collections.Generic;

namespace AttnDsl;

/// <summary>How the names, the rotation layout and the number type of a weight file relate to a layer's.</summary>
/// <example>
/// Layer 3 of a Hugging Face checkpoint:
/// <code>weights.LoadFrom("model.safetensors", new WeightFileOptions { Prefix = "model.layers.3.self_attn." });</code>
/// </example>
public sealed record WeightFileOptions
{
    /// <summary>
    /// What every tensor of this layer starts with in the file, the final dot included. Tensors that do not start with it belong to somebody else: loading neither reads nor counts them.
    /// </summary>
    public string Prefix { get; init; } = "";

    /// <summary>
    /// Name in the file (without the prefix) to name of the weight, for names that differ. A name without an entry stands for itself. Entries that name no weight of the layer are passed over,
    /// so that one map may serve several stacks.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Names { get; init; }

    /// <summary>
    /// Rotation layout of the file. Null, when loading: what the file's metadata <c>attndsl.rope_layout</c> says, else the layer's own layout; when saving: the layer's own layout.
    /// Where it differs from the layer's, the rotated rows are permuted on the way. It means nothing to a layer without rotation.
    /// </summary>
    public RopeLayout? CheckpointLayout { get; init; }

    /// <summary>Whether the file may hold, under the prefix, tensors that the layer does not have. By default it may not: a tensor nobody reads is most often a stack that lacks an attribute.</summary>
    public bool AllowExtra { get; init; }

    /// <summary>Number type to save as: F64, F32, F16 or BF16, rounded to nearest even. Null: the weights' own type. Loading converts from any of the four.</summary>
    public SafetensorsDtype? SaveAs { get; init; }
}
