using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Xml.Linq;

namespace AttnDsl.Conformance.Tests.Runtime;

public class AttributeTests
{
    public static TheoryData<Type> Attributes => [.. typeof(AttentionDslAttribute).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(AttentionDslAttribute)))];

    [Fact]
    public void AllAttributesOfTheAssemblyAreOfTheLanguage()
    {
        IEnumerable<Type> others = typeof(AttentionDslAttribute).Assembly.GetExportedTypes().Where(type => type.IsSubclassOf(typeof(Attribute)) && !type.IsAbstract);
        Assert.All(others, type => Assert.True(type.IsSubclassOf(typeof(AttentionDslAttribute)), type.FullName));
        Assert.NotEmpty(others);
    }

    [Theory]
    [MemberData(nameof(Attributes))]
    public void MayBeWrittenOnceOnAnyType(Type type)
    {
        AttributeUsageAttribute usage = type.GetCustomAttribute<AttributeUsageAttribute>(inherit: false)!;
        Assert.Equal(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, usage.ValidOn);
        Assert.False(usage.AllowMultiple);
        Assert.False(usage.Inherited);
        Assert.True(type.IsSealed);
        Assert.Equal("AttnDsl", type.Namespace);
    }

    [Theory]
    [MemberData(nameof(Attributes))]
    public void IsExplainedWithAnExample(Type type)
    {
        XDocument documentation = XDocument.Load(Path.ChangeExtension(type.Assembly.Location, ".xml"));
        XElement member = documentation.Descendants("member").Single(element => (string?)element.Attribute("name") == $"T:{type.FullName}");
        Assert.NotNull(member.Element("summary"));
        Assert.NotNull(member.Element("remarks"));
        string example = member.Element("example")!.Element("code")!.Value;
        Assert.Contains($"[{type.Name[..^"Attribute".Length]}", example, StringComparison.Ordinal);
        Assert.Contains("[Attention(", example, StringComparison.Ordinal);
    }

    [Fact]
    public void OneConstructorForEveryWayOfWritingRope()
    {
        Assert.Equal((10000.0, RopeLayout.HalfSplit, 0, 1), Read(new RopeAttribute()));
        Assert.Equal((10000.0, RopeLayout.Interleaved, 0, 1), Read(new RopeAttribute(layout: RopeLayout.Interleaved)));
        Assert.Equal((5e6, RopeLayout.HalfSplit, 4, 1), Read(new RopeAttribute(theta: 5000000, rotaryDim: 4)));
        Assert.Equal((5e6, RopeLayout.Interleaved, 4, 1), Read(new RopeAttribute(theta: 5000000, rotaryDim: 4, layout: RopeLayout.Interleaved)));
        Assert.Equal((10000.0, RopeLayout.HalfSplit, 6, 2), Read(new RopeAttribute { RotaryDim = 6, FrequencyStride = 2 }));
    }

    private static (double Theta, RopeLayout Layout, int RotaryDim, int FrequencyStride) Read(RopeAttribute rope) => (rope.Theta, rope.Layout, rope.RotaryDim, rope.FrequencyStride);
}
