using System;
using AttnDsl.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace TrainText;

/// <summary>x + attention(norm(x)), then x + feed-forward(norm(x)). Fields bear the names of the checkpoint.</summary>
public sealed class Block : nn.Module<Tensor, Tensor>
{
    private readonly RmsNorm input_layernorm;
    private readonly AttentionModule self_attn;
    private readonly RmsNorm post_attention_layernorm;
    private readonly FeedForward mlp;

    /// <summary>A block whose weights are not initialised yet.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="epsilon">Of the norms.</param>
    public Block(ModelShape shape, double epsilon)
        : base(nameof(Block))
    {
        ArgumentNullException.ThrowIfNull(shape);
        input_layernorm = new RmsNorm(shape.Dim, epsilon, onePlus: false);
        self_attn = shape.Attention();
        post_attention_layernorm = new RmsNorm(shape.Dim, epsilon, onePlus: false);
        mlp = new FeedForward(shape.Dim, shape.Hidden);
        RegisterComponents();
    }

    /// <summary>The attention.</summary>
    public AttentionModule Attention => self_attn;

    /// <inheritdoc/>
    public override Tensor forward(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        return Rest(x + self_attn.forward(input_layernorm.forward(x))).MoveToOuterDisposeScope();
    }

    /// <summary>The same for new tokens on top of cached ones.</summary>
    /// <param name="x">[batch, new tokens, dim]</param>
    /// <param name="cache">Of this block; receives the new tokens.</param>
    public Tensor forward(Tensor x, TorchCache cache)
    {
        using DisposeScope scope = NewDisposeScope();
        return Rest(x + self_attn.forward(input_layernorm.forward(x), cache)).MoveToOuterDisposeScope();
    }

    private Tensor Rest(Tensor x) => x + mlp.forward(post_attention_layernorm.forward(x));
}
