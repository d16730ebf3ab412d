namespace AttnDsl.Cpu;

/// <summary>Operands and results of a backward, held still for the time of a call.</summary>
internal unsafe struct BackwardPointers
{
    public float* Query;
    public float* Key;
    public float* Value;

    /// <summary>Null without.</summary>
    public float* Sinks;
    public float* Output;
    public float* Lse;
    public float* OutputGradient;
    public float* QueryGradient;
    public float* KeyGradient;
    public float* ValueGradient;
    public float* SinkGradient;
}
