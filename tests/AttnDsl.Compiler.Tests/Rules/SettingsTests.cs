using System;
using System.Linq;
using AttnDsl.Compiler.Mechanisms;
using AttnDsl.Compiler.Spec;
using Xunit;

namespace AttnDsl.Compiler.Tests.Rules;

/// <summary>Arguments read with their defaults, and the numbers that follow from them.</summary>
public sealed class SettingsTests
{
    [Fact]
    public void Defaults()
    {
        Assert.Equal(new AttentionSettings(64, 8, null, false, false), AttentionSettings.Read(Only(Stack.Attention())));
        Assert.Equal(new RopeSettings(10000, false, 8, 1), RopeSettings.Read(Only(Stack.Of("Rope")), 8));
        Assert.Equal(
            new YarnSettings(4, 4096, 32, 1, 1, false, false),
            YarnSettings.Read(Only(Stack.Of("Yarn", ("factor", 4), ("originalLength", 4096))), Stack.Attention().Build()));
        Assert.Equal(
            new YarnSettings(4, 4096, 32, 1, 1, true, true),
            YarnSettings.Read(Only(Stack.Of("Yarn", ("factor", 4), ("originalLength", 4096))), Stack.Attention().And("LatentKV", ("rank", 4)).Build()));
        Assert.Equal(new QkNormSettings(false, 1e-6), QkNormSettings.Read(Only(Stack.Of("QkNorm"))));
        Assert.Equal(new CausalSettings(false), CausalSettings.Read(Only(Stack.Of("Causal"))));
        Assert.Equal(new QueryScaleSettings(0.25), QueryScaleSettings.Read(null, 16));
    }

    [Fact]
    public void Given_values()
    {
        Assert.Equal(
            new RopeSettings(500000, true, 4, 2),
            RopeSettings.Read(Only(Stack.Of("Rope", ("theta", 500000), ("layout", "Interleaved"), ("RotaryDim", 4), ("FrequencyStride", 2))), 8));
        Assert.Equal(new QueryScaleSettings(1.0 / 12), QueryScaleSettings.Read(Only(Stack.Of("QueryScale", ("preAttnScalar", 144))), 16));
        Assert.Equal(new QueryScaleSettings(0.5), QueryScaleSettings.Read(Only(Stack.Of("QueryScale", ("Scale", 0.5))), 16));
        Assert.Equal(new SoftCapSettings(50), SoftCapSettings.Read(Only(Stack.Of("LogitSoftCap", ("cap", 50)))));
        Assert.Equal(new WindowSettings(6, 0, false), WindowSettings.Read(Only(Stack.Of("SlidingWindow", ("size", 7)))));
        Assert.Equal(new WindowSettings(2, 3, true), WindowSettings.Read(Only(Stack.Of("SlidingWindow", ("left", 2), ("right", 3)))));
    }

    [Fact]
    public void Unrounded_bounds_follow_the_formula()
    {
        (double low, double high) = Yarn(4096).Bounds(new RopeSettings(150000, false, 32, 1));
        Assert.Equal(16 * Math.Log(4096 / (64 * Math.PI)) / Math.Log(150000), low, 1e-12);
        Assert.Equal(16 * Math.Log(4096 / (2 * Math.PI)) / Math.Log(150000), high, 1e-12);
    }

    [Fact]
    public void Rounded_bounds_are_clamped_and_never_equal()
    {
        YarnSettings yarn = Yarn(16) with { BetaFast = 4, BetaSlow = 1, Rounded = true };
        Assert.Equal((0, 1), yarn.Bounds(new RopeSettings(10000, false, 16, 1)));
        Assert.Equal((0, 0.001), (yarn with { OriginalLength = 6 }).Bounds(new RopeSettings(10000, false, 16, 1)));
    }

    [Theory]
    [InlineData(10000, 64, 1)]
    [InlineData(150000, 32, 1)]
    [InlineData(500000, 128, 1)]
    [InlineData(100, 64, 2)]
    public void Legal_lengths_are_exactly_those_in_range(double theta, long rotaryDim, long stride)
    {
        var rope = new RopeSettings(theta, false, rotaryDim, stride);
        (long least, long most) = Yarn(1).LegalLengths(rope);
        Assert.Equal([false, true, true, false], new[] { least - 1, least, most, most + 1 }.Select(InRange));

        bool InRange(long length)
        {
            (double low, double high) = Yarn(length).Bounds(rope);
            return low > 0 && high < (rotaryDim / 2) - 1;
        }
    }

    [Fact]
    public void Alibi_slopes_of_six_heads_interleave_two_series() => Assert.Equal(
        [0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125],
        AlibiMechanism.Slopes(6));

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(12)]
    public void Alibi_slopes_start_as_published(int heads)
    {
        double[] slopes = AlibiMechanism.Slopes(heads);
        int power = heads == 12 ? 8 : heads;
        Assert.Equal(heads, slopes.Length);
        Assert.Equal(Math.Pow(2, -8.0 / power), slopes[0]);
        Assert.Equal(Math.Pow(2, -8.0), slopes[power - 1]);
    }

    [Theory]
    [InlineData(512, 128, 128, "Auto", 170)]
    [InlineData(512, 128, 128, "Absorb", int.MaxValue)]
    [InlineData(512, 128, 128, "Expand", 0)]
    [InlineData(128, 128, 128, "Auto", int.MaxValue)]
    [InlineData(16, 3, 2, "Auto", 2)]
    public void Latents_are_absorbed_while_that_costs_less(long rank, long nope, long value, string path, long most)
    {
        var latent = new LatentSettings(rank, 64, nope, value, true, 1e-6, path);
        Assert.Equal(most, latent.FewTokens(expands: false));
        Assert.Equal(0, latent.FewTokens(expands: true));

        // Per visible token and head: both forms, at the last number of new tokens for which absorbing is cheaper, and at the next.
        long Absorbed(long tokens) => tokens * ((2 * rank) + 64);
        long Expanded(long tokens) => (tokens * (nope + 64 + value)) + (rank * (nope + value));
        if (path == "Auto" && most < int.MaxValue)
        {
            Assert.True(Absorbed(most) < Expanded(most));
            Assert.False(Absorbed(most + 1) < Expanded(most + 1));
        }
    }

    private static YarnSettings Yarn(long originalLength) => new(4, originalLength, 32, 1, 1, false, false);

    private static AttributeSpec Only(Stack stack) => stack.Build().Attributes[0];
}
