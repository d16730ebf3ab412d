using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TrainText;

/// <summary>down(silu(gate(x)) * up(x)). Fields bear the names of the checkpoint.</summary>
public sealed class FeedForward : nn.Module<Tensor, Tensor>
{
    private readonly Linear gate_proj;
    private readonly Linear up_proj;
    private readonly Linear down_proj;

    /// <summary>A network whose weights are not initialised yet.</summary>
    /// <param name="dim">Width of input and output.</param>
    /// <param name="hidden">Width between.</param>
    public FeedForward(int dim, int hidden)
        : base(nameof(FeedForward))
    {
        gate_proj = nn.Linear(dim, hidden, hasBias: false);
        up_proj = nn.Linear(dim, hidden, hasBias: false);
        down_proj = nn.Linear(hidden, dim, hasBias: false);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        return down_proj.forward(nn.functional.silu(gate_proj.forward(x)) * up_proj.forward(x)).MoveToOuterDisposeScope();
    }
}
