using System;
using System.Collections.Generic;
using System.Linq;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Torch.Cores;

/// <summary>
/// The kernels as one node of an autograd graph: the forward saves o and lse, the backward recomputes nothing of it.
/// </summary>
/// <remarks>
/// libtorch calls the backward from native code, through which no exception can pass: one that is thrown here ends the process. A gradient that is to be differentiated again, which the kernels
/// cannot give, can therefore not be refused here. It is computed by plain operations instead, exactly, and said so in <see cref="AttentionModule.LastGradient"/>.
/// </remarks>
internal sealed class FusedFunction : autograd.SingleTensorFunction<FusedFunction>
{
    /// <inheritdoc/>
    public override string Name => "AttnDsl.FusedCore";

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (query, key, value, logits) = ((Tensor)vars[0], (Tensor)vars[1], (Tensor)vars[2], (Tensor?)vars[3]);
        var (kernels, rows, module) = ((FusedKernels)vars[4], (TokenRows)vars[5], (AttentionModule)vars[6]);
        Tensor o = FusedCore.Output(query, value, module.Shape);
        Tensor lse = empty(o.shape.AsSpan(0, 3), ScalarType.Float32, query.device);
        FusedCore.Forward(kernels, query, key, value, logits, o, lse, rows);
        ctx.set_materialize_grads(false);
        ctx.save_for_backward(logits is null ? [query, key, value, o, lse] : [query, key, value, o, lse, logits]);
        ctx.save_data(nameof(FusedKernels), kernels);
        ctx.save_data(nameof(TokenRows), rows);
        ctx.save_data(nameof(AttentionModule), module);
        return o;
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        HandedOver.Release();
        using DisposeScope scope = NewDisposeScope();
        List<Tensor> saved = ctx.get_saved_variables();
        var kernels = (FusedKernels)ctx.get_data(nameof(FusedKernels));
        var rows = (TokenRows)ctx.get_data(nameof(TokenRows));
        var module = (AttentionModule)ctx.get_data(nameof(AttentionModule));
        Tensor? logits = saved.Count > 5 ? saved[5] : null;
        Tensor?[] gradients = is_grad_enabled()
            ? Differentiable(module, saved, logits, grad_output, rows)
            : Fused(module, kernels, saved, logits, grad_output, rows);
        grad_output.Dispose();
        foreach (Tensor gradient in gradients.OfType<Tensor>())
        {
            HandedOver.Add(gradient);
        }

        // One for each argument of the forward.
        return [.. gradients.Select(gradient => gradient!), null!, null!, null!];
    }

    private static Tensor?[] Fused(AttentionModule module, FusedKernels kernels, List<Tensor> saved, Tensor? logits, Tensor outputGradient, TokenRows rows)
    {
        module.LastGradient = new CoreChoice(CorePath.Fused, "kernels");
        Tensor dense = outputGradient.contiguous();
        Tensor dq = empty_like(saved[0]);
        Tensor dk = empty_like(saved[1]);
        Tensor dv = empty_like(saved[2]);
        Tensor? dl = logits is null ? null : empty_like(logits);
        kernels.Gradient(
            FusedCore.Floats(logits),
            FusedCore.Floats(saved[0]),
            FusedCore.Floats(saved[1]),
            FusedCore.Floats(saved[2]),
            FusedCore.Floats(saved[3]),
            FusedCore.Floats(saved[4]),
            FusedCore.Floats(dense),
            FusedCore.Floats(dq),
            FusedCore.Floats(dk),
            FusedCore.Floats(dv),
            FusedCore.Floats(dl),
            rows);
        return [dq, dk, dv, dl];
    }

    /// <summary>The same gradients as a function of the operands that libtorch can differentiate.</summary>
    private static Tensor?[] Differentiable(AttentionModule module, List<Tensor> saved, Tensor? logits, Tensor outputGradient, TokenRows rows)
    {
        module.LastGradient = new CoreChoice(CorePath.Torch, "create_graph: the kernels' gradient cannot be differentiated again");
        Tensor o = module.Plain(saved[0], saved[1], saved[2], new RowTensors(rows, saved[0].device));
        Tensor?[] operands = [saved[0], saved[1], saved[2], logits];
        Tensor[] wanted = [.. operands.Where(operand => operand is { requires_grad: true })!];
        IList<Tensor> gradients = autograd.grad([o], wanted, [outputGradient], retain_graph: true, create_graph: true, allow_unused: true);
        int next = 0;
        return Array.ConvertAll(operands, operand => operand is { requires_grad: true } ? gradients[next++] : null);
    }
}
