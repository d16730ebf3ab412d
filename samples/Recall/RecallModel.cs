using System;
using System.Linq;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Recall;

/// <summary>
/// Token and position embeddings, then blocks x + attention(norm(x)) without a feed-forward network, a last norm, and the token embedding again as the head.
/// Only rows that are asked for reach the head: at a large vocabulary it would cost more than all the rest.
/// </summary>
public sealed class RecallModel : nn.Module<Tensor, Tensor, Tensor>
{
    private const double EmbeddingDeviation = 0.02;

    private readonly Embedding tokens;
    private readonly Embedding positions;
    private readonly ModuleList<nn.Module<Tensor, Tensor>> norms = [];
    private readonly ModuleList<nn.Module<Tensor, Tensor>> attentions = [];
    private readonly LayerNorm lastNorm;

    // Its own, so that nothing else that draws numbers changes a training.
    private readonly Generator dice;
    private readonly double drop;

    /// <summary>A model with fresh weights.</summary>
    /// <param name="task">Its vocabulary and length.</param>
    /// <param name="attention">The attention of every block.</param>
    /// <param name="layers">Number of blocks.</param>
    /// <param name="drop">Probability that a number of the embedding is dropped in training.</param>
    /// <param name="deviation">Deviation of fresh projections; those that write into the residual stream have it over the square root of the number of writers. Embeddings have 0.02.</param>
    /// <param name="seed">Equal seeds make equal weights.</param>
    public RecallModel(MqarTask task, Contender attention, int layers, double drop, double deviation, int seed)
        : base(nameof(RecallModel))
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(attention);
        tokens = nn.Embedding(task.Vocabulary, attention.Dim);
        positions = nn.Embedding(task.Length, attention.Dim);
        dice = new Generator((ulong)(uint)seed, CPU);
        this.drop = drop;
        for (int i = 0; i < layers; i++)
        {
            norms.Add(nn.LayerNorm(attention.Dim));
            attentions.Add(attention.Create());
        }

        lastNorm = nn.LayerNorm(attention.Dim);
        RegisterComponents();
        Initialise(layers, deviation);
    }

    /// <summary>Number of parameters.</summary>
    public long ParameterCount => parameters().Sum(parameter => parameter.numel());

    /// <summary>Logits of the rows asked for.</summary>
    /// <param name="inputs">[batch, tokens] tokens, int64.</param>
    /// <param name="asked">[rows] places of the rows in batch * tokens, int64.</param>
    /// <returns>[rows, vocabulary]</returns>
    public override Tensor forward(Tensor inputs, Tensor asked)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor place = arange(inputs.shape[1], dtype: ScalarType.Int64, device: inputs.device);
        Tensor x = Drop(tokens.forward(inputs) + positions.forward(place));
        for (int i = 0; i < attentions.Count; i++)
        {
            x = x + attentions[i].forward(norms[i].forward(x));
        }

        Tensor rows = lastNorm.forward(x.view(-1, x.shape[2]).index_select(0, asked));
        return nn.functional.linear(rows, tokens.weight!).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            dice.Dispose();
        }

        base.Dispose(disposing);
    }

    private Tensor Drop(Tensor x) => training && drop > 0
        ? x * rand(x.shape, generator: dice).ge(drop) / (1 - drop)
        : x;

    /// <summary>Weights are normal, norms are 1 and 0.</summary>
    private void Initialise(int layers, double deviation)
    {
        using IDisposable gradientless = no_grad();
        foreach ((string name, Parameter parameter) in named_parameters())
        {
            if (parameter.dim() > 1)
            {
                bool embeds = name.StartsWith(nameof(tokens), StringComparison.Ordinal) || name.StartsWith(nameof(positions), StringComparison.Ordinal);
                bool writes = name.EndsWith("o_proj.weight", StringComparison.Ordinal);
                parameter.normal_(0, embeds ? EmbeddingDeviation : writes ? deviation / Math.Sqrt(2 * layers) : deviation, dice);
            }
        }
    }
}
