using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Tests.Plans.PaperPlans;
using Xunit;

namespace AttnDsl.Compiler.Tests.Plans;

/// <summary>Mixture of heads on paper.</summary>
public sealed class MixtureOfHeadsPlanTests
{
    private static readonly MixtureSizes s_sizes = new(Dim: 32, Heads: 8, Width: 4, Shared: 3, Active: 2, Causal: true);
    private static readonly AttentionPlan s_plan = new MixtureOfHeadsPlan(s_sizes).Build();

    [Fact]
    public void SharedAndRouted() => Snapshot.Matches(s_plan);

    [Fact]
    public void WeightsAndCacheAreTheSheets()
    {
        long host = (4 * 32 * 8 * 4) + (3 * 8 * 4) + 32;
        Assert.Equal(host + (32 * (5 + 3 + 2)), s_plan.ParameterCount);
        Assert.Equal(2 * 8 * 4, s_plan.Cache.ScalarsPerToken);
        AuxiliaryOutput balance = Assert.Single(s_plan.Auxiliaries);
        Assert.Equal(0.01, balance.LossWeight);
        Assert.Equal("balance_loss", s_plan.Bodies[balance.Body].Outputs[balance.Output].Name);
    }

    /// <summary>The sheet's figures without skipping, as released: every head is computed.</summary>
    [Fact]
    public void FlopsAreTheSheets()
    {
        const long Tokens = 300;
        long projections = (8 * 32 * 8 * 4) + (2 * 32 * (5 + 3 + 2));
        Assert.Equal((Tokens * projections) + (4 * (Tokens * (Tokens + 1) / 2) * 8 * 4), s_plan.PrefillCost.PrefillFlops(Tokens));
        Assert.Equal(projections + (4 * Tokens * 8 * 4), s_plan.DecodeCost.DecodeFlops(Tokens));
    }

    [Fact]
    public void FlopsAreThoseCounted() => PlanRuns.CostsAreCounted(s_plan, most: 9);

    [Fact]
    public void GradientsOfOutputAndLossAgreeWithDifferences() => GradientCheck.Holds(
        s_plan.Bodies[BodyNames.Train], PlanRuns.Setting(s_plan, DerivedWeights.Random(s_plan), PlanSetting.Normal(2 * 6 * 32, 2), 2, null), cotangents: 2, unreached: ["k_proj.bias"], most: 12);

    [Fact]
    public void ChunksAndTokensEqualOneBlock()
    {
        Dictionary<string, double[]> weights = DerivedWeights.Random(s_plan);
        double[] x = PlanSetting.Normal(2 * 9 * 32, 9);
        PlanRuns.Close(PlanRuns.Train(s_plan, weights, x, 2).Outputs[0], PlanRuns.Cached(s_plan, weights, x, 2, [4, 1, 3, 1]), 1e-12);
    }

    /// <summary>Gates have mean one over the heads that are on.</summary>
    [Fact]
    public void ChosenGatesAreRenormalised()
    {
        PlanInterpreter run = PlanRuns.Train(s_plan, DerivedWeights.Random(s_plan), PlanSetting.Normal(7 * 32, 9), 1);
        Assert.All(run["routed_gates"].Chunk(5), gates =>
        {
            Assert.Equal(2, gates.Count(g => g > 0));
            Assert.Equal(2, gates.Sum(), 1e-12);
        });
        Assert.All(run["shared_gates"].Chunk(3), gates => Assert.Equal(3, gates.Sum(), 1e-12));
    }

    [Theory]
    [InlineData("moh-shared-routed", 32, 8, 3, 2, 2)]
    [InlineData("moh-routed-only", 24, 6, 0, 3, 2)]
    [InlineData("moh-shared-only", 16, 4, 4, 0, 1)]
    public void TheAuthorsCodeAgrees(string file, int dim, int heads, int shared, int active, int batch)
    {
        if (Golden.Find(file) is not { } golden)
        {
            return;
        }

        AttentionPlan plan = new MixtureOfHeadsPlan(new MixtureSizes(dim, heads, 4, shared, active, Causal: false)).Build();
        Dictionary<string, double[]> weights = plan.Weights.ToDictionary(w => w.Name, w => Recorded(golden, w.Name, "", dim));
        PlanBody train = plan.Bodies[BodyNames.Train];
        PlanInterpreter run = PlanRuns.Train(plan, weights, golden["x"], batch);
        PlanRuns.Close(golden["output"], run.Outputs[0], 1e-12);

        PlanSetting setting = PlanRuns.Setting(plan, weights, golden["x"], batch, null);
        Gradients(golden["g"], 0, "grad.");
        if (active > 0)
        {
            PlanRuns.Close(golden["aux_loss"], run.Outputs[1], 1e-12);
            PlanRuns.Close(golden["route_mask"], run["route_mask"], 0);
            IReadOnlyList<double[]> loss = Gradients(new double[golden["g"].Length], 1, null);
            PlanRuns.Close(golden["grad_aux.x"], loss[0], 1e-11);
            PlanRuns.Close(golden["grad_aux.Wr"], loss[1 + train.Weights.ToList().FindIndex(w => w.Name == "router.weight")], 1e-11);
        }

        IReadOnlyList<double[]> Gradients(double[] g, double balance, string? recorded)
        {
            PlanBody backward = plan.Bodies[BodyNames.BackwardOf(BodyNames.Train)];
            IReadOnlyList<double[]> gradients = PlanInterpreter.Run(backward, setting.With("d_out", g).With("d_balance", [balance])).Outputs;
            if (recorded is not null)
            {
                PlanRuns.Close(golden[recorded + "x"], gradients[0], 1e-11);
                Assert.All(train.Weights.Select((w, i) => (w.Name, Gradient: gradients[i + 1])), w => PlanRuns.Close(Recorded(golden, w.Name, recorded, dim), w.Gradient, 1e-11));
            }

            return gradients;
        }
    }

    /// <summary>The recording stacks q, k and v.</summary>
    private static double[] Recorded(Golden golden, string weight, string prefix, int dim)
    {
        string name = weight switch
        {
            "o_proj.weight" => "Wo",
            "o_proj.bias" => "bo",
            "router.weight" => "Wr",
            "shared_gate.weight" => "Ws",
            "mix.weight" => "Wmix",
            _ => weight.EndsWith("bias", StringComparison.Ordinal) ? "bqkv" : "Wqkv",
        };
        double[] all = golden[prefix + name];
        return name.EndsWith("qkv", StringComparison.Ordinal) ? all.Chunk(all.Length / 3).ElementAt("qkv".IndexOf(weight[0], StringComparison.Ordinal)) : all;
    }
}
