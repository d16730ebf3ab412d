using System;
using System.Collections.Generic;
using System.Linq;
using global::Stories;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Stories;

/// <summary>The pretrained model against the logits that its authors' program recorded in float32.</summary>
public abstract class StoriesLogitsTests<TAttention, TWeights>(ITestOutputHelper output)
    where TAttention : ICachedAttentionReference<TWeights, double>
    where TWeights : AttentionWeights<double>
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

        ReferenceCache<double>[] caches = model.CreateCaches();
        var logits = new List<double>();
        foreach (int[] tokens in golden.Tokens.Chunk(chunk))
        {
            logits.AddRange(model.Logits(tokens, caches));
        }

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
        double[] logits = model.Logits(golden.Tokens);
        for (int t = 0; t < Positions; t++)
        {
            double[] recorded = golden.Logits.AsSpan(t * Vocab, Vocab).ToArray();
            Assert.Equal(sampler.Next(recorded), sampler.Next(logits.AsSpan(t * Vocab, Vocab)));
        }
    }

    [Fact]
    public void Tokens_that_do_not_fit_are_refused()
    {
        if (Load() is not var (model, _))
        {
            return;
        }

        Assert.Contains("Expected 1 to 512 tokens", Assert.Throws<ArgumentException>(() => model.Logits([])).Message, StringComparison.Ordinal);
        Assert.Contains("actual 513", Assert.Throws<ArgumentException>(() => model.Logits(new int[513])).Message, StringComparison.Ordinal);
        Assert.Contains("from 0 to 511", Assert.Throws<ArgumentOutOfRangeException>(() => model.Logits([1, 512])).Message, StringComparison.Ordinal);
        Assert.Contains("from 0 to 511", Assert.Throws<ArgumentOutOfRangeException>(() => model.Logits([-1])).Message, StringComparison.Ordinal);
        Assert.Contains("one per layer", Assert.Throws<ArgumentException>(() => model.Logits([1], [])).Message, StringComparison.Ordinal);
        Assert.Contains("at most 511", Assert.Throws<ArgumentOutOfRangeException>(() => model.Continue([1], new Sampler(), 512)).Message, StringComparison.Ordinal);

        ReferenceCache<double>[] full = model.CreateCaches();
        model.Logits(new int[512], full);
        Assert.Contains("512 taken", Assert.Throws<ArgumentException>(() => model.Logits([1], full)).Message, StringComparison.Ordinal);
    }

    private (StoriesModel<TAttention, TWeights> Model, GoldenLogits Golden)? Load() =>
        StoriesData.Find(StoriesData.Model, output) is { } model && StoriesData.Find(StoriesData.Logits, output) is { } logits
            ? (StoriesModel<TAttention, TWeights>.Load(model), GoldenLogits.Load(logits))
            : null;

    private void AssertClose(GoldenLogits golden, double[] logits)
    {
        Assert.Equal(Positions * Vocab, golden.Logits.Length);
        Assert.Equal(golden.Logits.Length, logits.Length);
        double worst = golden.Logits.Zip(logits, (expected, actual) => Math.Abs(expected - actual)).Max();
        output.WriteLine(FormattableString.Invariant($"{Positions} positions, largest difference {worst:E2}, limit {Tolerance:E0}"));
        Assert.InRange(worst, 0, Tolerance);
    }
}
