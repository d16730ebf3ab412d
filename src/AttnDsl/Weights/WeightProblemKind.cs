namespace AttnDsl;

/// <summary>In what way a weight file does not fit a layer.</summary>
public enum WeightProblemKind
{
    /// <summary>The layer has a weight that the file has not.</summary>
    Missing,

    /// <summary>The file has a tensor, under the prefix, that the layer has not.</summary>
    Extra,

    /// <summary>Two tensors of the file stand for one weight.</summary>
    Duplicate,

    /// <summary>A tensor has another shape.</summary>
    Shape,

    /// <summary>A tensor does not hold F64, F32, F16 or BF16 numbers.</summary>
    Dtype,

    /// <summary>The file's metadata names a rotation layout that does not exist.</summary>
    Layout,
}
