using AttnDsl.Compiler.Spec;
using AttnDsl.Generators.Tests.Harness;

namespace AttnDsl.Generators.Tests;

/// <summary>What the reader makes of attributes: names, values, and whether the user wrote them. An exclamation mark is "written", a question mark "does not bind".</summary>
public sealed class SpecReaderTests
{
    [Theory]
    [InlineData("[Attention(dim: 48, heads: 6)]", "Attention(dim=48! heads=6!)")]
    [InlineData("[Attention(48, 6)]", "Attention(dim=48! heads=6!)")]
    [InlineData("[Attention(heads: 6, dim: 48)]", "Attention(dim=48! heads=6!)")]
    [InlineData("[Attention(48, heads: 6, headDim: 16)]", "Attention(dim=48! heads=6! headDim=16!)")]
    [InlineData("[Attention(48, 6, OutputBias = true, HeadDim = 4 * 4)]", "Attention(dim=48! heads=6! OutputBias=true! HeadDim=16!)")]
    [InlineData("[AttentionAttribute(0, -1)]", "Attention(dim=0! heads=-1!)")]
    [InlineData("[global::AttnDsl.Attention(int.MaxValue, 1)]", "Attention(dim=2147483647! heads=1!)")]
    public void Constructor_and_property_arguments_come_under_their_names(string attribute, string expected) =>
        Assert.Equal(expected, Read(attribute));

    [Theory]
    [InlineData("[Rope]", "Rope(theta=10000 layout=HalfSplit)")]
    [InlineData("[Rope()]", "Rope(theta=10000 layout=HalfSplit)")]
    [InlineData("[Rope(theta: 10000)]", "Rope(theta=10000! layout=HalfSplit)")]
    [InlineData("[Rope(layout: RopeLayout.Interleaved)]", "Rope(theta=10000 layout=Interleaved!)")]
    [InlineData("[Rope(500_000, RopeLayout.HalfSplit)]", "Rope(theta=500000! layout=HalfSplit!)")]
    [InlineData("[Rope(theta: 1e4, rotaryDim: 8)]", "Rope(theta=10000! rotaryDim=8!)")]
    [InlineData("[Rope(theta: 0.5, RotaryDim = 0)]", "Rope(theta=0.5! layout=HalfSplit RotaryDim=0!)")]
    [InlineData("[Rope(double.NaN, (RopeLayout)7)]", "Rope(theta=NaN! layout=7!)")]
    [InlineData("[Causal]", "Causal(align=BottomRight)")]
    [InlineData("[Causal(CausalAlign.TopLeft)]", "Causal(align=TopLeft!)")]
    [InlineData("[SparseQuery(Heads = 3)]", "SparseQuery(Heads=3!)")]
    public void A_default_never_looks_written(string attribute, string expected) => Assert.Equal(expected, Read(attribute));

    [Fact]
    public void Attributes_of_other_libraries_and_look_alikes_are_not_read()
    {
        const string Source = """
            using System;
            [Obsolete]
            [AttnDsl.Causal]
            [Other.Causal]
            [Inner.AttnDsl.Rope]
            public partial class Layer;
            namespace Other { public class CausalAttribute : Attribute; }
            namespace Inner.AttnDsl
            {
                public class AttentionDslAttribute : Attribute;
                public class RopeAttribute : AttentionDslAttribute;
            }
            """;
        Assert.Equal("Causal(align=BottomRight)", SpecText.Attributes(SpecText.Read("Layer", Source)));
    }

    [Fact]
    public void An_alias_is_read_under_the_attributes_own_name()
    {
        const string Source = """
            using Window = AttnDsl.SlidingWindowAttribute;
            [Window(4)]
            public partial class Layer;
            """;
        Assert.Equal("SlidingWindow(size=4!)", SpecText.Attributes(SpecText.Read("Layer", Source)));
    }

    [Theory]
    [InlineData("[GroupedQuery]", "GroupedQuery(kv=?)")]
    [InlineData("[GroupedQuery()]", "GroupedQuery(kv=?)")]
    [InlineData("[GroupedQuery(\"two\")]", "GroupedQuery(kv=?\"two\"!)")]
    [InlineData("[GroupedQuery(kv: 3_000_000_000)]", "GroupedQuery(kv=?3_000_000_000!)")]
    [InlineData("[GroupedQuery(1, 2, 3, 4)]", "GroupedQuery(keyHeads=?1! valueHeads=?2!)")]
    [InlineData("[GroupedQuery(kv: missing)]", "GroupedQuery(kv=?missing!)")]
    [InlineData("[GroupedQuery(kv: System.Environment.ProcessorCount)]", "GroupedQuery(kv=?System.Environment.ProcessorCount!)")]
    [InlineData("[GroupedQuery(groups: 2)]", "GroupedQuery(kv=?)")]
    [InlineData("[GroupedQuery(kv: )]", "GroupedQuery(kv=?!)")]
    [InlineData("[Attention(1, 2, Nothing = 3)]", "Attention(dim=1! heads=2! Nothing=?3!)")]
    [InlineData("[Attention(heads: 2)]", "Attention(dim=? heads=?2!)")]
    [InlineData("[Attention(1, 2, Bias = 1)]", "Attention(dim=1! heads=2! Bias=?1!)")]
    [InlineData("[Attention(1, 2, HeadDim = 3, HeadDim = 4)]", "Attention(dim=1! heads=2! HeadDim=3!)")]
    [InlineData("[Causal(CausalAlign.Middle)]", "Causal(align=?CausalAlign.Middle!)")]
    [InlineData("[Attention(1, heads", "Attention(dim=?1! heads=?heads!)")]
    public void What_does_not_compile_is_invalid_and_never_throws(string attribute, string expected) =>
        Assert.Equal(expected, Read(attribute));

    [Fact]
    public void Parts_in_several_files_read_the_same_in_both_orders()
    {
        SourceFile first = new("/project/A.cs", "using AttnDsl;\n[Causal, Attention(64, 4)]\npublic partial class Layer;");
        SourceFile second = new("/project/B.cs", "\n\n[AttnDsl.Rope]\n[AttnDsl.GroupedQuery(2)]\npartial class Layer { int B; }");

        AttentionSpec spec = SpecText.Read("Layer", first, second);

        Assert.Equal("Causal(align=BottomRight) Attention(dim=64! heads=4!) Rope(theta=10000 layout=HalfSplit) GroupedQuery(kv=2!)", SpecText.Attributes(spec));
        Assert.Equal(spec, SpecText.Read("Layer", second, first));
    }

    [Fact]
    public void Duplicates_are_kept_with_their_indices()
    {
        AttentionSpec spec = SpecText.Read("Layer", "using AttnDsl; [Causal, Causal(CausalAlign.TopLeft)] partial class Layer;");

        Assert.Equal("Causal(align=BottomRight) Causal(align=TopLeft!)", SpecText.Attributes(spec));
        Assert.Equal([0, 1], [spec.Attributes[0].Index, spec.Attributes[1].Index]);
    }

    private static string Read(string attributes) =>
        SpecText.Attributes(SpecText.Read("Layer", $"using AttnDsl;\n{attributes}\npublic partial class Layer {{ }}"));
}
