using System;
using System.Collections.Generic;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Scores;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Spec;
using Xunit;
using static AttnDsl.Compiler.Plan.Dim;
using static AttnDsl.Compiler.Plan.Scores.ScoreExpression;

namespace AttnDsl.Compiler.Tests.Plans;

/// <summary>The attention core's gradient, for every score operation, mask and head map.</summary>
public sealed class AttendDerivativeTests
{
    private const long ScoreHeads = 4;

    private static readonly HeadMap s_own = HeadMap.Grouped(ScoreHeads, ScoreHeads);
    private static readonly HeadMap s_pairs = HeadMap.Grouped(2, ScoreHeads);
    private static readonly ScoreExpression s_score = TheScore.Instance;
    private static readonly Mask s_causal = Mask.Everything.And(new CausalAtom());
    private static readonly ScoreExpression s_distance = Abs(IndexScore.Row - IndexScore.Column);

    private static readonly Dictionary<string, double[]> s_buffers = new() { ["slopes"] = [0.5, 0.25, 0.125, 0.0625], ["column_bias"] = [0.3, -0.2, 0.1, 0.4, -0.5, 0.2, 0.7, -0.1, 0.6] };

    private static readonly Dictionary<string, ScoreExpression> s_scores = new()
    {
        ["soft-cap"] = Constant(0.8) * Tanh(s_score * Constant(1 / 0.8)),
        ["captured slopes"] = s_score - (new CapturedScore("slopes", IndexKind.Head) * s_distance),
        ["captured column"] = s_score + new CapturedScore("column_bias", IndexKind.Column),
        ["soft-cap and slopes"] = (Constant(2) * Tanh(s_score / Constant(2))) - (new CapturedScore("slopes", IndexKind.Head) * s_distance),
        ["select"] = new SelectScore(Comparison.Less, s_score, Constant(0.1), Constant(0.2) * s_score, s_score * s_score),
        ["select on an index"] = new SelectScore(Comparison.Equal, IndexScore.Head, Constant(1), s_score * Constant(3), s_score),
        ["select on equals"] = new SelectScore(Comparison.LessOrEqual, IndexScore.Column, IndexScore.Row, s_score, Constant(0.5) * s_score),
        ["min"] = new BinaryScore(BinaryOperator.Min, s_score * Constant(2), Constant(0.3)),
        ["max"] = new BinaryScore(BinaryOperator.Max, s_score * Constant(2), Constant(-0.3)),
        ["exp"] = Exp(Constant(0.3) * s_score),
        ["abs"] = Abs(s_score),
        ["negate"] = new UnaryScore(UnaryOperator.Negate, s_score * s_score),
        ["divide"] = s_score / (Constant(2) + (s_score * s_score)),
        ["reciprocal"] = Constant(1) / (Constant(3) + s_score),
        ["temperature by row"] = s_score / (Constant(1) + IndexScore.Row),
    };

    private static readonly Dictionary<string, Mask> s_masks = new()
    {
        ["all"] = Mask.Everything,
        ["causal"] = s_causal,
        ["window"] = Mask.Everything.And(new WindowAtom(2, 1)),
        ["window and causal"] = s_causal.And(new WindowAtom(2, null)),
        ["sinks or window"] = s_causal.AndAny(new WindowAtom(1, null), new SinkTokensAtom(2)),
        ["segments"] = s_causal.And(new SegmentAtom()),
        ["predicate"] = Mask.Everything.And(new PredicateAtom((IndexScore.Column * Constant(2)) - IndexScore.Row)),
        ["a row sees nothing"] = Mask.Everything.And(new PredicateAtom(IndexScore.Row - Constant(2))),
    };

    public static TheoryData<string> Scores => new(s_scores.Keys);

    public static TheoryData<string> Masks => new(s_masks.Keys);

    public static TheoryData<HeadMap, HeadMap, HeadMap> Maps => new()
    {
        { s_own, s_own, s_own },
        { s_own, s_pairs, s_pairs },
        { s_own, s_pairs, HeadMap.Grouped(1, ScoreHeads) },
        { HeadMap.Tiled(2, ScoreHeads), s_own, s_own },
        { s_pairs, s_own, s_own },
        { HeadMap.Tiled(2, ScoreHeads), HeadMap.Tiled(2, ScoreHeads), s_pairs },
        { s_own, new HeadMap(HeadMapKind.Table, 3, ScoreHeads, EquatableArray.Of(2, 0, 0, 1)), s_own },
    };

    [Theory]
    [MemberData(nameof(Scores))]
    public void ScoreOperations(string name) => Check(Body(s_own, s_pairs, s_pairs, s_scores[name], s_causal, sink: false));

    [Theory]
    [MemberData(nameof(Masks))]
    public void MasksWithoutSink(string name) => Check(Body(s_own, s_pairs, s_pairs, s_score, s_masks[name], sink: false));

    [Theory]
    [MemberData(nameof(Masks))]
    public void MasksWithSink(string name) => Check(Body(s_own, s_pairs, s_pairs, s_scores["soft-cap"], s_masks[name], sink: true));

    [Theory]
    [MemberData(nameof(Maps))]
    public void HeadMaps(HeadMap query, HeadMap key, HeadMap value) => Check(Body(query, key, value, s_score, s_causal, sink: true));

    [Fact]
    public void PooledKeys()
    {
        var body = new BodyBuilder("pooled");
        PlanValue q = body.Input("q", TensorType.Of(B, T, Of(4), Of(3)));
        PlanValue k = body.Pool(body.Input("k", TensorType.Of(B, T, Of(2), Of(3))), 3, 2, "kc");
        PlanValue v = body.Pool(body.Input("v", TensorType.Of(B, T, Of(2), Of(5))), 3, 2, "vc");
        Mask complete = Mask.Everything.And(new WindowCompleteAtom(3, 2));
        PlanBody forward = body.Build(body.Attend(q, k, v, null, new AttendSettings(s_own, s_pairs, s_pairs, 0.7, s_score, complete), "o")[0]);
        GradientCheck.Holds(forward, PlanSetting.Random(forward, 2, 8));
    }

    [Fact]
    public void ListsAreConstants()
    {
        var body = new BodyBuilder("listed");
        PlanValue q = body.Input("q", TensorType.Of(B, T, Of(4), Of(3)));
        PlanValue k = body.Input("k", TensorType.Of(B, T, Of(2), Of(3)));
        PlanValue v = body.Input("v", TensorType.Of(B, T, Of(2), Of(5)));
        PlanValue scores = body.Input("scores", TensorType.Of(B, T, Of(2), Blocks(2)));
        PlanValue list = body.TopUnits(scores, 2, 0, 1, "list");
        Mask mask = s_causal.And(new ListAtom(list, 1, 2));
        PlanBody forward = body.Build(body.Attend(q, k, v, null, new AttendSettings(s_own, s_pairs, s_pairs, 0.7, s_score, mask), "o")[0]);
        GradientCheck.Holds(forward, PlanSetting.Random(forward, 2, 7), unreached: ["scores"]);
    }

    [Fact]
    public void TheFusedCoreHasNoSecondDerivative()
    {
        PlanBody backward = Differentiator.Backward(Body(s_own, s_pairs, s_pairs, s_score, s_causal, sink: true), "g");
        Assert.Throws<PlanException>(() => Differentiator.Backward(backward, "h"));
    }

    [Fact]
    public void ValuesThatAliasKeysAreForDecode()
    {
        var body = new BodyBuilder("absorbed");
        PlanValue q = body.Input("q", TensorType.Of(B, T, Of(4), Of(5)));
        PlanValue k = body.Input("k", TensorType.Of(B, S, Of(1), Of(5)));
        HeadMap one = HeadMap.Grouped(1, 4);
        PlanBody forward = body.Build(body.Attend(q, k, null, null, new AttendSettings(s_own, one, one, 1, s_score, s_causal, ValuePrefix: 3), "o")[0]);
        Assert.Throws<PlanException>(() => Differentiator.Backward(forward, "g"));
    }

    [Fact]
    public void LseHasNoCotangent()
    {
        var body = new BodyBuilder("lse");
        PlanValue q = body.Input("q", TensorType.Of(B, T, Of(4), Of(5)));
        PlanBody forward = body.Build(body.Attend(q, q, q, null, new AttendSettings(s_own, s_own, s_own, 1, s_score, s_causal), "o")[1]);
        Assert.Throws<PlanException>(() => Differentiator.Backward(forward, "g"));
    }

    private static PlanBody Body(HeadMap query, HeadMap key, HeadMap value, ScoreExpression score, Mask mask, bool sink)
    {
        var body = new BodyBuilder("core");
        PlanValue q = body.Input("q", TensorType.Of(B, T, Of(query.Heads), Of(3)));
        PlanValue k = body.Input("k", TensorType.Of(B, S, Of(key.Heads), Of(3)));
        PlanValue v = body.Input("v", TensorType.Of(B, S, Of(value.Heads), Of(5)));
        PlanValue? logits = sink ? body.Weight(new PlanWeight("sinks", TensorType.Constant(ScoreHeads))) : null;
        return body.Build(body.Attend(q, k, v, logits, new AttendSettings(query, key, value, 0.6, score, mask), "o")[0]);
    }

    /// <summary>Fresh rows and rows behind a past.</summary>
    private static void Check(PlanBody body)
    {
        foreach (int past in new[] { 0, 4 })
        {
            PlanSetting setting = PlanSetting.Random(body, 2, 5, past, seed: 3 + past) with { Buffers = s_buffers, Segments = Segments(2, 5 + past) };
            GradientCheck.Holds(body, setting);
        }
    }

    private static int[,] Segments(int batch, int keys)
    {
        int[,] ids = new int[batch, keys];
        for (int b = 0; b < batch; b++)
        {
            for (int j = 0; j < keys; j++)
            {
                ids[b, j] = (j + b) / 3;
            }
        }

        return ids;
    }
}
