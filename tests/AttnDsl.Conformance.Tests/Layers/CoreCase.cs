using System;
using System.Linq;

namespace AttnDsl.Conformance.Tests.Layers;

/// <summary>Inputs of an attention core, and what the oracle makes of them.</summary>
/// <param name="Layer">The stack.</param>
/// <param name="Rows">Queries over keys, aligned as the stack says.</param>
/// <param name="Query">[B, T, queryHeads, width].</param>
/// <param name="Key">[B, S, keyHeads, width].</param>
/// <param name="Value">[B, S, valueHeads, width].</param>
internal sealed record CoreCase(TestLayer Layer, TokenRows Rows, double[] Query, double[] Key, double[] Value)
{
    public static CoreCase Random(TestLayer layer, int batch, int queries, int keys, int seed, double scale = 1)
    {
        LayerShape shape = layer.Reference.Shape;
        return new CoreCase(
            layer,
            TokenRows.Core(batch, queries, keys, shape.Causal ?? CausalAlign.BottomRight),
            [.. Numbers.Random(seed, batch * queries * shape.QueryHeads * shape.KeyWidth).Select(number => scale * number)],
            [.. Numbers.Random(seed + 1, batch * keys * shape.KeyHeads * shape.KeyWidth).Select(number => scale * number)],
            Numbers.Random(seed + 2, batch * keys * shape.ValueHeads * shape.ValueWidth));
    }

    /// <summary>Output [B, T, scoreHeads, width] and lse [B, T, scoreHeads] by hand.</summary>
    public (double[] Output, double[] Lse) Expected(AttentionWeights<double> weights)
    {
        NaiveOracle oracle = Layer.Oracle;
        int first = Layer.Reference.Shape.Causal == CausalAlign.TopLeft ? 0 : Rows.Keys - Rows.Tokens;
        var results =
            from row in Enumerable.Range(0, Rows.Batch)
            from query in Enumerable.Range(0, Rows.Tokens)
            from head in Enumerable.Range(0, oracle.ScoreHeads)
            select oracle.Attend(
                Head(Query, Rows.Tokens, oracle.QueryHeads, row, query, oracle.QueryHead(head)),
                [.. Enumerable.Range(0, Rows.Keys).Select(key => Head(Key, Rows.Keys, oracle.KvHeads, row, key, oracle.KeyHead(head)))],
                [.. Enumerable.Range(0, Rows.Keys).Select(key => Head(Value, Rows.Keys, oracle.ValueHeads, row, key, oracle.ValueHead(head)))],
                head,
                first + query,
                oracle.Sink ? weights["sinks"].Data[head] : null);
        return ([.. results.SelectMany(result => result.Output)], [.. results.Select(result => result.Lse)]);
    }

    private double[] Head(double[] values, int tokens, int heads, int row, int token, int head)
    {
        int at = ((((row * tokens) + token) * heads) + head) * Layer.Oracle.Width;
        return values.AsSpan(at, Layer.Oracle.Width).ToArray();
    }
}
