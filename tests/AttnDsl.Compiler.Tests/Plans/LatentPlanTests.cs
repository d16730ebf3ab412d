using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Tests.Plans.PaperPlans;
using Xunit;

namespace AttnDsl.Compiler.Tests.Plans;

/// <summary>Multi-head latent attention on paper.</summary>
public sealed class LatentPlanTests
{
    private static readonly LatentSizes s_sizes = new(Dim: 48, Heads: 4, QueryRank: 32, Rank: 24, Nope: 16, Rope: 8, ValueWidth: 16);
    private static readonly AttentionPlan s_plan = new LatentPlan(s_sizes).Build();

    [Fact]
    public void LowRankQuery() => Snapshot.Matches(s_plan);

    [Fact]
    public void WeightsAndCacheAreTheSheets()
    {
        LatentSizes v3 = new(7168, 128, 1536, 512, 128, 64, 128);
        AttentionPlan plan = new LatentPlan(v3).Build();
        long query = (v3.Dim * v3.QueryRank) + v3.QueryRank + (v3.QueryRank * v3.Heads * (v3.Nope + v3.Rope));
        Assert.Equal(query + LatentWeights(v3) + (v3.Heads * v3.ValueWidth * v3.Dim), plan.ParameterCount);
        Assert.Equal(576, plan.Cache.ScalarsPerToken);
        Assert.Equal(0, plan.Cache.ConstantScalars);
    }

    [Fact]
    public void FlopsAreTheSheets()
    {
        LatentSizes s = new(2048, 16, 0, 512, 128, 64, 128);
        AttentionPlan plan = new LatentPlan(s).Build();
        const long Tokens = 1000;
        long query = s.Dim * s.Heads * (s.Nope + s.Rope);
        long output = s.Heads * s.ValueWidth * s.Dim;
        long matrices = query + LatentWeights(s) - s.Rank + output;
        long pairs = Tokens * (Tokens + 1) / 2;
        Assert.Equal((2 * Tokens * matrices) + (2 * pairs * s.Heads * (s.Nope + s.Rope + s.ValueWidth)), plan.PrefillCost.PrefillFlops(Tokens));

        // Absorbed: the expansion is paid on the new token only, a pair costs 2r + dr.
        long folded = query + (s.Dim * (s.Rank + s.Rope)) + (s.Heads * s.Rank * (s.Nope + s.ValueWidth)) + output;
        Assert.Equal((2 * folded) + (2 * Tokens * s.Heads * ((2 * s.Rank) + s.Rope)), plan.DecodeCost.DecodeFlops(Tokens));
    }

    [Fact]
    public void FlopsAreThoseCounted() => PlanRuns.CostsAreCounted(s_plan, most: 9);

    /// <summary>The two forms are one function: what was prefilled expanded is decoded absorbed.</summary>
    [Theory]
    [InlineData(32)]
    [InlineData(0)]
    public void AbsorbedDecodeEqualsExpandedTraining(long queryRank)
    {
        AttentionPlan plan = new LatentPlan(s_sizes with { QueryRank = queryRank }).Build();
        Dictionary<string, double[]> weights = DerivedWeights.Random(plan);
        double[] x = PlanSetting.Normal(2 * 11 * 48, 9);
        double[] expected = PlanRuns.Train(plan, weights, x, 2).Outputs[0];
        PlanRuns.Close(expected, PlanRuns.Cached(plan, weights, x, 2, [5, 1, 1, 3, 1]), 1e-12);
        PlanRuns.Close(expected, PlanRuns.Cached(plan, weights, x, 2, Enumerable.Repeat(1, 11)), 1e-12);
    }

    [Fact]
    public void GradientsAgreeWithDifferences() =>
        GradientCheck.Holds(s_plan.Bodies[BodyNames.Train], PlanRuns.Setting(s_plan, DerivedWeights.Random(s_plan), PlanSetting.Normal(2 * 5 * 48, 2), 2, null), most: 12);

    [Theory]
    [InlineData("mla-qlora", 4, 32, 24, 16, 8, 16, 19)]
    [InlineData("mla-noqlora-odd", 3, 0, 20, 12, 8, 10, 32)]
    public void TheAuthorsCodeAgrees(string file, int heads, int queryRank, int rank, int nope, int rope, int value, int prefill)
    {
        if (Golden.Find(file) is not { } golden)
        {
            return;
        }

        AttentionPlan plan = new LatentPlan(new LatentSizes(48, heads, queryRank, rank, nope, rope, value)).Build();
        var names = new Dictionary<string, string>
        {
            ["q_proj.weight"] = "wq.weight",
            ["q_a_proj.weight"] = "wq_a.weight",
            ["q_a_layernorm.weight"] = "q_norm.weight",
            ["q_b_proj.weight"] = "wq_b.weight",
            ["kv_a_proj_with_mqa.weight"] = "wkv_a.weight",
            ["kv_a_layernorm.weight"] = "kv_norm.weight",
            ["kv_b_proj.weight"] = "wkv_b.weight",
            ["o_proj.weight"] = "wo.weight",
        };
        var stored = plan.Weights.Where(w => w.IsStored).ToDictionary(w => w.Name, w => golden[names[w.Name]]);
        Dictionary<string, double[]> weights = DerivedWeights.Of(plan, stored);
        PlanRuns.Close(golden["y"], PlanRuns.Train(plan, weights, golden["x"], 2).Outputs[0], 1e-12);
        int tokens = golden["x"].Length / (2 * 48);
        PlanRuns.Close(golden["y_decode"], PlanRuns.Cached(plan, weights, golden["x"], 2, [prefill, .. Enumerable.Repeat(1, tokens - prefill)]), 1e-12);

        PlanBody train = plan.Bodies[BodyNames.Train];
        PlanSetting setting = PlanRuns.Setting(plan, weights, golden["x"], 2, null).With("d_out", golden["g"]);
        IReadOnlyList<double[]> gradients = PlanInterpreter.Run(plan.Bodies[BodyNames.BackwardOf(BodyNames.Train)], setting).Outputs;
        PlanRuns.Close(golden["grad.x"], gradients[0], 1e-11);
        Assert.All(train.Weights.Select((w, i) => (w.Name, Gradient: gradients[i + 1])), w => PlanRuns.Close(golden["grad." + names[w.Name]], w.Gradient, 1e-11));
    }

    private static long LatentWeights(LatentSizes s) => (s.Dim * (s.Rank + s.Rope)) + s.Rank + (s.Rank * s.Heads * (s.Nope + s.ValueWidth));
}
