using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AttnDsl.Torch;

/// <summary>Parameters before they are initialised.</summary>
internal static class Parameters
{
    /// <summary>Zeros that belong to no dispose scope.</summary>
    public static Parameter New(long[] shape, ScalarType dtype, Device? device)
    {
        var parameter = new Parameter(zeros(shape, dtype, device), requires_grad: true);
        parameter.DetachFromDisposeScope();
        return parameter;
    }
}
