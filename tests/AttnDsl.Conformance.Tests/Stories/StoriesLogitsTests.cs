using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;
using global::Stories;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Stories;

/// <summary>The pretrained model against the logits that its authors' program recorded in float32.</summary>
public abstract class StoriesLogitsTests<T, TCache>(ITestOutputHelper output)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const double Tolerance = 2e-4;
    private const int Positions = 128;
    private const int Vocab = 512;
    private const int Prompt = 5;

    [Fact]
    public void At_once_the_logits_are_the_recorded_ones()
    {
        if (Load() is var (model, golden))
        {
            AssertClose(golden, model.Logits(golden.Tokens));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(Positions)]
    public void In_chunks_the_logits_are_the_recorded_ones(int chunk)
    {
        if (Load() is not var (model, golden))
        {
            return;
        }

        Story<T, TCache> story = model.Begin();
        var logits = new List<T>();
        foreach (int[] tokens in golden.Tokens.Chunk(chunk))
        {
            logits.AddRange(model.Logits(tokens, story));
        }

        Assert.Equal(Positions, story.Length);

        AssertClose(golden, [.. logits]);
    }

    [Fact]
    public void The_greedy_story_is_the_recorded_one()
    {
        if (Load() is var (model, golden))
        {
            IEnumerable<int> story = model.Continue(golden.Tokens[..Prompt], new Sampler(), Positions - Prompt);
            Assert.Equal(golden.Tokens[Prompt..], story);
        }
    }

    [Fact]
    public void The_likeliest_token_is_the_recorded_one_at_every_position()
    {
        if (Load() is not var (model, golden))
        {
            return;
        }

        var sampler = new Sampler();
        T[] logits = model.Logits(golden.Tokens);
        for (int t = 0; t < Positions; t++)
        {
            double[] recorded = golden.Logits.AsSpan(t * Vocab, Vocab).ToArray();
            Assert.Equal(sampler.Next<double>(recorded), sampler.Next<T>(logits.AsSpan(t * Vocab, Vocab)));
        }
    }

    [Fact]
    public void Tokens_that_do_not_fit_are_refused()
    {
        if (Load() is not var (model, _) || Load() is not var (stranger, _))
        {
            return;
        }

        Assert.Contains("Expected 1 to 512 tokens", Assert.Throws<ArgumentException>(() => model.Logits([])).Message, StringComparison.Ordinal);
        Assert.Contains("actual 513", Assert.Throws<ArgumentException>(() => model.Logits(new int[513])).Message, StringComparison.Ordinal);
        Assert.Contains("from 0 to 511", Assert.Throws<ArgumentOutOfRangeException>(() => model.Logits([1, 512])).Message, StringComparison.Ordinal);
        Assert.Contains("from 0 to 511", Assert.Throws<ArgumentOutOfRangeException>(() => model.Logits([-1])).Message, StringComparison.Ordinal);
        Assert.Contains("another model's", Assert.Throws<ArgumentException>(() => model.Logits([1], stranger.Begin())).Message, StringComparison.Ordinal);
        Assert.Contains("at most 511", Assert.Throws<ArgumentOutOfRangeException>(() => model.Continue([1], new Sampler(), 512)).Message, StringComparison.Ordinal);

        Story<T, TCache> full = model.Begin();
        model.Logits(new int[512], full);
        Assert.Contains("512 taken", Assert.Throws<ArgumentException>(() => model.Logits([1], full)).Message, StringComparison.Ordinal);
    }

    protected abstract StoriesModel<T, TCache> Load(string path);

    private (StoriesModel<T, TCache> Model, GoldenLogits Golden)? Load() =>
        StoriesData.Find(StoriesData.Model, output) is { } model && StoriesData.Find(StoriesData.Logits, output) is { } logits
            ? (Load(model), GoldenLogits.Load(logits))
            : null;

    private void AssertClose(GoldenLogits golden, T[] logits)
    {
        Assert.Equal(Positions * Vocab, golden.Logits.Length);
        Assert.Equal(golden.Logits.Length, logits.Length);
        double worst = golden.Logits.Zip(logits, (expected, actual) => Math.Abs(expected - double.CreateChecked(actual))).Max();
        output.WriteLine(FormattableString.Invariant($"{Positions} positions, largest difference {worst:E2}, limit {Tolerance:E0}"));
        Assert.InRange(worst, 0, Tolerance);
    }
}
