using System;
using System.Collections.Generic;
using System.Numerics;
using System.Threading;
using AttnDsl.Cli.Layers;

namespace AttnDsl.Cli.Check;

/// <summary>A recording of a whole layer: x in, out.</summary>
internal sealed record LayerCase : CheckCase
{
    /// <summary>[B, T, dim].</summary>
    public required Tensor X { get; init; }

    /// <summary>Tokens to prefill before the rest goes one by one; null when decode was not asked for.</summary>
    public int? DecodeFrom { get; init; }

    /// <summary>[B, n, dim], the tokens after <see cref="X"/>; null when not asked for.</summary>
    public Tensor? Next { get; init; }

    /// <inheritdoc/>
    public override string Mode => "layer";

    private int Batch => X.Shape[0];

    private int Tokens => X.Shape[1];

    private int Dim => X.Shape[2];

    /// <inheritdoc/>
    public override CheckCase RoundTo(ScalarKind kind) => this with
    {
        X = X.RoundTo(kind),
        Next = Next?.RoundTo(kind),
        Cotangent = Cotangent?.RoundTo(kind),
        Weights = RoundWeights(kind),
    };

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Outcome> Run<T>(ILayer<T> layer, CancellationToken cancellationToken)
    {
        AttentionWeights<T> weights = Fill(layer);
        T[] x = Scalars.Convert<T>(X.Data);
        TokenRows rows = TokenRows.Uniform(Batch, Tokens);
        Dictionary<string, Outcome> outcomes = new(StringComparer.Ordinal)
        {
            [Quantities.Output] = Outcome.Of(Scalars.Widen(layer.Forward(weights, x, rows, cancellationToken))),
        };
        if (Cotangent is not null)
        {
            AttentionWeights<T> gradients = layer.ZeroWeights();
            T[] dx = layer.Backward(weights, x, Scalars.Convert<T>(Cotangent.Data), gradients, rows, cancellationToken);
            outcomes[Quantities.GradientOf(X.Name)] = Outcome.Of(Scalars.Widen(dx));
            AddWeightGradients(gradients, outcomes);
        }

        if (DecodeFrom is { } from)
        {
            outcomes[Quantities.Decode] = layer is ICachedLayer<T> cached
                ? Outcome.Of(Scalars.Widen(Decode(cached, weights, x, from, cancellationToken)))
                : NoCache();
        }

        if (Next is not null)
        {
            outcomes[Quantities.Next] = layer is ICachedLayer<T> cached
                ? Outcome.Of(Scalars.Widen(Continue(cached, weights, x, cancellationToken)))
                : NoCache();
        }

        return outcomes;
    }

    private static Outcome NoCache() =>
        Outcome.Cannot("the stack has no step-by-step form: it needs [Causal], aligned bottom-right");

    private T[] Decode<T>(ICachedLayer<T> layer, AttentionWeights<T> weights, T[] x, int from, CancellationToken cancellationToken)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ILayerCache<T> cache = layer.CreateCache(Batch);
        T[] output = new T[x.Length];
        if (from > 0)
        {
            T[] head = layer.Prefill(weights, Slice(x, Tokens, 0, from), cache, TokenRows.Uniform(Batch, from), cancellationToken);
            Put(head, output, Tokens, 0, from);
        }

        Step(layer, weights, x, cache, Tokens, from, output, cancellationToken);
        return output;
    }

    private T[] Continue<T>(ICachedLayer<T> layer, AttentionWeights<T> weights, T[] x, CancellationToken cancellationToken)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ILayerCache<T> cache = layer.CreateCache(Batch);
        layer.Prefill(weights, x, cache, TokenRows.Uniform(Batch, Tokens), cancellationToken);
        T[] next = Scalars.Convert<T>(Next!.Data);
        T[] output = new T[next.Length];
        Step(layer, weights, next, cache, Next.Shape[1], 0, output, cancellationToken);
        return output;
    }

    private void Step<T>(
        ICachedLayer<T> layer,
        AttentionWeights<T> weights,
        T[] x,
        ILayerCache<T> cache,
        int tokens,
        int from,
        T[] output,
        CancellationToken cancellationToken)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        for (int token = from; token < tokens; token++)
        {
            Put(layer.Decode(weights, Slice(x, tokens, token, 1), cache, cancellationToken), output, tokens, token, 1);
        }
    }

    private T[] Slice<T>(T[] x, int tokens, int start, int count)
    {
        T[] slice = new T[Batch * count * Dim];
        for (int b = 0; b < Batch; b++)
        {
            Array.Copy(x, (b * tokens + start) * Dim, slice, b * count * Dim, count * Dim);
        }

        return slice;
    }

    private void Put<T>(T[] slice, T[] output, int tokens, int start, int count)
    {
        for (int b = 0; b < Batch; b++)
        {
            Array.Copy(slice, b * count * Dim, output, (b * tokens + start) * Dim, count * Dim);
        }
    }
}
