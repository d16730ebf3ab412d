using System.Linq;
using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Tests.Rules;
using Xunit;

namespace AttnDsl.Compiler.Tests.Plans;

/// <summary>What specs of well-known layers lower to.</summary>
public sealed class LayerPlanTests
{
    private static Stack LlamaStack => Stack.Attention(48, 6).And("GroupedQuery", ("kv", 2)).And("Rope", ("theta", 500000.0), ("layout", "Interleaved")).And("Causal");

    private static Stack GptOssStack => Stack.Of("Attention", ("dim", 40), ("heads", 4), ("headDim", 32), ("Bias", true), ("OutputBias", true))
        .And("GroupedQuery", ("kv", 2))
        .And("Rope", ("theta", 150000.0), ("layout", "HalfSplit"))
        .And("Yarn", ("factor", 32.0), ("originalLength", 4096))
        .And("Causal")
        .And("SlidingWindow", ("size", 8))
        .And("AttentionSink");

    private static Stack ReverseStack => Stack.Of("Attention", ("dim", 48), ("heads", 8), ("OutputBias", true))
        .And("ReverseSparseQuery", ("heads", 2), ("kv", 4))
        .And("Rope", ("layout", "Interleaved"))
        .And("Causal");

    private static Stack GemmaStack => Stack.Of("Attention", ("dim", 40), ("heads", 4), ("headDim", 16))
        .And("GroupedQuery", ("kv", 2))
        .And("QkNorm", ("Form", "OnePlus"))
        .And("QueryScale", ("preAttnScalar", 24.0))
        .And("LogitSoftCap", ("cap", 5.0))
        .And("Alibi")
        .And("Causal");

    private static Stack TwoSidedStack => Stack.Attention(32, 4).And("SlidingWindow", ("left", 5), ("right", 2));

    private static Stack LatentStack => Stack.Of("Attention", ("dim", 24), ("heads", 3), ("Bias", true))
        .And("LatentKV", ("rank", 10), ("ropeDim", 4), ("nopeDim", 3), ("valueDim", 2))
        .And("LowRankQuery", ("rank", 8))
        .And("Rope", ("layout", "Interleaved"))
        .And("Causal")
        .And("AttentionSink");

    private static Stack ExpandedStack => Stack.Attention(24, 3)
        .And("LatentKV", ("rank", 10), ("LatentNorm", false), ("DecodePath", "Expand"))
        .And("QkNorm")
        .And("Causal");

    private static Stack TiedStack => Stack.Attention(48, 6).And("GroupedQuery", ("kv", 2)).And("TiedKV", ("ropeDim", 4)).And("Rope").And("Causal");

    private static Stack GroupedLatentStack => Stack.Of("Attention", ("dim", 24), ("heads", 4), ("Bias", true))
        .And("GroupedLatentKV", ("groups", 2), ("rank", 10), ("ropeDim", 4))
        .And("LowRankQuery", ("rank", 8))
        .And("Rope")
        .And("Causal");

    private static Stack SigmaStack => Stack.Attention(48, 8)
        .And("GroupedQuery", ("keyHeads", 2), ("valueHeads", 4))
        .And("AugmentedQuery", ("width", 20))
        .And("Rope", ("theta", 50000.0))
        .And("Causal");

    private static Stack NarrowStack => Stack.Attention(32, 4).And("KeyWidth", ("width", 3)).And("QkNorm").And("Rope").And("Causal");

    private static Stack FoldedStack => Stack.Attention(32, 4).And("GroupedQuery", ("kv", 2)).And("KeyWidth", ("width", 3)).And("Alibi").And("Causal").And("SlidingWindow", ("size", 6));

    private static Stack CompressedStack => Stack.Attention(32, 4)
        .And("GroupedQuery", ("kv", 2))
        .And("Compressed", ("factor", 2), ("SeqKernel", 3))
        .And("Rope")
        .And("Causal");

    private static Stack SelectiveStack => Stack.Attention(48, 8)
        .And("GroupedQuery", ("keyHeads", 2), ("valueHeads", 4))
        .And("Rope")
        .And("Causal")
        .And("SlidingWindow", ("size", 9))
        .And("AttentionSink")
        .And("SelectiveValue", ("top", 3));

    private static Stack SelectiveLatentStack => Stack.Attention(24, 3).And("LatentKV", ("rank", 10)).And("Causal").And("SelectiveValue", ("top", 4));

    private static Stack SelectiveTwoSidedStack => TwoSidedStack.And("SelectiveValue", ("top", 6));

    public static TheoryData<string> Stacks => new("llama", "gpt-oss", "reverse", "gemma", "two-sided", "latent", "expanded", "sigma", "narrow", "folded", "compressed");

    public static TheoryData<string> Selecting => new("selective", "selective-latent", "selective-two-sided");

    [Fact]
    public void Llama() => Snapshot.Matches(Lower(LlamaStack));

    [Fact]
    public void GptOss() => Snapshot.Matches(Lower(GptOssStack));

    [Fact]
    public void ReverseSparse() => Snapshot.Matches(Lower(ReverseStack));

    [Fact]
    public void SoftCapAlibiAndNorms() => Snapshot.Matches(Lower(GemmaStack));

    [Fact]
    public void TwoSidedWindow() => Snapshot.Matches(Lower(TwoSidedStack));

    [Fact]
    public void LatentsInGroups() => Snapshot.Matches(Lower(GroupedLatentStack));

    [Fact]
    public void TiedStates() => Snapshot.Matches(Lower(TiedStack));

    [Fact]
    public void LatentAndLowRankQuery() => Snapshot.Matches(Lower(LatentStack));

    [Fact]
    public void LatentThatIsExpanded() => Snapshot.Matches(Lower(ExpandedStack));

    [Fact]
    public void Sigma() => Snapshot.Matches(Lower(SigmaStack));

    [Fact]
    public void Compressed() => Snapshot.Matches(Lower(CompressedStack));

    [Fact]
    public void NarrowKeys() => Snapshot.Matches(Lower(NarrowStack));

    [Fact]
    public void NarrowKeysThatAreFolded() => Snapshot.Matches(Lower(FoldedStack));

    [Theory]
    [InlineData("QkNorm")]
    [InlineData("QKL2Norm")]
    [InlineData("Rope")]
    [InlineData("Rope", "Yarn")]
    public void WhatFollowsTheWideningKeepsKeysWide(params string[] following)
    {
        Stack stack = FoldedStack;
        foreach (string name in following)
        {
            stack = name == "Yarn" ? stack.And(name, ("factor", 4.0), ("originalLength", 64)) : stack.And(name);
        }

        AttentionPlan plan = LayerCompiler.Lower(stack.Build());
        Assert.Equal(0, plan.FewTokens);
        Assert.True(plan.Bodies[BodyNames.Decode].IsSameAs(plan.Bodies[BodyNames.Prefill]));
        Assert.Equal(16, Lower(FoldedStack).FewTokens);
    }

    [Fact]
    public void SelectedValues() => Snapshot.Matches(Lower(SelectiveStack));

    [Theory]
    [MemberData(nameof(Selecting))]
    public void ALayerThatSelectsHasNoGradientAndSaysWhy(string name)
    {
        AttentionPlan plan = Of(name);
        Assert.StartsWith("of a query's weights only the ", plan.NoGradient, System.StringComparison.Ordinal);
        Assert.Equal([BodyNames.Train, BodyNames.Core, .. plan.Inputs.Cached ? new[] { BodyNames.Prefill, BodyNames.Decode } : []], plan.Bodies.Keys);
        PlanException refused = Assert.Throws<PlanException>(() => Differentiator.Backward(plan.Bodies[BodyNames.Core], "d_o"));
        Assert.Contains(plan.NoGradient!, refused.Message, System.StringComparison.Ordinal);
        Assert.Null(Of("llama").NoGradient);
    }

    [Fact]
    public void WithoutAChoiceSelectingChangesNothing()
    {
        AttentionPlan all = Lower(LlamaStack);
        AttentionPlan some = Lower(LlamaStack.And("SelectiveValue", ("top", 14)));
        double[] x = PlanSetting.Normal(14 * (int)all.Widths.Dim, 3);
        var weights = DerivedWeights.Random(all);
        PlanRuns.Close(PlanRuns.Train(all, weights, x, 1).Outputs[0], PlanRuns.Train(some, weights, x, 1).Outputs[0], 1e-14);
        Assert.NotEqual(PlanRuns.Train(all, weights, x, 1).Outputs[0], PlanRuns.Train(Lower(LlamaStack.And("SelectiveValue", ("top", 13))), weights, x, 1).Outputs[0]);
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    [MemberData(nameof(Selecting))]
    public void FlopsAreThoseCounted(string name)
    {
        AttentionPlan plan = Of(name);
        PlanRuns.CostsAreCounted(plan, most: 12, decodes: plan.Inputs.Cached);
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public void GradientsAgreeWithDifferences(string name)
    {
        AttentionPlan plan = Of(name);
        PlanSetting setting = PlanRuns.Setting(plan, DerivedWeights.Random(plan), PlanSetting.Normal(11 * (int)plan.Widths.Dim, 2), 1, null);
        GradientCheck.Holds(plan.Bodies[BodyNames.Train], setting, unreached: name == "two-sided" ? ["k_proj.bias"] : [], most: 8);
        PlanBody core = plan.Bodies[BodyNames.Core];
        GradientCheck.Holds(core, PlanSetting.Random(core, 2, 4, 5) with { Buffers = setting.Buffers }, most: 12);
    }

    [Fact]
    public void ChunksAndTokensEqualOneBlock()
    {
        foreach (AttentionPlan plan in new[] { "llama", "gpt-oss", "reverse", "gemma", "latent", "expanded", "sigma", "narrow", "folded", "compressed", "selective", "selective-latent" }.Select(Of))
        {
            double[] x = PlanSetting.Normal(2 * 14 * (int)plan.Widths.Dim, 3);
            var weights = DerivedWeights.Random(plan);
            double[] expected = PlanRuns.Train(plan, weights, x, 2).Outputs[0];
            PlanRuns.Close(expected, PlanRuns.Cached(plan, weights, x, 2, [5, 1, 7, 1]), 1e-12);
            PlanRuns.Close(expected, PlanRuns.Cached(plan, weights, x, 2, Enumerable.Repeat(1, 14)), 1e-12);
        }
    }

    [Fact]
    public void LoweringTwiceSaysTheSame() => Assert.Equal(PlanDump.Of(Lower(GptOssStack)), PlanDump.Of(Lower(GptOssStack)));

    private static AttentionPlan Of(string name) => Lower(name switch
    {
        "llama" => LlamaStack,
        "gpt-oss" => GptOssStack,
        "reverse" => ReverseStack,
        "gemma" => GemmaStack,
        "latent" => LatentStack,
        "expanded" => ExpandedStack,
        "sigma" => SigmaStack,
        "narrow" => NarrowStack,
        "compressed" => CompressedStack,
        "folded" => FoldedStack,
        "selective" => SelectiveStack,
        "selective-latent" => SelectiveLatentStack,
        "selective-two-sided" => SelectiveTwoSidedStack,
        _ => TwoSidedStack,
    });

    private static AttentionPlan Lower(Stack stack)
    {
        Assert.DoesNotContain(stack.Check(), v => v.Rule.Severity == RuleSeverity.Error);
        return LayerCompiler.Lower(stack.Build());
    }
}
