using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;
using static AttnDsl.Compiler.Plan.Dim;

namespace AttnDsl.Compiler.Tests.Plans;

/// <summary>Small bodies around one step each, for every kind that passes a gradient; attend has its own.</summary>
public static class StepCases
{
    private static readonly Dictionary<string, Func<PlanBody>> s_bodies = new()
    {
        ["linear"] = Write(b => b.Linear(X(b, B, T, Of(5)), W(b, 4, 5), "y")),
        ["linear transposed"] = Write(b => b.Linear(X(b, B, T, Of(4)), W(b, 4, 5), "y", transposed: true)),
        ["linear per head"] = Write(b => b.Linear(X(b, B, T, Of(3), Of(5)), W(b, 3, 4, 5), "y", perHead: true)),
        ["linear per head transposed"] = Write(b => b.Linear(X(b, B, T, Of(3), Of(4)), W(b, 3, 4, 5), "y", transposed: true, perHead: true)),
        ["linear shared by heads"] = Write(b => b.Linear(X(b, B, S, Of(3), Of(5)), W(b, 4, 5), "y")),
        ["linear over windows"] = Write(b => b.Linear(X(b, B, Windows(3, 2), Of(2), Of(5)), W(b, 2, 4, 5), "y", perHead: true)),
        ["linear of weights"] = Write(b => b.Linear(W(b, 2, 5), W(b, 2, 5, 4), "y", transposed: true, perHead: true)),
        ["outer_sum"] = Write(b => b.OuterSum(X(b, B, T, Of(3)), X(b, B, T, Of(4)), "y")),
        ["outer_sum per head"] = Write(b => b.OuterSum(X(b, B, T, Of(2), Of(3)), X(b, B, T, Of(2), Of(4)), "y", perHead: true)),
        ["outer_sum over heads"] = Write(b => b.OuterSum(X(b, B, T, Of(2), Of(3)), X(b, B, T, Of(2), Of(4)), "y")),
        ["add"] = Write(b => b.Add(X(b, B, T, Of(4)), X(b, B, T, Of(4)), "y")),
        ["add bias"] = Write(b => b.Add(X(b, B, T, Of(4)), W(b, 4), "y")),
        ["subtract"] = Write(b => b.Subtract(X(b, B, T, Of(4)), X(b, B, T, Of(4)), "y")),
        ["subtract per row"] = Write(b => b.Subtract(X(b, B, T, Of(3), Of(4)), X(b, B, T, Of(3), Of(1)), "y")),
        ["subtract per head"] = Write(b => b.Subtract(X(b, B, T, Of(3), Of(4)), W(b, 3, 1), "y")),
        ["multiply"] = Write(b => b.Multiply(X(b, B, T, Of(4)), X(b, B, T, Of(4)), "y")),
        ["multiply gain"] = Write(b => b.Multiply(X(b, B, T, Of(4)), W(b, 4), "y")),
        ["multiply per row"] = Write(b => b.Multiply(X(b, B, T, Of(3), Of(4)), X(b, B, T, Of(3), Of(1)), "y")),
        ["multiply by itself"] = Write(b => Twice(b, (x, _) => b.Multiply(x, x, "y"))),
        ["subtract a part"] = Write(b => Twice(b, (x, _) => b.Subtract(x, b.Multiply(x, W(b, 4), "z"), "y"))),
        ["sum_to"] = Write(b => b.SumTo(X(b, B, T, Of(3), Of(4)), TensorType.Constant(3, 1), "y")),
        ["repeat_to"] = Write(b => b.RepeatTo(X(b, B, T, Of(1), Of(4)), TensorType.Of(B, T, Of(3), Of(4)), "y")),
        ["scale"] = Write(b => b.Scale(X(b, B, T, Of(4)), -1.7, "y")),
        ["reshape"] = Write(b => b.JoinHeads(b.SplitHeads(X(b, B, T, Of(6)), 2, "heads"), "y")),
        ["reduce sum"] = Write(b => b.Reduce(Reduction.Sum, X(b, B, T, Of(4)), "y")),
        ["reduce mean"] = Write(b => b.Reduce(Reduction.Mean, X(b, B, T, Of(4)), "y")),
        ["reduce inverse rms"] = Write(b => b.Reduce(Reduction.InverseRms, X(b, B, T, Of(4)), "y", 0.01)),
        ["rms_norm"] = Write(b => b.RmsNorm(X(b, B, T, Of(3), Of(4)), W(b, 4), 0.01, onePlus: false, "y")),
        ["rms_norm 1 + w"] = Write(b => b.RmsNorm(X(b, B, T, Of(4)), W(b, 4), 1e-6, onePlus: true, "y")),
        ["softmax"] = Write(b => b.Softmax(X(b, B, T, Of(5)), "y")),
        ["split"] = Write(b => Parts(b, b.Split(X(b, B, T, Of(2), Of(6)), 3, ("p", 2), ("unread", 3), ("r", 1)))),
        ["split heads"] = Write(b => b.Split(X(b, B, T, Of(5), Of(2)), 2, ("unread", 2), ("y", 3))[1]),
        ["concat"] = Write(b => b.Concat(3, "y", X(b, B, T, Of(2), Of(3)), X(b, B, T, Of(2), Of(1)))),
        ["concat heads"] = Write(b => b.Concat(2, "y", X(b, B, T, Of(2), Of(3)), X(b, B, T, Of(1), Of(3)))),
        ["rope half-split"] = Rope(PairLayout.HalfSplit, 6, 1, inverse: false, T),
        ["rope interleaved"] = Rope(PairLayout.Interleaved, 6, 1, inverse: false, T),
        ["rope partial"] = Rope(PairLayout.HalfSplit, 4, 1, inverse: false, T),
        ["rope magnitude"] = Rope(PairLayout.Interleaved, 4, 1.3, inverse: false, T),
        ["rope inverse magnitude"] = Rope(PairLayout.HalfSplit, 4, 1.3, inverse: true, T),
        ["rope of windows"] = Rope(PairLayout.HalfSplit, 6, 1, inverse: false, Windows(3, 2)),
        ["pool"] = Write(b => b.Pool(X(b, B, T, Of(2), Of(3)), 2, 2, "y")),
        ["pool overlapping"] = Write(b => b.Pool(X(b, B, S, Of(2), Of(3)), 3, 2, "y")),
        ["unpool"] = Write(b => b.Unpool(X(b, B, Windows(3, 2), Of(2), Of(3)), TensorType.Of(B, S, Of(2), Of(3)), 3, 2, "y")),
        ["unfold"] = Write(b => b.Unfold(X(b, B, T, Of(2), Of(3)), 2, 2, "y")),
        ["unfold overlapping"] = Write(b => b.Unfold(X(b, B, S, Of(2), Of(3)), 4, 2, "y")),
        ["fold"] = Write(b => b.Fold(X(b, B, Windows(3, 2), Of(2), Of(6)), TensorType.Of(B, T, Of(2), Of(2)), 3, 2, "y")),
        ["surround before"] = Write(b => b.Surround(X(b, B, T, Of(2), Of(3)), 2, 2, "y")),
        ["surround behind"] = Write(b => b.Surround(X(b, B, T, Of(2), Of(3)), 2, 0, "y")),
        ["rows delayed"] = Write(b => b.Rows(X(b, B, Recent(2), Of(2), Of(3)), 0, "y")),
        ["rows of the block"] = Write(b => b.Rows(X(b, B, Recent(2), Of(2), Of(3)), 2, "y")),
        ["taps"] = Write(b => b.Taps(X(b, B, Recent(3), Of(2), Of(3)), 3, "y")),
        ["taps of the block alone"] = Write(b => b.Taps(X(b, B, Recent(2), Of(2), Of(3)), 3, "y")),
        ["untap"] = Write(b => b.Untap(X(b, B, T, Of(2), Of(6)), 3, "y")),
        ["untap recent"] = Write(b => b.Untap(X(b, B, Recent(1), Of(2), Of(6)), 2, "y")),
        ["linear over recent rows"] = Write(b => b.Linear(X(b, B, Recent(2), Of(3), Of(5)), W(b, 3, 4, 5), "y", perHead: true)),
        ["reduce inverse norm"] = Write(b => b.Reduce(Reduction.InverseNorm, X(b, B, T, Of(4)), "y")),
        ["token_mean"] = Write(b => b.TokenMean(X(b, B, T, Of(2), Of(3)), "y")),
        ["token_spread"] = Write(b => b.TokenSpread(W(b, 2, 3), "y")),
        ["activation sigmoid"] = Activation(ActivationKind.Sigmoid),
        ["activation silu"] = Activation(ActivationKind.Silu),
        ["activation exp"] = Activation(ActivationKind.Exp),
        ["activation reciprocal"] = Write(b => b.Activation(ActivationKind.Reciprocal, b.Activation(ActivationKind.Exp, X(b, B, T, Of(4)), "e"), "y")),
        ["activation clamp"] = Activation(ActivationKind.Clamp),
        ["activation abs"] = Activation(ActivationKind.Abs),
    };

    public static IEnumerable<string> Names => s_bodies.Keys;

    public static PlanBody Body(string name) => s_bodies[name]();

    /// <summary>An input of the next free name.</summary>
    public static PlanValue X(BodyBuilder body, params Dim[] dims) => body.Input("x", TensorType.Of(dims));

    /// <summary>A weight of a name of its own.</summary>
    public static PlanValue W(BodyBuilder body, params long[] sizes) => body.Weight(new PlanWeight("w" + sizes.Length, TensorType.Constant(sizes)));

    private static Func<PlanBody> Write(Func<BodyBuilder, PlanValue> write) => () =>
    {
        var body = new BodyBuilder("case");
        return body.Build(write(body));
    };

    private static Func<PlanBody> Activation(ActivationKind kind) => Write(b => b.Activation(kind, X(b, B, T, Of(8)), "y"));

    private static Func<PlanBody> Rope(PairLayout layout, long rotary, double magnitude, bool inverse, Dim rows) => Write(b => b.Rope(
        X(b, B, rows, Of(2), Of(6)), new RotaryTable(layout, rotary, RotaryTable.Geometric(100, rotary, 1), magnitude, "f"), "y", inverse));

    private static PlanValue Twice(BodyBuilder body, Func<PlanValue, PlanValue, PlanValue> write)
    {
        PlanValue x = X(body, B, T, Of(4));
        return write(x, x);
    }

    private static PlanValue Parts(BodyBuilder body, IReadOnlyList<PlanValue> parts) => body.Multiply(parts[0], parts[^1], "y");
}
