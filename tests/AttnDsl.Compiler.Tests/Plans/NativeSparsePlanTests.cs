using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Tests.Plans.PaperPlans;
using Xunit;

namespace AttnDsl.Compiler.Tests.Plans;

/// <summary>Native sparse attention on paper, both compressions.</summary>
public sealed class NativeSparsePlanTests
{
    private static readonly NativeSparseSizes s_mean = new(
        Dim: 32, Heads: 4, KvHeads: 2, Width: 16, Compression.Mean, Length: 8, Stride: 8, Block: 8, Top: 2, First: 0, Window: 9, GatePerHead: true);

    private static readonly NativeSparseSizes s_linear = new(
        Dim: 32, Heads: 4, KvHeads: 2, Width: 8, Compression.Linear, Length: 8, Stride: 4, Block: 8, Top: 3, First: 1, Window: 11, GatePerHead: false);

    private static readonly AttentionPlan s_meanPlan = new NativeSparsePlan(s_mean).Build();
    private static readonly AttentionPlan s_linearPlan = new NativeSparsePlan(s_linear).Build();

    public static TheoryData<string> Variants => new("mean", "linear");

    [Fact]
    public void MeanCompression() => Snapshot.Matches(s_meanPlan);

    [Fact]
    public void LinearCompression() => Snapshot.Matches(s_linearPlan);

    [Fact]
    public void WeightsAndCacheAreTheSheets()
    {
        long Shared(NativeSparseSizes s) => s.Dim * ((2 * s.Heads * s.Width) + (2 * s.KvHeads * s.Width));
        Assert.Equal(Shared(s_mean) + (3 * s_mean.Heads * s_mean.Dim), s_meanPlan.ParameterCount);
        long compression = (2 * s_linear.KvHeads * s_linear.Length * s_linear.Width * s_linear.Width) + (s_linear.KvHeads * s_linear.Length * s_linear.Width);
        Assert.Equal(Shared(s_linear) + (3 * s_linear.Dim) + compression, s_linearPlan.ParameterCount);
        Assert.Equal(2 * s_mean.KvHeads * s_mean.Width * (1 + (1.0 / s_mean.Stride)), s_meanPlan.Cache.ScalarsPerToken);
        Assert.Equal(2 * s_linear.KvHeads * s_linear.Width * (1 + (1.0 / s_linear.Stride)), s_linearPlan.Cache.ScalarsPerToken);
        Assert.Equal(0, s_meanPlan.Cache.ConstantScalars);

        // The sheet keeps the last l raw rows; l - 1 of them are enough, the newest is at hand.
        Assert.Equal(2 * (s_linear.Length - 1) * s_linear.KvHeads * s_linear.Width, s_linearPlan.Cache.ConstantScalars);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void FlopsAreTheSheets(string variant)
    {
        (NativeSparseSizes s, AttentionPlan plan) = Variant(variant);
        const long Tokens = 40000;
        long projections = (s.Dim * ((2 * s.Heads * s.Width) + (2 * s.KvHeads * s.Width))) + (s.Dim * 3 * (s.GatePerHead ? s.Heads : 1));
        long window = variant == "linear" ? 2 * s.KvHeads * s.Length * s.Width * s.Width : 0;

        // The sheet leaves out what is small against T; the plan counts every pair.
        double pairs = (Math.Pow(Tokens, 2) / (2 * s.Stride)) + (Tokens * Math.Min(s.Top * s.Block, Tokens / 2)) + (Tokens * s.Window);
        double prefill = 2 * ((Tokens * projections) + (window * Tokens / (double)s.Stride) + (2 * s.Heads * s.Width * pairs));
        Assert.InRange(plan.PrefillCost.PrefillFlops(Tokens) / prefill, 0.995, 1.005);
        double decode = 2 * (projections + (2 * s.Heads * s.Width * ((Tokens / (double)s.Stride) + (s.Top * s.Block) + s.Window)));
        Assert.InRange(plan.DecodeCost.DecodeFlops(Tokens) / decode, 0.995, 1.005);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void FlopsAreThoseCounted(string variant) => PlanRuns.CostsAreCounted(Variant(variant).Plan, most: 27);

    [Theory]
    [MemberData(nameof(Variants))]
    public void ChunksAndTokensEqualOneBlock(string variant)
    {
        AttentionPlan plan = Variant(variant).Plan;
        Dictionary<string, double[]> weights = DerivedWeights.Random(plan);
        double[] x = PlanSetting.Normal(2 * 30 * 32, 9);
        double[] expected = PlanRuns.Train(plan, weights, x, 2).Outputs[0];
        PlanRuns.Close(expected, PlanRuns.Cached(plan, weights, x, 2, [7, 1, 1, 12, 2, 1, 6]), 1e-12);
        PlanRuns.Close(expected, PlanRuns.Cached(plan, weights, x, 2, Enumerable.Repeat(1, 30)), 1e-12);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void GradientsAgreeWithDifferences(string variant)
    {
        AttentionPlan plan = Variant(variant).Plan;
        GradientCheck.Holds(plan.Bodies[BodyNames.Train], PlanRuns.Setting(plan, DerivedWeights.Random(plan), PlanSetting.Normal(19 * 32, 2), 1, null), most: 12);
    }

    /// <summary>With every block selected the second branch is plain causal attention, and a window of the whole row is the same.</summary>
    [Fact]
    public void AllBlocksAreCausalAttention()
    {
        AttentionPlan plan = new NativeSparsePlan(s_mean with { Top = 4, Window = 30 }).Build();
        PlanInterpreter run = PlanRuns.Train(plan, DerivedWeights.Random(plan), PlanSetting.Normal(2 * 30 * 32, 9), 2);
        PlanRuns.Close(run["o_win"], run["o_slc"], 1e-14);
        Assert.All(run.List("blocks").Select((list, row) => (list, row)), at => Assert.Equal(Enumerable.Range(0, (at.row / 2 % 30 / 8) + 1), at.list));
    }

    /// <summary>With all gates at one half and one block, the layer is the mean of what each branch is alone.</summary>
    [Fact]
    public void ZeroGateWeightsMixEvenly()
    {
        AttentionPlan plan = new NativeSparsePlan(s_mean with { Top = 4, Window = 30 }).Build();
        Dictionary<string, double[]> weights = DerivedWeights.Random(plan);
        weights["gate.weight"] = new double[weights["gate.weight"].Length];
        PlanInterpreter run = PlanRuns.Train(plan, weights, PlanSetting.Normal(30 * 32, 9), 1);
        PlanRuns.Close(run["o_win"].Zip(run["o_cmp"], (w, c) => w + (c / 2)).ToArray(), run["o"], 1e-14);
        Assert.All(run["o_cmp"].Take(7 * 4 * 16), o => Assert.Equal(0, o));
    }

    [Fact]
    public void ThePublicMeanCodeAgrees()
    {
        if (Golden.Find("nsa-layer") is { } golden)
        {
            Agrees(s_meanPlan, golden, new() { ["gate.weight"] = "g_proj.weight" });
        }
    }

    [Fact]
    public void TheAuthorsLinearCodeAgrees()
    {
        if (Golden.Find("nsa-overlap") is { } golden)
        {
            PlanInterpreter run = Agrees(s_linearPlan, golden, new()
            {
                ["q_proj.weight"] = "proj_q.weight",
                ["k_proj.weight"] = "proj_k.weight",
                ["v_proj.weight"] = "proj_v.weight",
                ["o_proj.weight"] = "proj_o.weight",
            });

            // Recorded as [B, groups, T, top], padded with -1 where fewer exist.
            int[][] lists = golden.Ints("topk_idx").Chunk(3).Select(l => l.Where(u => u >= 0).Order().ToArray()).ToArray();
            Assert.All(run.List("blocks").Select((list, row) => (list, row)), at =>
            {
                (int b, int t, int u) = (at.row / (48 * 2), at.row / 2 % 48, at.row % 2);
                Assert.Equal(lists[(((b * 2) + u) * 48) + t], at.list);
            });
        }
    }

    private static PlanInterpreter Agrees(AttentionPlan plan, Golden golden, Dictionary<string, string> names)
    {
        string Name(string weight) => names.GetValueOrDefault(weight, weight);
        Dictionary<string, double[]> weights = plan.Weights.ToDictionary(w => w.Name, w => golden[Name(w.Name)]);
        PlanBody train = plan.Bodies[BodyNames.Train];
        PlanInterpreter run = PlanRuns.Train(plan, weights, golden["x"], 2);
        PlanRuns.Close(golden["o"], run.Outputs[0], 1e-12);
        PlanSetting setting = PlanRuns.Setting(plan, weights, golden["x"], 2, null).With("d_out", golden["grad_out"]);
        IReadOnlyList<double[]> gradients = PlanInterpreter.Run(plan.Bodies[BodyNames.BackwardOf(BodyNames.Train)], setting).Outputs;
        PlanRuns.Close(golden["d_x"], gradients[0], 1e-11);
        Assert.All(train.Weights.Select((w, i) => (w.Name, Gradient: gradients[i + 1])), w => PlanRuns.Close(golden["d_" + Name(w.Name)], w.Gradient, 1e-11));
        return run;
    }

    private static (NativeSparseSizes Sizes, AttentionPlan Plan) Variant(string name) => name == "mean" ? (s_mean, s_meanPlan) : (s_linear, s_linearPlan);
}
