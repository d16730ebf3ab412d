using System;
using System.Collections.Generic;
using System.Threading;
using AttnDsl.Cli.Layers;

namespace AttnDsl.Cli.Check;

/// <summary>A recording of the attention core alone: q, k, v in, out.</summary>
internal sealed record CoreCase : CheckCase
{
    /// <summary>[B, T, queryHeads, keyWidth].</summary>
    public required Tensor Query { get; init; }

    /// <summary>[B, S, keyHeads, keyWidth].</summary>
    public required Tensor Key { get; init; }

    /// <summary>[B, S, valueHeads, valueWidth].</summary>
    public required Tensor Value { get; init; }

    /// <summary>T queries over S keys.</summary>
    public required TokenRows Rows { get; init; }

    /// <inheritdoc/>
    public override string Mode => "core";

    /// <inheritdoc/>
    public override CheckCase RoundTo(ScalarKind kind) => this with
    {
        Query = Query.RoundTo(kind),
        Key = Key.RoundTo(kind),
        Value = Value.RoundTo(kind),
        Cotangent = Cotangent?.RoundTo(kind),
        Weights = RoundWeights(kind),
    };

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Outcome> Run<T>(ILayer<T> layer, CancellationToken cancellationToken)
    {
        AttentionWeights<T> weights = Fill(layer);
        T[] query = Scalars.Convert<T>(Query.Data);
        T[] key = Scalars.Convert<T>(Key.Data);
        T[] value = Scalars.Convert<T>(Value.Data);
        Dictionary<string, Outcome> outcomes = new(StringComparer.Ordinal)
        {
            [Quantities.Output] = Outcome.Of(Scalars.Widen(layer.Core(weights, query, key, value, Rows, cancellationToken).Output)),
        };
        if (Cotangent is not null)
        {
            AttentionWeights<T> gradients = layer.ZeroWeights();
            CoreGradients<T> found = layer.CoreBackward(weights, query, key, value, Scalars.Convert<T>(Cotangent.Data), gradients, Rows, cancellationToken);
            outcomes[Quantities.GradientOf(Query.Name)] = Outcome.Of(Scalars.Widen(found.Query));
            outcomes[Quantities.GradientOf(Key.Name)] = Outcome.Of(Scalars.Widen(found.Key));
            outcomes[Quantities.GradientOf(Value.Name)] = Outcome.Of(Scalars.Widen(found.Value));
            AddWeightGradients(gradients, outcomes);
        }

        return outcomes;
    }
}
