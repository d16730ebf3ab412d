namespace AttnDsl;

/// <summary>Element types of the safetensors format whose elements are whole bytes.</summary>
public enum SafetensorsDtype
{
    /// <summary>BOOL: one byte, 0 or 1.</summary>
    Bool,

    /// <summary>U8.</summary>
    UInt8,

    /// <summary>I8.</summary>
    Int8,

    /// <summary>U16.</summary>
    UInt16,

    /// <summary>I16.</summary>
    Int16,

    /// <summary>U32.</summary>
    UInt32,

    /// <summary>I32.</summary>
    Int32,

    /// <summary>U64.</summary>
    UInt64,

    /// <summary>I64.</summary>
    Int64,

    /// <summary>F8_E4M3.</summary>
    Float8E4M3,

    /// <summary>F8_E5M2.</summary>
    Float8E5M2,

    /// <summary>F16: IEEE 754 binary16.</summary>
    Float16,

    /// <summary>BF16: the upper half of a binary32.</summary>
    BFloat16,

    /// <summary>F32: IEEE 754 binary32.</summary>
    Float32,

    /// <summary>F64: IEEE 754 binary64.</summary>
    Float64,
}
