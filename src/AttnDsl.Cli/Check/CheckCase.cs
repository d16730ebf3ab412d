using System.Collections.Generic;
using System.Linq;
using System.Numerics;
using System.Threading;
using AttnDsl.Cli.Layers;

namespace AttnDsl.Cli.Check;

/// <summary>Everything a backend is given: inputs, weights, and the quantities asked for. Knows no backend.</summary>
internal abstract record CheckCase
{
    /// <summary>Checkpoint name of a weight to its tensor; weights that are not here stay zero.</summary>
    public required IReadOnlyDictionary<string, Tensor> Weights { get; init; }

    /// <summary>Gradient with respect to the output; null when gradients were not asked for.</summary>
    public Tensor? Cotangent { get; init; }

    /// <summary>The quantities, in the order of the report.</summary>
    public required IReadOnlyList<Expectation> Expectations { get; init; }

    /// <summary><c>layer</c> or <c>core</c>.</summary>
    public abstract string Mode { get; }

    /// <summary>The same case with every input as <paramref name="kind"/> sees it.</summary>
    public abstract CheckCase RoundTo(ScalarKind kind);

    /// <summary>Runs <paramref name="layer"/> on the case: one outcome for every expected quantity.</summary>
    public abstract IReadOnlyDictionary<string, Outcome> Run<T>(ILayer<T> layer, CancellationToken cancellationToken)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>The weights as <paramref name="kind"/> sees them.</summary>
    protected IReadOnlyDictionary<string, Tensor> RoundWeights(ScalarKind kind) =>
        Weights.ToDictionary(w => w.Key, w => w.Value.RoundTo(kind));

    /// <summary>Weights of <paramref name="layer"/> that hold the case's numbers.</summary>
    protected AttentionWeights<T> Fill<T>(ILayer<T> layer)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        AttentionWeights<T> weights = layer.ZeroWeights();
        foreach ((string name, Tensor tensor) in Weights)
        {
            Scalars.Convert<T>(tensor.Data).CopyTo(weights[name].Data, 0);
        }

        return weights;
    }

    /// <summary>Adds what the layer found for every weight of the case under the name it bears in the file.</summary>
    protected void AddWeightGradients<T>(AttentionWeights<T> gradients, Dictionary<string, Outcome> outcomes)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        foreach ((string name, Tensor tensor) in Weights)
        {
            outcomes[Quantities.GradientOf(tensor.Name)] = Outcome.Of(Scalars.Widen(gradients[name].Data));
        }
    }
}
