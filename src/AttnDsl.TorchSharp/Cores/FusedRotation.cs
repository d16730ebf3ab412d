using System.Collections.Generic;
using AttnDsl.Cpu;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Torch.Cores;

/// <summary>
/// The CPU backend's rotation as one node of an autograd graph: one pass over memory each way, where plain operations take several. Its gradient is a rotation too, so it can be differentiated as often as one likes.
/// </summary>
internal sealed class FusedRotation : autograd.SingleTensorFunction<FusedRotation>
{
    /// <inheritdoc/>
    public override string Name => "AttnDsl.FusedRotation";

    /// <summary>Whether the kernel can work on a tensor as it lies in memory.</summary>
    public static bool CanTurn(Tensor x) => FusedCore.Problem(x) is null && x.is_contiguous() && x.numel() <= int.MaxValue / sizeof(float);

    /// <summary>The rotation, as one node of the graph where gradients are wanted.</summary>
    /// <param name="x">[B, T, heads, width], float32, contiguous, on the CPU.</param>
    /// <param name="rotation">The rotation.</param>
    /// <param name="rows">Positions.</param>
    /// <param name="inverse">By −a.</param>
    public static Tensor Turn(Tensor x, PairRotation rotation, TokenRows rows, bool inverse)
    {
        HandedOver.Release();
        return is_grad_enabled() && x.requires_grad ? apply(x, rotation, rows, inverse) : Turned(x, rotation, rows, inverse);
    }

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (rotation, rows, inverse) = ((PairRotation)vars[1], (TokenRows)vars[2], (bool)vars[3]);
        ctx.save_data(nameof(PairRotation), rotation);
        ctx.save_data(nameof(TokenRows), rows);
        ctx.save_data(nameof(inverse), inverse);
        return Turned((Tensor)vars[0], rotation, rows, inverse);
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        HandedOver.Release();
        using DisposeScope scope = NewDisposeScope();
        var rotation = (PairRotation)ctx.get_data(nameof(PairRotation));
        var rows = (TokenRows)ctx.get_data(nameof(TokenRows));
        bool inverse = !(bool)ctx.get_data(nameof(inverse));
        Tensor dense = grad_output.contiguous();
        Tensor gradient = is_grad_enabled() && dense.requires_grad ? apply(dense, rotation, rows, inverse) : Turned(dense, rotation, rows, inverse);
        HandedOver.Add(gradient);
        grad_output.Dispose();

        // One for each argument of the forward.
        return [gradient, null!, null!, null!];
    }

    private static Tensor Turned(Tensor x, PairRotation rotation, TokenRows rows, bool inverse)
    {
        Tensor y = empty_like(x);
        rotation.Apply(FusedCore.Floats(x), FusedCore.Floats(y), rows, (int)x.shape[2], (int)x.shape[3], inverse);
        System.GC.KeepAlive(x);
        System.GC.KeepAlive(y);
        return y;
    }
}
