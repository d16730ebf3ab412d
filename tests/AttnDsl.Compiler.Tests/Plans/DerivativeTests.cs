using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;
using Xunit;
using static AttnDsl.Compiler.Plan.Dim;

namespace AttnDsl.Compiler.Tests.Plans;

/// <summary>Every derivative that a step states, against central differences.</summary>
public sealed class DerivativeTests
{
    public static TheoryData<string> Cases => new(StepCases.Names);

    [Theory]
    [MemberData(nameof(Cases))]
    public void GradientsAgreeWithDifferences(string name)
    {
        PlanBody body = StepCases.Body(name);
        for (int seed = 0; seed < 4; seed++)
        {
            // Fixed seeds: a clamp or an absolute value has kinks that random numbers would hit one day.
            var random = new Random(seed);
            (int batch, int tokens, int past) = (random.Next(1, 4), random.Next(3, 8), random.Next(5));
            GradientCheck.Holds(body, PlanSetting.Random(body, batch, tokens, FreePast(body, past), seed));
        }
    }

    [Fact]
    public void TheCheckNoticesAWrongGradient()
    {
        PlanBody body = StepCases.Body("rms_norm");
        PlanSetting setting = PlanSetting.Random(body, 2, 5);
        Assert.InRange(GradientCheck.WorstError(body, setting, 1), 0, 1e-7);
        Assert.InRange(GradientCheck.WorstError(body, setting, 1.01), 0.005, 1);
        Assert.InRange(GradientCheck.WorstError(body, setting, -1), 1, 3);
    }

    [Fact]
    public void EveryKindIsChecked()
    {
        var kinds = typeof(PlanStep).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(PlanStep)) && !t.IsAbstract).ToHashSet();
        HashSet<Type> checkedHere = StepCases.Names.SelectMany(n => StepCases.Body(n).Steps).Select(s => s.GetType()).ToHashSet();
        Type[] selectors = kinds.Where(t => t.IsSubclassOf(typeof(SelectorStep))).ToArray();
        Type[] elsewhere = [typeof(AttendStep), typeof(AttendGradientStep), typeof(AppendStep), typeof(HistoryStep), typeof(TailStep), .. selectors];
        Assert.Empty(kinds.Except(checkedHere).Except(elsewhere));
    }

    [Fact]
    public void ClampKeepsTheGradientAtItsBounds()
    {
        var body = new BodyBuilder("clamp");
        PlanValue x = body.Input("x", TensorType.Constant(5));
        PlanBody forward = body.Build(body.Activation(ActivationKind.Clamp, x, "y"));
        var given = new Dictionary<string, double[]> { ["x"] = [-0.1, 0, 0.5, 1, 1.1], ["g"] = [1, 1, 1, 1, 1] };
        Assert.Equal([0, 1, 1, 1, 0], PlanInterpreter.Run(Differentiator.Backward(forward, "g"), new PlanSetting(1, 1, given)).Outputs[0]);
    }

    [Fact]
    public void SelectorsAndStopsPassNoGradient()
    {
        var body = new BodyBuilder("choice");
        PlanValue x = body.Input("x", TensorType.Of(B, T, Of(5)));
        PlanValue kept = body.Multiply(x, body.TopMask(x, 2, "mask"), "kept");
        PlanBody forward = body.Build(body.Multiply(kept, body.StopGradient(kept, "stopped"), "y"));
        PlanSetting setting = PlanSetting.Random(forward, 2, 4);
        PlanInterpreter run = PlanInterpreter.Run(Differentiator.Backward(forward, "g"), setting.With("g", Enumerable.Repeat(1.0, 40).ToArray()));

        // y = x m · stop(x m): the slope is m · (x m), not twice that, and nothing comes through the mask.
        Assert.Equal(setting.Given["x"].Zip(run["mask"], (v, m) => m * v), run.Outputs[0]);
        Assert.DoesNotContain(Differentiator.Backward(forward, "g").Steps.Skip(forward.Steps.Count), s => s.Outputs.Any(o => o.Name.StartsWith("dmask", StringComparison.Ordinal)));
    }

    [Fact]
    public void AStoppedSourceHasGradientZero()
    {
        var body = new BodyBuilder("stopped");
        PlanValue x = body.Input("x", TensorType.Of(B, T, Of(3)));
        PlanValue y = body.Input("y", TensorType.Of(B, T, Of(3)));
        PlanBody forward = body.Build(body.Multiply(y, body.StopGradient(x, "constant"), "z"));
        GradientCheck.Holds(forward, PlanSetting.Random(forward, 2, 3), unreached: ["x"]);
    }

    [Fact]
    public void SeveralOutputsBringTheirCotangents()
    {
        var body = new BodyBuilder("two");
        PlanValue x = body.Input("x", TensorType.Of(B, T, Of(3)));
        PlanValue y = body.Softmax(x, "y");
        PlanValue loss = body.Reduce(Reduction.Sum, body.TokenMean(body.Multiply(y, y, "square"), "mean"), "loss");
        PlanBody forward = body.Build(y, loss);
        GradientCheck.Holds(forward, PlanSetting.Random(forward, 2, 4), cotangents: 2);
    }

    [Fact]
    public void NoGradientFlowsThroughACache()
    {
        var stream = new CacheStreamSpec("k", "tokens", 2, 3, 1, FullStorage.Instance, "keys");
        var state = new CacheStateSpec("tail", 24, "rows");
        Func<BodyBuilder, PlanValue, PlanValue>[] writes =
        [
            (b, x) => b.Append(x, stream, "y"),
            (b, x) => b.History(x, state, 4, "y"),
            (b, x) => b.Tail(b.Append(x, stream, "all"), 2, "y"),
        ];
        Assert.All(writes, write =>
        {
            var body = new BodyBuilder("cached");
            PlanBody forward = body.Build(write(body, body.Input("x", TensorType.Of(B, T, Of(2), Of(3)))));
            Assert.Throws<PlanException>(() => Differentiator.Backward(forward, "g"));
        });
    }

    [Fact]
    public void ShapesThatDoNotFitAreRefused()
    {
        var body = new BodyBuilder("refused");
        PlanValue x = body.Input("x", TensorType.Of(B, T, Of(2), Of(4)));
        PlanValue s = body.Input("s", TensorType.Of(B, S, Of(2), Of(4)));
        PlanValue w = body.Weight(new PlanWeight("w", TensorType.Constant(3, 5)));
        var rotary = new RotaryTable(PairLayout.HalfSplit, 6, RotaryTable.Geometric(10, 6, 1), 1, "f");
        Action[] wrong =
        [
            () => body.Linear(x, w, "y"),
            () => body.Add(x, w, "y"),
            () => body.Add(w, x, "y"),
            () => body.Split(x, 3, ("a", 1), ("b", 2)),
            () => body.Concat(3, "y", x, s),
            () => body.Rope(x, rotary, "y"),
            () => body.Reshape(x, TensorType.Of(B, T, Of(9)), "y"),
            () => body.RmsNorm(x, w, 1e-6, onePlus: false, "y"),
            () => body.Pool(x, 2, 3, "y"),
            () => body.Unfold(body.Tail(s, 1, "tail"), 3, 1, "y"),
            () => body.TopMask(x, 5, "y"),
            () => body.TopUnits(x, 2, 1, 1, "y"),
            () => body.UnitScores(x, 2, 1, 2, "y"),
            () => body.Tail(x, 2, "y"),
            () => body.TokenMean(s, "y"),
            () => body.TokenSpread(x, "y"),
            () => body.OuterSum(x, s, "y"),
        ];
        Assert.All(wrong, write => Assert.Throws<PlanException>(write));
    }

    /// <summary>Fresh blocks see no past; a body over visible tokens may have some.</summary>
    private static int FreePast(PlanBody body, int past) => body.Inputs.Concat(body.Steps.SelectMany(s => s.Outputs)).Any(v => v.Type.Dims.Contains(T)) ? 0 : past;
}
