using System.Linq;
using AttnDsl.Cli.Check;

namespace AttnDsl.Conformance.Tests.Cli;

/// <summary>Largest difference, limits, and what is never within one.</summary>
public sealed class ComparisonTests
{
    [Fact]
    public void TheWorstElementIsNamed()
    {
        Comparison worst = Comparison.Of([1, 2, 3, 4], [1, 2.5, 3, 4.25]);
        Assert.Equal((0.5, 1, 2, 2.5), (worst.MaxAbsError, worst.Index, worst.Found, worst.Expected));
        CheckRow row = worst.ToRow("reference", ScalarKind.F64, new Expectation("out", Recorded([1, 2.5, 3, 4.25]), 4), "recording", 0.1);
        Assert.False(row.Ok);
        Assert.Equal("worst at [0, 0, 1]: 2 instead of 2.5", row.Note);
    }

    [Theory]
    [InlineData(double.NaN, 1)]
    [InlineData(1, double.NaN)]
    [InlineData(double.NaN, double.NaN)]
    [InlineData(double.PositiveInfinity, double.NegativeInfinity)]
    [InlineData(double.PositiveInfinity, 1)]
    public void WhatIsNoNumberIsNeverWithinALimit(double found, double expected)
    {
        CheckRow row = Comparison.Of([found], [expected]).ToRow("reference", ScalarKind.F64, new Expectation("out", Recorded([expected, 0, 0, 0]), 1), "recording", 1e300);
        Assert.False(row.Ok);
        Assert.Null(row.MaxAbsError);
    }

    [Fact]
    public void EqualInfinitiesAgree() => Assert.Equal(0, Comparison.Of([double.NegativeInfinity], [double.NegativeInfinity]).MaxAbsError);

    [Fact]
    public void LimitsGrowWithTheRecordingAndItsPrecision()
    {
        Assert.Equal(1e-9, Limits.AgainstRecording(Recorded([0.5, -0.25, 0, 0]), throughFloat32: false));
        Assert.Equal(3e-9, Limits.AgainstRecording(Recorded([0.5, -3, double.NaN, double.PositiveInfinity]), throughFloat32: false), 1e-20);
        Assert.Equal(1e-6, Limits.AgainstRecording(Recorded([0.5, -0.25, 0, 0]), throughFloat32: true));
        Assert.Equal(1e-6, Limits.AgainstRecording(Recorded([0.5, -0.25, 0, 0]) with { Dtype = SafetensorsDtype.Float32 }, throughFloat32: false));
        Assert.Equal(2e-6 * 4 * 2, Limits.AgainstReference(ScalarKind.F32, 16, [2, -1]), 1e-15);
    }

    [Theory]
    [InlineData("out", 1e-6, false, 2e-6, 0)]
    [InlineData("grad.x", 1e-6, true, 3e-6, 0)]
    [InlineData("decode", 1e-6, false, 2e-6, 0)]
    [InlineData("decode", 1e-3, true, 2e-3, 0.00390625)]
    [InlineData("next", 1e-3, true, 2e-3, 0.00390625)]
    [InlineData("out", double.NaN, false, 0, 0)]
    public void ABackendIsMeasuredByTheNaiveFormulasInItsType(string quantity, double yardstick, bool roundsCache, double errors, double storage)
    {
        double limit = Limits.AgainstYardstick(ScalarKind.F32, quantity, yardstick, [0.25, -0.5, double.NaN], roundsCache);
        Assert.Equal(errors + (0.5 * ((4 * 1.1920928955078125e-7) + storage)), limit, 1e-15);
    }

    [Fact]
    public void PlacesAreCountedAsTheFileDoes()
    {
        Tensor inFile = new("q", [1, 2, 3, 1], [0, 1, 2, 10, 11, 12], SafetensorsDtype.Float64);
        Tensor swapped = inFile.SwapHeadsAndTokens();
        Assert.Equal([0, 10, 1, 11, 2, 12], swapped.Data);
        Assert.Equal([1, 3, 2, 1], swapped.Shape.ToArray());
        Assert.Equal("[1, 2, 3, 1]", swapped.ShapeInFile);
        Assert.Equal("[0, 1, 0, 0]", swapped.Place(1));
        Assert.Equal("[0, 0, 1, 0]", swapped.Place(2));
    }

    private static Tensor Recorded(double[] data) => new("out", [1, 2, 2], data, SafetensorsDtype.Float64);
}
