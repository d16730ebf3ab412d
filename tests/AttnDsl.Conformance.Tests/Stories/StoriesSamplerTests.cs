using System;
using System.Linq;
using global::Stories;

namespace AttnDsl.Conformance.Tests.Stories;

/// <summary>The choice of the next token.</summary>
public sealed class StoriesSamplerTests
{
    /// <summary>Logarithms of the probabilities 0.1, 0.5, 0.15, 0.25, shifted: a constant must not matter.</summary>
    private static readonly double[] Logits = new[] { 0.1, 0.5, 0.15, 0.25 }.Select(p => Math.Log(p) + 700).ToArray();

    [Fact]
    public void Greedy_takes_the_likeliest_and_the_first_of_equals()
    {
        Assert.Equal(1, new Sampler().Next<double>(Logits));
        Assert.Equal(1, new Sampler().Next<double>([0.0, 3.0, 3.0]));
    }

    [Fact]
    public void Draws_follow_the_probabilities()
    {
        double[] shares = Shares(new Sampler(temperature: 1, seed: 1));
        Assert.All(shares.Zip([0.1, 0.5, 0.15, 0.25]), pair => Assert.Equal(pair.Second, pair.First, 0.02));
    }

    [Fact]
    public void A_lower_temperature_sharpens()
    {
        double[] squares = [0.01, 0.25, 0.0225, 0.0625];
        double[] shares = Shares(new Sampler(temperature: 0.5, seed: 2));
        Assert.All(shares.Zip(squares), pair => Assert.Equal(pair.Second / squares.Sum(), pair.First, 0.02));
    }

    [Theory]
    [InlineData(0.4, new[] { 0, 1, 0, 0 })]
    [InlineData(0.6, new[] { 0, 1, 0, 1 })]
    [InlineData(0.8, new[] { 0, 1, 1, 1 })]
    [InlineData(0.95, new[] { 1, 1, 1, 1 })]
    [InlineData(1.0, new[] { 1, 1, 1, 1 })]
    public void Top_p_leaves_out_the_unlikely(double topP, int[] drawn) =>
        Assert.Equal(drawn, Shares(new Sampler(temperature: 1, topP, seed: 3)).Select(share => share > 0 ? 1 : 0));

    [Fact]
    public void Equal_seeds_draw_equally_and_others_do_not()
    {
        int[] Draw(int seed)
        {
            var sampler = new Sampler(temperature: 1, seed: seed);
            return Enumerable.Range(0, 64).Select(_ => sampler.Next<double>(Logits)).ToArray();
        }

        Assert.Equal(Draw(5), Draw(5));
        Assert.NotEqual(Draw(5), Draw(6));
    }

    [Theory]
    [InlineData(-0.1, 1, "temperature")]
    [InlineData(double.NaN, 1, "temperature")]
    [InlineData(double.PositiveInfinity, 1, "temperature")]
    [InlineData(1, 0, "topP")]
    [InlineData(1, 1.1, "topP")]
    [InlineData(1, double.NaN, "topP")]
    public void Settings_out_of_range_are_refused(double temperature, double topP, string parameter) =>
        Assert.Equal(parameter, Assert.Throws<ArgumentOutOfRangeException>(() => new Sampler(temperature, topP)).ParamName);

    [Fact]
    public void No_logits_are_refused() => Assert.Throws<ArgumentException>(() => new Sampler().Next<double>([]));

    private static double[] Shares(Sampler sampler)
    {
        const int Draws = 20000;
        var counts = new double[Logits.Length];
        for (int i = 0; i < Draws; i++)
        {
            counts[sampler.Next<double>(Logits)]++;
        }

        return counts.Select(count => count / Draws).ToArray();
    }
}
