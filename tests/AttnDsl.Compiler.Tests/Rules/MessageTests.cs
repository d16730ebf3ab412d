using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;
using Xunit;

namespace AttnDsl.Compiler.Tests.Rules;

/// <summary>Wording that users search for.</summary>
public sealed class MessageTests
{
    [Fact]
    public void Kv_that_does_not_divide_names_the_nearest_legal_values()
    {
        RuleViolation violation = Assert.Single(Stack.Attention(2048, 32).And("GroupedQuery", ("kv", 5)).Check());
        Assert.Equal("kv: 5 does not divide the 32 query heads; the nearest legal values are 4 and 8", violation.Message);
        Assert.Equal(["4", "8"], violation.Legal);
    }

    [Fact]
    public void Dim_that_is_not_divisible_names_the_nearest_legal_heads() => Says(
        Stack.Attention(50, 6),
        "dim: 50 is not divisible by heads: 6 and no headDim is given; the nearest legal values of heads are 5 and 10, or give headDim");

    [Fact]
    public void A_weight_beyond_an_array_names_the_product() => Says(
        Stack.Attention(65536, 1),
        "q_proj.weight would have 65536 x 65536 = 4294967296 elements, beyond the 2147483591 that an array can hold");

    [Fact]
    public void A_yarn_range_names_the_legal_lengths() => Says(
        Stack.Attention(512).And("Rope").And("Yarn", ("factor", 4.0), ("originalLength", 100)),
        "originalLength: 100 puts the unrounded YaRN ramp between pairs -2.427 and 9.615, but it needs 0 < low < high < 31; originalLength must be from 202 to 47117 here, or set Rounded = true, which clamps");

    [Fact]
    public void A_conflict_blames_the_later_attribute_and_points_at_the_earlier()
    {
        RuleViolation violation = Assert.Single(Stack.Attention().And("MultiQuery").And("GroupedQuery", ("kv", 2)).Check());
        Assert.Equal("[GroupedQuery] and [MultiQuery] both set the number of key/value heads; keep one", violation.Message);
        Assert.Equal((2, 1), (violation.AttributeIndex, violation.RelatedAttribute));
    }

    [Theory]
    [InlineData(730, "7.3")]
    [InlineData(1100, "11")]
    public void A_low_language_version_is_named(int version, string name) => Says(
        Stack.Attention().On(target => target with { LanguageVersion = version }),
        $"The generated code needs C# 12 or later and this project uses C# {name}: set LangVersion to 12, or to latest");

    [Fact]
    public void An_attribute_that_does_not_compile_blames_the_argument_that_nobody_wrote()
    {
        var lost = new ArgumentValue(ArgumentKind.Invalid, "", 0);
        AttributeSpec attention = new("Attention", 0, EquatableArray.Of(new ArgumentSpec("dim", lost, true), new ArgumentSpec("heads", lost, false)));
        RuleViolation violation = Assert.Single(RuleEngine.Check(Stack.Attention().Build() with { Attributes = EquatableArray.Of(attention) }));
        Assert.Equal("[Attention] cannot be read: heads is missing or not a constant of the right type", violation.Message);
    }

    [Fact]
    public void Messages_do_not_depend_on_the_culture()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        comma.NumberFormat.NumberDecimalSeparator = ",";
        comma.NumberFormat.NegativeSign = "~";
        string[] expected = [.. RuleCases.All.SelectMany(row => row.Stack.Check()).Select(violation => violation.Message)];
        try
        {
            CultureInfo.CurrentCulture = comma;
            Assert.Equal(expected, RuleCases.All.SelectMany(row => row.Stack.Check()).Select(violation => violation.Message));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static void Says(Stack stack, string message) => Assert.Equal(message, Assert.Single(stack.Check()).Message);
}
