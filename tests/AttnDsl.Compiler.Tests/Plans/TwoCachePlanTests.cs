using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Spec;
using AttnDsl.Compiler.Tests.Plans.PaperPlans;
using Xunit;

namespace AttnDsl.Compiler.Tests.Plans;

/// <summary>DuoAttention on paper: two caches in one layer, and the gates that choose them.</summary>
public sealed class TwoCachePlanTests
{
    private static readonly TwoCacheSizes s_sizes = new(Dim: 64, Heads: 8, KvHeads: 4, Width: 8, EquatableArray.Of(0, 2), Sinks: 3, Recent: 6);
    private static readonly AttentionPlan s_deployed = new TwoCachePlan(s_sizes).Deployed();
    private static readonly AttentionPlan s_identifying = new TwoCachePlan(s_sizes).Identifying();

    private static long Matrices => 2 * 64 * (8 + 4) * 8;

    [Fact]
    public void Deployed() => Snapshot.Matches(s_deployed);

    [Fact]
    public void Identifying() => Snapshot.Matches(s_identifying);

    [Fact]
    public void WeightsAndCacheAreTheSheets()
    {
        Assert.Equal(Matrices, s_deployed.ParameterCount);
        Assert.Equal(Matrices + s_sizes.KvHeads, s_identifying.ParameterCount);
        Assert.Equal(2 * 2 * 8, s_deployed.Cache.ScalarsPerToken);
        Assert.Equal(2 * (4 - 2) * (3 + 6) * 8, s_deployed.Cache.ConstantScalars);
        Assert.Equal(["retrieval", "streaming"], s_deployed.Cache.Streams.Select(s => s.Group).Distinct());
    }

    [Fact]
    public void FlopsAreTheSheets()
    {
        const long Context = 500;
        long decode = 4 * 8 * 2 * ((2 * Context) + (2 * (3 + 6 + 1)));
        Assert.Equal((2 * Matrices) + decode, s_deployed.DecodeCost.DecodeFlops(Context));
        long firstChunk = 4 * 8 * 2 * 4 * (Context * (Context + 1) / 2);
        Assert.Equal((2 * Context * Matrices) + firstChunk, s_deployed.PrefillCost.PrefillFlops(Context));
    }

    [Fact]
    public void FlopsAreThoseCounted()
    {
        PlanRuns.CostsAreCounted(s_deployed, most: 15);
        PlanRuns.CostsAreCounted(s_identifying, most: 15, decodes: false);
    }

    [Fact]
    public void OneChunkIsThePlainLayer()
    {
        Dictionary<string, double[]> weights = DerivedWeights.Random(s_deployed);
        double[] x = PlanSetting.Normal(2 * 20 * 64, 4);
        PlanRuns.Close(PlanRuns.Train(s_deployed, weights, x, 2).Outputs[0], PlanRuns.Cached(s_deployed, weights, x, 2, [20]), 1e-12);
    }

    /// <summary>As long as the ring holds everything, streaming heads are no different.</summary>
    [Fact]
    public void AShortSequenceIsThePlainLayer()
    {
        Dictionary<string, double[]> weights = DerivedWeights.Random(s_deployed);
        double[] x = PlanSetting.Normal(2 * 10 * 64, 4);
        PlanRuns.Close(PlanRuns.Train(s_deployed, weights, x, 2).Outputs[0], PlanRuns.Cached(s_deployed, weights, x, 2, Enumerable.Repeat(1, 10)), 1e-12);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void OneKindOfHeadHasOneCache(int retrieval)
    {
        AttentionPlan plan = new TwoCachePlan(s_sizes with { Retrieval = Enumerable.Range(0, retrieval).ToEquatableArray() }).Deployed();
        Assert.Equal(2, plan.Cache.Streams.Count);
        PlanRuns.CostsAreCounted(plan, most: 12);
    }

    /// <summary>A gate inside its bounds gets gradient, the full branch none at all.</summary>
    [Fact]
    public void GatesInsideTheirBoundsLearn()
    {
        Dictionary<string, double[]> weights = DerivedWeights.Random(s_identifying);
        weights["gate_alpha"] = [0.2, 0.9, -0.3, 1.4];
        PlanSetting setting = PlanRuns.Setting(s_identifying, weights, PlanSetting.Normal(14 * 64, 2), 1, null).With("x_full", PlanSetting.Normal(14 * 64, 3));
        PlanBody train = s_identifying.Bodies[BodyNames.Train];

        // Differences would see through the stop: the authors' gradients are below, here only where there are none.
        IReadOnlyList<double[]> gradients = PlanInterpreter.Run(
            Differentiator.Backward(train, "d_full", "d_mixed"),
            setting.With("d_full", PlanSetting.Normal(14 * 64, 4)).With("d_mixed", PlanSetting.Normal(14 * 64, 5))).Outputs;
        Assert.All(gradients[0], g => Assert.Equal(0, g));
        Assert.Contains(gradients[1], g => g != 0);
        double[] gate = gradients[2 + train.Weights.Select(w => w.Name).ToList().IndexOf("gate_alpha")];
        Assert.Equal([true, true, false, false], gate.Select(g => g != 0));
    }

    [Theory]
    [InlineData("duo-attention-gate-train-gqa", 64, 8, 4, 3, 6, 2, 10000)]
    [InlineData("duo-attention-gate-train-mha", 32, 4, 4, 1, 16, 1, 500000)]
    public void TheAuthorsTrainingAgrees(string file, int dim, int heads, int kv, int sinks, int recent, int batch, double theta)
    {
        if (Golden.Find(file) is not { } golden)
        {
            return;
        }

        AttentionPlan plan = new TwoCachePlan(new TwoCacheSizes(dim, heads, kv, 8, default, sinks, recent), theta).Identifying();
        Dictionary<string, double[]> weights = Weights(golden);
        weights["gate_alpha"] = golden["gate_alpha"];
        int half = golden["x"].Length / 2;
        PlanSetting setting = PlanRuns.Setting(plan, weights, golden["x"][half..], batch, null).With("x_full", golden["x"][..half]);
        PlanBody train = plan.Bodies[BodyNames.Train];
        PlanInterpreter run = PlanInterpreter.Run(train, setting);
        PlanRuns.Close(golden["y"], [.. run.Outputs[0], .. run.Outputs[1]], 1e-12);

        PlanSetting withCotangents = setting.With("d_full", golden["g"][..half]).With("d_mixed", golden["g"][half..]).With("d_gate_l1", [0]);
        IReadOnlyList<double[]> gradients = PlanInterpreter.Run(plan.Bodies[BodyNames.BackwardOf(BodyNames.Train)], withCotangents).Outputs;
        PlanRuns.Close(golden["grad_x"], [.. gradients[0], .. gradients[1]], 1e-11);
        Assert.All(train.Weights.Select((w, i) => (w.Name, Gradient: gradients[i + 2])), w => PlanRuns.Close(golden["grad_" + Recorded(w.Name)], w.Gradient, 1e-11));
    }

    [Fact]
    public void TheAuthorsChunksAgree()
    {
        if (Golden.Find("duo-attention-deploy-chunked") is not { } golden)
        {
            return;
        }

        EquatableArray<int> retrieval = golden["gates"].Select((g, i) => (g, i)).Where(p => p.g > 0.5).Select(p => p.i).ToEquatableArray();
        AttentionPlan plan = new TwoCachePlan(new TwoCacheSizes(64, 8, 4, 8, retrieval, 4, 8)).Deployed();
        Dictionary<string, double[]> weights = DerivedWeights.Of(plan, Weights(golden));
        Assert.Equal(golden["reordered_W_q"], weights["q_proj.weight.by_cache"]);
        Assert.Equal(golden["reordered_W_o"], weights["o_proj.weight.by_cache"]);
        PlanRuns.Close(golden["y"], PlanRuns.Cached(plan, weights, golden["x"], 2, golden.Ints("chunks")), 1e-12);
    }

    private static Dictionary<string, double[]> Weights(Golden golden) =>
        new[] { "q", "k", "v", "o" }.ToDictionary(n => n + "_proj.weight", n => golden["W_" + n]);

    private static string Recorded(string weight) => weight == "gate_alpha" ? weight : "W_" + weight[0];
}
