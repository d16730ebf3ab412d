using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AttnDsl.Torch;

/// <summary>y = x · w / √(mean(x²) + ε) over the last axis; the gain may be 1 + w. Half-precision input is normalised in float32.</summary>
public sealed class RmsNorm : nn.Module<Tensor, Tensor>
{
    private readonly double _epsilon;
    private readonly bool _onePlus;

    // Replaced by TorchSharp, by its name, when the module is moved.
    private Parameter weight;

    /// <summary>A norm whose gain is not initialised yet.</summary>
    /// <param name="width">Channels.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <param name="onePlus">The gain is 1 + w.</param>
    /// <param name="dtype">Type of the gain.</param>
    /// <param name="device">Where it lives.</param>
    public RmsNorm(long width, double epsilon, bool onePlus, ScalarType dtype = ScalarType.Float32, Device? device = null)
        : base(nameof(RmsNorm))
    {
        _epsilon = epsilon;
        _onePlus = onePlus;
        weight = Parameters.New([width], dtype, device);
        register_parameter(nameof(weight), weight);
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        ScalarType dtype = x.dtype;
        Tensor wide = dtype is ScalarType.Float16 or ScalarType.BFloat16 ? x.to(ScalarType.Float32) : x;
        Tensor r = (wide * wide).mean([-1L], keepdim: true).add(_epsilon).rsqrt();
        Tensor y = wide * r * (_onePlus ? 1 + weight : weight);
        return y.to(dtype).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected override void RegisterComponents()
    {
        // Everything is registered by name.
    }
}
