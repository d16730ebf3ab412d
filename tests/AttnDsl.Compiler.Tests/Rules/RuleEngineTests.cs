using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;
using Xunit;

namespace AttnDsl.Compiler.Tests.Rules;

public sealed class RuleEngineTests
{
    public static IEnumerable<object[]> Cases => RuleCases.All.Select(row => new object[] { row.Stack, row.Expected });

    [Theory]
    [MemberData(nameof(Cases), DisableDiscoveryEnumeration = true)]
    public void A_stack_breaks_exactly_these_rules(Stack stack, string expected) =>
        Assert.Equal(expected, string.Join(" ", stack.Check().Select(Describe).Order()));

    [Theory]
    [MemberData(nameof(Cases), DisableDiscoveryEnumeration = true)]
    public void Violations_are_complete_ordered_and_repeatable(Stack stack, string expected)
    {
        _ = expected;
        EquatableArray<RuleViolation> violations = stack.Check();
        Invariants.Hold(stack.Build(), violations);
        Assert.Equal(violations, stack.Check());
    }

    [Theory]
    [MemberData(nameof(Cases), DisableDiscoveryEnumeration = true)]
    public void The_legal_values_of_an_argument_are_legal(Stack stack, string expected)
    {
        _ = expected;
        foreach (RuleViolation violation in stack.Check())
        {
            foreach (string legal in violation.Legal)
            {
                // A value that is merely large enough may meet the next rule, which was silent before.
                EquatableArray<RuleViolation> mended = stack.With(violation.AttributeIndex, violation.Argument!, legal).Check();
                Assert.DoesNotContain(mended, other => other.AttributeIndex == violation.AttributeIndex && other.Argument == violation.Argument
                    && (other.Rule == violation.Rule || (other.Rule.Severity == RuleSeverity.Error && violation.Rule != RuleTable.TooSmall)));
            }
        }
    }

    [Fact]
    public void Every_rule_has_a_stack_that_breaks_it()
    {
        IEnumerable<string> covered = RuleCases.All.SelectMany(row => row.Stack.Check()).Select(violation => violation.Rule.Id);
        Assert.Equal(
            [RuleTable.InternalFailure.Id, RuleTable.BackendRefuses.Id, RuleTable.ModuleCannotTrain.Id],
            RuleTable.All.Select(rule => rule.Id).Except(covered));
    }

    [Fact]
    public void An_exception_becomes_a_violation_that_names_it()
    {
        RuleViolation violation = RuleEngine.Failure(Stack.Attention().Build().Target, new System.InvalidOperationException("no step"));
        Assert.Equal("AttnDsl failed on 'Layer' and generated nothing for it, which is a bug in AttnDsl: InvalidOperationException: no step", violation.Message);
        Assert.Equal(-1, violation.AttributeIndex);
    }

    [Fact]
    public void A_module_of_a_layer_without_a_gradient_is_a_warning()
    {
        Spec.AttentionSpec spec = Stack.Attention().And("SelectiveValue", ("top", 5)).Build();
        Assert.Equal(["ATTN0780"], AttentionCompiler.Check(spec).Select(violation => violation.Rule.Id));
        RuleViolation[] violations = [.. AttentionCompiler.Check(spec, new CompileOptions(Torch: true))];
        Assert.Equal(["ATTN0780", "ATTN0781"], violations.Select(violation => violation.Rule.Id));
        Assert.StartsWith("The TorchSharp module of 'Layer' evaluates only: of a query's weights only the 5 largest count", violations[1].Message, System.StringComparison.Ordinal);
        CompileResult result = AttentionCompiler.Compile(spec, new CompileOptions(Torch: true));
        Assert.Contains(result.Files, file => file.HintName.EndsWith(".Torch.g.cs", System.StringComparison.Ordinal));
    }

    [Fact]
    public void A_backend_that_lacks_a_step_refuses_the_plan_and_says_which()
    {
        var body = new BodyBuilder(BodyNames.Train);
        PlanValue x = body.Input("x", TensorType.Of(Dim.B, Dim.T, Dim.Of(4)));
        PlanBody train = body.Build(body.Softmax(x, "y"));
        var plan = new AttentionPlan(new LayerWidths(4, 1, 1, 1, 1, 1, 4, 4, 4), [], [], CacheSchema.None, [train], [], new RunTimeInputs(false, false, null, null));

        RuleViolation[] violations = [.. AttentionCompiler.Refusals(plan, Stack.Attention().Build().Target, new CompileOptions(Torch: true))];

        Assert.All(violations, violation => Assert.Equal(RuleTable.BackendRefuses, violation.Rule));
        Assert.Equal(
            [
                "The reference backend is not generated for this combination: it has no step softmax",
                "The CPU backend is not generated for this combination: it has no step softmax",
                "The TorchSharp backend is not generated for this combination: it has no step softmax",
            ],
            violations.Select(violation => violation.Message));
    }

    [Fact]
    public void The_order_of_attributes_changes_only_where_violations_point()
    {
        Stack forward = Stack.Attention(heads: 7).And("SparseQuery", ("Heads", 4)).And("GroupedQuery", ("kv", 3)).And("Causal").And("SlidingWindow", ("size", 0));
        Stack backward = Stack.Of("SlidingWindow", ("size", 0)).And("Causal").And("GroupedQuery", ("kv", 3)).And("SparseQuery", ("Heads", 4)).And("Attention", ("dim", 64), ("heads", 7));
        Assert.Equal(
            forward.Check().Select(violation => violation.Message).Order(),
            backward.Check().Select(violation => violation.Message).Order());
    }

    private static string Describe(RuleViolation violation) =>
        $"{violation.Rule.Id}@{violation.AttributeIndex}" + (violation.Argument is null ? "" : ":" + violation.Argument);
}
