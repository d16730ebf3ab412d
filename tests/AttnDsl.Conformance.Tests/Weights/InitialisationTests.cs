using System;
using System.Collections.Immutable;
using System.Linq;

namespace AttnDsl.Conformance.Tests.Weights;

public class InitialisationTests
{
    [Fact]
    public void AsDeclared()
    {
        var weights = new SampleWeights<double>(RopeLayout.HalfSplit);
        weights.Initialise(7);
        Assert.All(weights["q_norm.weight"].Data, value => Assert.Equal(1, value));
        Assert.All(weights["q_proj.bias"].Data, value => Assert.Equal(0, value));
        Assert.All(weights["q_proj.weight"].Data, value => Assert.InRange(Math.Abs(value), 1e-9, 5));
        Assert.Equal(36 + 12 + 18 + 18 + 6, weights.ParameterCount);
    }

    [Fact]
    public void SeedAndNameDecide()
    {
        var first = new SampleWeights<double>(null);
        var second = new SampleWeights<double>(null);
        first.Initialise(7);
        second.Initialise(7);
        Assert.Equal(first["q_proj.weight"].Data, second["q_proj.weight"].Data);
        Assert.NotEqual(first["k_proj.weight"].Data, first["v_proj.weight"].Data);
        second.Initialise(8);
        Assert.NotEqual(first["q_proj.weight"].Data, second["q_proj.weight"].Data);
        second.Initialise(-7);
        Assert.NotEqual(first["q_proj.weight"].Data, second["q_proj.weight"].Data);
    }

    [Fact]
    public void NarrowTypesAreRoundedDoubles()
    {
        var wide = new SampleWeights<double>(null);
        var narrow = new SampleWeights<float>(null);
        wide.Initialise(7);
        narrow.Initialise(7);
        Assert.Equal(wide["q_proj.weight"].Data.Select(value => (float)value), narrow["q_proj.weight"].Data);
    }

    [Fact]
    public void BitsArePinned()
    {
        // A checkpoint that was never saved can be made again from its seed, so these must never change.
        var normal = new CounterNormal(7, "q_proj.weight");
        string actual = string.Join(" ", Enumerable.Range(0, 4).Select(i => BitConverter.DoubleToUInt64Bits(normal.At(i)).ToString("X16", System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal("3FE197148B306C32 3FD8968AB403E8C5 3FE157FE5A5E430A 3FC7393739805FC3", actual);
    }

    [Theory]
    [InlineData(0.5, 0)]
    [InlineData(0.975, 1.959963984540054)]
    [InlineData(0.025, -1.959963984540054)]
    [InlineData(0.001, -3.090232306167813)]
    [InlineData(0.9999999, 5.199337582187471)]
    [InlineData(1e-20, -9.262340089798408)]
    [InlineData(5.551115123125783e-17, -8.292361075813595)]
    public void Quantiles(double p, double expected)
    {
        Assert.Equal(expected, CounterNormal.Quantile(p), 1e-8);
    }

    [Fact]
    public void OwnLogarithmIsGood()
    {
        var random = new Random(1);
        for (int i = 0; i < 10_000; i++)
        {
            double x = Math.Exp((random.NextDouble() * 60) - 50);
            Assert.InRange(Math.Abs(CounterNormal.Log(x) - Math.Log(x)), 0, 2e-15 * Math.Max(1, Math.Abs(Math.Log(x))));
        }
    }

    [Fact]
    public void MomentsAndTails()
    {
        const int n = 200_000;
        var normal = new CounterNormal(0, "x");
        double[] z = [.. Enumerable.Range(0, n).Select(i => normal.At(i))];
        Assert.Equal(0, z.Average(), 0.01);
        Assert.Equal(1, z.Select(v => v * v).Average(), 0.02);
        Assert.Equal(0, z.Select(v => v * v * v).Average(), 0.05);
        Assert.Equal(3, z.Select(v => v * v * v * v).Average(), 0.15);
        Assert.Equal(0.0455, z.Count(v => Math.Abs(v) > 2) / (double)n, 0.002);
        Assert.Equal(0, z.Zip(z.Skip(1), (a, b) => a * b).Average(), 0.01);
    }

    [Fact]
    public void CopyConverts()
    {
        var from = new SampleWeights<double>(RopeLayout.HalfSplit);
        from.Initialise(7);
        var to = new SampleWeights<float>(RopeLayout.HalfSplit);
        from.CopyTo(to);
        Assert.Equal(from["k_proj.weight"].Data.Select(value => (float)value), to["k_proj.weight"].Data);
        Assert.Throws<ArgumentException>(() => from.CopyTo(new SampleWeights<float>(RopeLayout.Interleaved)));
        Assert.Throws<ArgumentException>(() => from.CopyTo(new Declared([new("q_proj.weight", [12, 3], Initialisation.Normal)], RopeLayout.HalfSplit)));
    }

    [Fact]
    public void UnknownNameListsTheKnown()
    {
        var weights = new SampleWeights<double>(null);
        Assert.Contains("q_proj.weight, q_proj.bias", Assert.Throws<System.Collections.Generic.KeyNotFoundException>(() => weights["o_proj.weight"]).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ImpossibleDeclarations()
    {
        Refused("there twice", null, new WeightDeclaration("a", [1], Initialisation.Zeros), new WeightDeclaration("a", [1], Initialisation.Zeros));
        Refused("no name", null, new WeightDeclaration("", [1], Initialisation.Zeros));
        Refused("got []", null, new WeightDeclaration("a", [], Initialisation.Zeros));
        Refused("got none", null, new WeightDeclaration("a", default, Initialisation.Zeros));
        Refused("got [2, 0]", null, new WeightDeclaration("a", [2, 0], Initialisation.Zeros));
        Refused("do not fit in one array", null, new WeightDeclaration("a", [int.MaxValue, int.MaxValue], Initialisation.Zeros));
        Refused("deviation NaN", null, new WeightDeclaration("a", [1], Initialisation.Normal, double.NaN));
        Refused("no rotation layout", null, new WeightDeclaration("a", [4], Initialisation.Zeros, 0, new RotaryRows(1, 4, 4)));
        Refused("has 4 rows, not 2 heads of 4", RopeLayout.HalfSplit, new WeightDeclaration("a", [4], Initialisation.Zeros, 0, new RotaryRows(2, 4, 4)));
        Refused("even number from 2 to 4", RopeLayout.HalfSplit, new WeightDeclaration("a", [4], Initialisation.Zeros, 0, new RotaryRows(1, 4, 3)));
        Refused("even number from 2 to 4", RopeLayout.HalfSplit, new WeightDeclaration("a", [4], Initialisation.Zeros, 0, new RotaryRows(1, 4, 6)));
    }

    private static void Refused(string expected, RopeLayout? layout, params ImmutableArray<WeightDeclaration> declarations)
    {
        Assert.Contains(expected, Assert.ThrowsAny<ArgumentException>(() => new Declared(declarations, layout)).Message, StringComparison.Ordinal);
    }

    private sealed class Declared(ImmutableArray<WeightDeclaration> declarations, RopeLayout? layout) : AttentionWeights<float>(declarations, layout);
}
