using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using AttnDsl.Compiler.Emit;
using Scriban;
using Scriban.Syntax;
using Xunit;

namespace AttnDsl.Compiler.Tests.Plans.Emit;

/// <summary>Models of one shape share one rendered text, which holds only as long as no template asks for more than the shape tells.</summary>
public sealed class TemplateTests
{
    public static TheoryData<string> Names => [.. typeof(AttentionCompiler).Assembly.GetManifestResourceNames()];

    [Theory]
    [MemberData(nameof(Names))]
    public void AsksForFlagsEmptinessAndLengthsOnly(string name)
    {
        using var reader = new StreamReader(typeof(AttentionCompiler).Assembly.GetManifestResourceStream(name)!);
        Template template = Template.Parse(reader.ReadToEnd(), name);
        Assert.False(template.HasErrors, string.Join("; ", template.Messages));
        Assert.Empty(Nodes(template.Page).Where(node => node switch
        {
            ScriptIfStatement { Condition: { } condition } => !IsQuestion(condition),
            ScriptConditionalExpression choice => !IsQuestion(choice.Condition!),
            ScriptFunctionCall call => call.Target?.ToString() != "include" || call.Arguments.Any(argument => argument is not ScriptLiteral),
            ScriptBinaryExpression comparison => !IsQuestion(comparison),
            ScriptPipeCall or ScriptWhileStatement or ScriptCaseStatement or ScriptFunction => true,
            _ => false,
        }).Select(node => node.ToString()));
    }

    [Fact]
    public void ModelsOfOneShapeShareTheText()
    {
        string Text(string name, bool rotates) => TemplateLibrary.Render(
            "reference/body",
            new TemplateModel
            {
                ["scalar"] = "double",
                ["weights"] = new[] { new TemplateModel { ["local"] = name, ["value"] = "weights." + name.ToUpperInvariant() + ".Data", ["shape"] = rotates ? "[1]" : "[2, 3]" } },
                ["steps"] = name + "(\n    1);",
            },
            default);

        Assert.Equal("double[] a = weights.A.Data; // [1]\n\na(\n    1);", Text("a", true));
        Assert.Equal("double[] b = weights.B.Data; // [2, 3]\n\nb(\n    1);", Text("b", false));
    }

    [Fact]
    public void LinesOfAValueMoveToTheDepthOfItsPlace()
    {
        var skeleton = new Skeleton("a\n{\n" + Skeleton.Placeholder(0) + "\n}\n");
        Assert.Equal("a\n{\n    x\n    {\n    }\n\n#if\n    y\n}", Written(skeleton, "x\n{\n}\n\n#if\ny"));
        Assert.Equal("a\n  {\n      x\n      y\n  }", Written(skeleton.At(2), "x\ny"));
        Assert.Equal("a\n{\n    x\n}", Written(skeleton, "x"));
    }

    [Fact]
    public void AModelHoldsWhatATemplateCanPrint()
    {
        ArgumentException refused = Assert.Throws<ArgumentException>(() => TemplateLibrary.Render("reference/gradients", new TemplateModel { ["gradients"] = new object() }, default));
        Assert.Contains("got Object", refused.Message, StringComparison.Ordinal);
        Assert.Throws<KeyNotFoundException>(() => new TemplateModel { ["a"] = 1 }["b"]);
        var model = new TemplateModel();
        for (int i = 0; i < 40; i++)
        {
            model["m" + i] = i;
            model["m" + i] = -i;
        }

        Assert.Equal(40, model.Count);
        Assert.Equal(-39, model["m39"]);
    }

    private static string Written(Skeleton skeleton, string value)
    {
        var text = new System.Text.StringBuilder();
        skeleton.Write(text, [value]);
        return text.ToString();
    }

    /// <summary>A flag, its negation, a comparison with the empty text, or several of them.</summary>
    private static bool IsQuestion(ScriptExpression expression) => expression switch
    {
        ScriptNestedExpression nested => IsQuestion(nested.Expression!),
        ScriptUnaryExpression { Operator: ScriptUnaryOperator.Not } not => IsQuestion(not.Right!),
        ScriptBinaryExpression { Operator: ScriptBinaryOperator.And or ScriptBinaryOperator.Or } both => IsQuestion(both.Left!) && IsQuestion(both.Right!),
        ScriptBinaryExpression { Operator: ScriptBinaryOperator.CompareEqual or ScriptBinaryOperator.CompareNotEqual, Right: ScriptLiteral { Value: "" } } comparison => IsPath(comparison.Left!),
        _ => IsPath(expression),
    };

    private static bool IsPath(ScriptExpression expression) => expression is ScriptVariable or ScriptMemberExpression;

    private static IEnumerable<ScriptNode> Nodes(ScriptNode? node)
    {
        if (node is null)
        {
            yield break;
        }

        yield return node;
        for (int i = 0; i < node.ChildrenCount; i++)
        {
            foreach (ScriptNode child in Nodes(node.GetChildren(i)))
            {
                yield return child;
            }
        }
    }
}
