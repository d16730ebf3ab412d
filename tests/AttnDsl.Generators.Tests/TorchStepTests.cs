using System.Collections.Generic;
using System.Linq;
using System.Threading;
using AttnDsl.Compiler.Emit;
using AttnDsl.Compiler.Emit.Torch;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Scores;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Generators.Tests.Harness;
using Microsoft.CodeAnalysis;
using static AttnDsl.Compiler.Plan.Scores.ScoreExpression;

namespace AttnDsl.Generators.Tests;

/// <summary>Steps, scores and masks that no attribute asks for yet: what is printed for them is the torch operation meant, and compiles at the lowest C# version.</summary>
public sealed class TorchStepTests
{
    [Fact]
    public void Every_step_that_a_layer_may_grow_prints_as_an_operation()
    {
        var body = new BodyBuilder(BodyNames.Train);
        PlanValue x = body.Input("x", TensorType.Of(Dim.B, Dim.T, Dim.Of(2), Dim.Of(4)));
        PlanWeight perHead = new("kv_b_proj.weight", TensorType.Constant(2, 3, 4));
        PlanWeight gain = new("gain", TensorType.Constant(4));
        PlanValue w = body.Weight(perHead);
        PlanValue g = body.Weight(gain);
        PlanValue y = body.Linear(x, w, "y", perHead: true);
        PlanValue back = body.Linear(y, w, "back", transposed: true, perHead: true);
        PlanValue sum = body.OuterSum(y, x, "outer", perHead: true);
        PlanValue flat = body.OuterSum(x, x, "flat");
        PlanValue product = body.Linear(back, flat, "product");
        PlanValue transposed = body.Linear(product, flat, "transposed", transposed: true);
        PlanValue scaled = body.Scale(transposed, -0.5, "scaled");
        PlanValue mean = body.Reduce(Reduction.Mean, scaled, "mean");
        PlanValue total = body.Reduce(Reduction.Sum, scaled, "total");
        PlanValue r = body.Reduce(Reduction.InverseRms, scaled, "r", 1e-6);
        PlanValue repeated = body.RepeatTo(g, scaled.Type, "repeated");
        PlanValue narrow = body.SumTo(repeated, g.Type, "narrow");
        PlanValue difference = body.Subtract(body.Multiply(body.Add(scaled, total, "plus"), r, "times"), mean, "difference");
        PlanValue normed = body.RmsNorm(difference, g, 1e-5, onePlus: true, "normed");
        PlanBody built = body.Build(body.Multiply(normed, narrow, "result"), sum);

        Assert.Equal(
            """
            var y = global::TorchSharp.torch.einsum("...hc,hrc->...hr", x, kv_b_proj_weight.Get("weight")); // [B, T, 2, 3]
            var back = global::TorchSharp.torch.einsum("...hr,hrc->...hc", y, kv_b_proj_weight.Get("weight")); // [B, T, 2, 4]
            var outer = global::TorchSharp.torch.einsum("bthr,bthc->hrc", y, x); // [2, 3, 4]
            var flat = global::TorchSharp.torch.einsum("btur,btuc->rc", x, x); // [4, 4]
            var product = back.matmul(flat.t()); // [B, T, 2, 4]
            var transposed = product.matmul(flat); // [B, T, 2, 4]
            var scaled = transposed * -0.5; // [B, T, 2, 4]
            var mean = scaled.mean([-1L], keepdim: true); // [B, T, 2, 1]
            var total = scaled.sum(-1, keepdim: true); // [B, T, 2, 1]
            var r = (scaled * scaled).mean([-1L], keepdim: true).add(1E-06).rsqrt(); // [B, T, 2, 1]
            var repeated = gain.expand(rows.Batch, rows.Tokens, 2, 4); // [B, T, 2, 4]
            var narrow = repeated.sum([0L, 1L, 2L], keepdim: true).reshape(4); // [4]
            var plus = scaled + total; // [B, T, 2, 4]
            var times = plus * r; // [B, T, 2, 4]
            var difference = times - mean; // [B, T, 2, 4]
            var normed = difference * (difference * difference).mean([-1L], keepdim: true).add(1E-05).rsqrt() * (1 + gain); // [B, T, 2, 4]
            var result = normed * narrow; // [B, T, 2, 4]
            """.ReplaceLineEndings("\n"),
            Print([perHead, gain], built));
        Compiles(
            "global::TorchSharp.torch.Tensor x, global::AttnDsl.Torch.ParameterGroup kv_b_proj_weight, global::TorchSharp.Modules.Parameter gain",
            Print([perHead, gain], built) + "\nreturn result;");
    }

    [Fact]
    public void Cuts_joins_and_slices_of_heads_print()
    {
        var whole = new PlanWeight("up.weight", TensorType.Constant(10, 4));
        var slice = new PlanWeight("up.values", TensorType.Constant(2, 3, 4), Derivation: new HeadSlice("up.weight", 2, 2, 3));
        var body = new BodyBuilder("probe");
        PlanValue x = body.Input("x", TensorType.Of(Dim.B, Dim.T, Dim.Of(2), Dim.Of(6)));
        IReadOnlyList<PlanValue> parts = body.Split(x, 3, ("left", 4), ("right", 2));
        PlanValue made = body.Linear(parts[0], body.Weight(slice), "made", perHead: true);
        PlanBody built = body.Build(body.Concat(3, "joined", made, parts[1]));
        string text = Print([whole, slice], built);
        Assert.Equal(
            """
            var left = x.narrow(3, 0, 4); // [B, T, 2, 4]
            var right = x.narrow(3, 4, 2); // [B, T, 2, 2]
            var made = global::TorchSharp.torch.einsum("...hc,hrc->...hr", left, up.weight.view(2, 5, 4).narrow(1, 2, 3)); // [B, T, 2, 3]
            var joined = global::TorchSharp.torch.cat([made, right], 3); // [B, T, 2, 5]
            """.ReplaceLineEndings("\n"),
            text);
        Compiles("global::TorchSharp.torch.Tensor x, global::TorchSharp.Modules.Linear up", text + "\nreturn joined;");
    }

    [Fact]
    public void Every_score_and_mask_prints_as_a_tensor()
    {
        ScoreExpression s = TheScore.Instance;
        ScoreExpression i = IndexScore.Row;
        ScoreExpression j = IndexScore.Column;
        ScoreExpression table = new CapturedScore("table", IndexKind.Column);
        ScoreExpression score = new BinaryScore(BinaryOperator.Min, s, Constant(3)) * new SelectScore(Comparison.Less, i - j, Constant(2), Exp(Abs(s)), table)
            + new BinaryScore(BinaryOperator.Max, i / Constant(2), IndexScore.Head) - new UnaryScore(UnaryOperator.Negate, s);
        var writer = new TorchScoreWriter(_ => "Table");
        string text = writer.Score(score);
        const string Three = "global::TorchSharp.torch.tensor(3.0, dtype: global::TorchSharp.torch.ScalarType.Float64, device: rows.Column.device)";
        Assert.Equal(
            $"((global::TorchSharp.torch.where(s.le(3.0), s, {Three}.to(s.dtype)) * global::TorchSharp.torch.where((i - j).lt(2.0), s.abs().exp(), Captured(Table, j).to(s.dtype)))"
            + " + global::TorchSharp.torch.where(h.le(i / 2.0), i / 2.0, h).to(s.dtype)) - s.neg()",
            text);
        Assert.Equal([IndexKind.Row, IndexKind.Column, IndexKind.Head], writer.Used);

        Mask mask = Mask.Everything.And(new CausalAtom()).AndAny(new WindowAtom(3, null), new SinkTokensAtom(4), new SegmentAtom()).And(new PredicateAtom(i - (Constant(2) * j))).And(new WindowAtom(null, 5)).And(new WindowAtom(null, null));
        string[] clauses = [.. new TorchScoreWriter(_ => "Table").Clauses(mask)];
        Assert.Equal(["j.le(i)", "Any((i - j).le(3), j.lt(4), rows.SameSegment)", "(i - (2.0 * j)).ge(0)", "(j - i).le(5)", "j.ge(0)"], clauses);

        const string Tensors = "global::TorchSharp.torch.Tensor s, global::TorchSharp.torch.Tensor i, global::TorchSharp.torch.Tensor j, global::TorchSharp.torch.Tensor h";
        Compiles(Tensors, "double[] Table = [1.0];\nreturn " + text + ";");
        Compiles(Tensors, "return All(" + string.Join(", ", clauses) + ")!;");
    }

    private static string Print(IReadOnlyList<PlanWeight> weights, PlanBody body)
    {
        var parameters = new TorchParameters(weights, [body]);
        var models = new TorchStepModels(parameters, new TorchTables([]), CacheSchema.None, new Dictionary<string, string>(), new Identifiers(["rows"]), body);
        var renderer = new StepRenderer("torch", "torch", counting: false, CancellationToken.None);
        return string.Join("\n", Fusions.Of(body).Select(step => models.Text(step, renderer).Trim('\n')));
    }

    /// <summary>As a member of a module.</summary>
    private static void Compiles(string arguments, string statements)
    {
        Harness.SourceFile source = $$"""
            internal abstract class Probe : global::AttnDsl.Torch.AttentionModule
            {
                private Probe(global::AttnDsl.LayerShape shape) : base("Probe", shape, [])
                {
                }

                private static global::TorchSharp.torch.Tensor Run({{arguments}}, global::AttnDsl.Torch.RowTensors rows)
                {
            {{statements}}
                }
            }
            """;
        IEnumerable<Diagnostic> errors = TestCompilation.Create([source], TestCompilation.TorchReferences).GetDiagnostics()
            .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error && !diagnostic.IsWarningAsError);
        Assert.Empty(errors);
    }
}
