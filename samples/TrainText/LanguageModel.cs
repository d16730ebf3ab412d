using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Torch;
using Stories;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TrainText;

/// <summary>A Llama: token embedding, blocks, a last norm, and the token embedding again as the classifier. Parameters bear Hugging Face's names.</summary>
public sealed class LanguageModel : nn.Module<Tensor, Tensor>
{
    private const double Epsilon = 1e-5, Deviation = 0.02;

    private readonly Embedding embed_tokens;
    private readonly ModuleList<Block> layers = [];
    private readonly RmsNorm norm;

    /// <summary>A model with fresh weights: normal with deviation 0.02, those that write into the residual stream over the square root of the number of writers, norms 1.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="seed">Equal seeds make equal weights.</param>
    public LanguageModel(ModelShape shape, int seed)
        : base(nameof(LanguageModel))
    {
        ArgumentNullException.ThrowIfNull(shape);
        Shape = shape;
        embed_tokens = nn.Embedding(shape.Vocabulary, shape.Dim);
        for (int i = 0; i < shape.Layers; i++)
        {
            layers.Add(new Block(shape, Epsilon));
        }

        norm = new RmsNorm(shape.Dim, Epsilon, onePlus: false);
        RegisterComponents();
        Initialise(seed);
    }

    /// <summary>Sizes.</summary>
    public ModelShape Shape { get; }

    /// <summary>Number of parameters.</summary>
    public long ParameterCount => parameters().Sum(parameter => parameter.numel());

    /// <summary>Logits of every token.</summary>
    /// <param name="tokens">[batch, tokens], int64.</param>
    /// <returns>[batch, tokens, vocabulary]</returns>
    public override Tensor forward(Tensor tokens)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = embed_tokens.forward(tokens);
        foreach (Block block in layers)
        {
            x = block.forward(x);
        }

        return Classify(x).MoveToOuterDisposeScope();
    }

    /// <summary>Logits of the last of some new tokens on top of cached ones.</summary>
    /// <param name="tokens">[batch, new tokens], int64.</param>
    /// <param name="caches">One per block, as <see cref="CreateCaches"/> makes them.</param>
    /// <returns>[batch, 1, vocabulary]</returns>
    public Tensor forward(Tensor tokens, IReadOnlyList<TorchCache> caches)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(caches);
        using DisposeScope scope = NewDisposeScope();
        Tensor x = embed_tokens.forward(tokens);
        for (int i = 0; i < layers.Count; i++)
        {
            x = layers[i].forward(x, caches[i]);
        }

        return Classify(x.narrow(1, x.shape[1] - 1, 1)).MoveToOuterDisposeScope();
    }

    /// <summary>Empty caches for one sequence, one per block.</summary>
    public IReadOnlyList<TorchCache> CreateCaches() => [.. layers.Select(block => block.Attention.CreateCache(1))];

    /// <summary>Takes the weights of a llama2.c checkpoint.</summary>
    /// <param name="checkpoint">Of this model's sizes.</param>
    public void Take(Checkpoint<float> checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        Dictionary<string, Parameter> own = named_parameters().ToDictionary(pair => pair.name, pair => pair.parameter, StringComparer.Ordinal);
        Set("embed_tokens.weight", checkpoint.TokenEmbedding);
        for (int i = 0; i < checkpoint.Layers.Count; i++)
        {
            CheckpointLayer<float> layer = checkpoint.Layers[i];
            Of(i, "input_layernorm", layer.AttentionNorm);
            Of(i, "self_attn.q_proj", layer.Query);
            Of(i, "self_attn.k_proj", layer.Key);
            Of(i, "self_attn.v_proj", layer.Value);
            Of(i, "self_attn.o_proj", layer.Output);
            Of(i, "post_attention_layernorm", layer.FeedForwardNorm);
            Of(i, "mlp.gate_proj", layer.Gate);
            Of(i, "mlp.up_proj", layer.Up);
            Of(i, "mlp.down_proj", layer.Down);
        }

        Set("norm.weight", checkpoint.FinalNorm);

        void Of(int layer, string name, float[] values) => Set(FormattableString.Invariant($"layers.{layer}.{name}.weight"), values);

        void Set(string name, float[] values)
        {
            using IDisposable gradientless = no_grad();
            using DisposeScope scope = NewDisposeScope();
            own[name].copy_(tensor(values).view(own[name].shape));
        }
    }

    private Tensor Classify(Tensor x) => nn.functional.linear(norm.forward(x), embed_tokens.weight!);

    private void Initialise(int seed)
    {
        using var generator = new Generator((ulong)(uint)seed, CPU);
        using IDisposable gradientless = no_grad();
        foreach ((string name, Parameter parameter) in named_parameters())
        {
            if (parameter.dim() == 1)
            {
                nn.init.ones_(parameter);
                continue;
            }

            bool writes = name.EndsWith("o_proj.weight", StringComparison.Ordinal) || name.EndsWith("down_proj.weight", StringComparison.Ordinal);
            parameter.normal_(0, writes ? Deviation / Math.Sqrt(2 * layers.Count) : Deviation, generator);
        }
    }
}
