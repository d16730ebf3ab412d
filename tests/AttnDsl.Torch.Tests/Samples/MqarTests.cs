using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using AttnDsl.Conformance.Tests;
using Recall;
using Xunit.Abstractions;

namespace AttnDsl.Torch.Tests.Samples;

/// <summary>Sequences of the recall task: by the oracle, by the places of the queries, and against sequences that the authors' code drew.</summary>
public sealed class MqarTests(ITestOutputHelper output)
{
    private static readonly MqarTask Task = new(vocabulary: 512, length: 64, pairs: 4);

    [Theory]
    [InlineData("zoology-mqar-tiny", "inputs", 64, 32, 4)]
    [InlineData("zoology-mqar-fig2-64x4", "inputs", 8192, 64, 4)]
    [InlineData("zoology-mqar-filled", "inputs_unfilled", 128, 48, 6)]
    public void The_oracle_finds_the_labels_of_the_authors(string name, string inputs, int vocabulary, int length, int pairs)
    {
        if (Shared.Find($"goldens/{name}.safetensors", output) is not { } path)
        {
            return;
        }

        var task = new MqarTask(vocabulary, length, pairs);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        int[] tokens = Array.ConvertAll(file.ReadInt64(inputs), token => (int)token), labels = Array.ConvertAll(file.ReadInt64("labels"), label => (int)label);
        Assert.NotEmpty(labels);
        for (int start = 0; start < tokens.Length; start += length)
        {
            int[] row = tokens[start..(start + length)];
            Assert.Equal(labels[start..(start + length)], MqarGenerator.Answers(task, row));
            CheckRow(task, row);
        }
    }

    [Theory]
    [InlineData(512, 64, 4)]
    [InlineData(64, 32, 8)]
    [InlineData(20, 16, 4)]
    [InlineData(13, 12, 3)]
    [InlineData(9, 4, 1)]
    public void The_oracle_finds_the_labels_that_were_drawn(int vocabulary, int length, int pairs)
    {
        var task = new MqarTask(vocabulary, length, pairs);
        MqarExamples examples = MqarGenerator.Draw(task, 200, seed: 3);
        for (int row = 0; row < examples.Count; row++)
        {
            int[] inputs = examples.Inputs[(row * length)..((row + 1) * length)];
            Assert.Equal(examples.Labels[(row * length)..((row + 1) * length)], MqarGenerator.Answers(task, inputs));
            CheckRow(task, inputs);
        }
    }

    [Fact]
    public void Queries_stand_where_the_weights_say()
    {
        foreach (double power in (double[])[0.01, 0.5, 1, 2])
        {
            var task = new MqarTask(512, 64, 4, power);
            double[] expected = Inclusion(task.SlotWeights(), task.Pairs);
            double[] found = Places(task, MqarGenerator.Draw(task, 20_000, seed: 11).Labels);

            // Four deviations of a share of 20000.
            for (int slot = 0; slot < expected.Length; slot++)
            {
                double deviation = Math.Sqrt(expected[slot] * (1 - expected[slot]) / 20_000);
                Assert.True(Math.Abs(found[slot] - expected[slot]) < 4 * deviation, $"power {power}, slot {slot}: {found[slot]} instead of {expected[slot]}");
            }
        }
    }

    [Fact]
    public void Queries_of_the_authors_stand_there_too()
    {
        if (Shared.Find("goldens/zoology-mqar-fig2-64x4.safetensors", output) is not { } path)
        {
            return;
        }

        var task = new MqarTask(8192, 64, 4);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        double[] expected = Inclusion(task.SlotWeights(), task.Pairs);
        double[] found = Places(task, Array.ConvertAll(file.ReadInt64("labels"), label => (int)label));
        double chi = expected.Zip(found, (e, f) => 48 * (f - e) * (f - e) / (e * (1 - e))).Sum();

        // 28 places, nearly independent: the sum of squares has mean 28 and deviation sqrt(56).
        Assert.InRange(chi, 0, 28 + (4 * Math.Sqrt(56)));
    }

    [Fact]
    public void Keys_and_values_are_drawn_evenly()
    {
        var task = new MqarTask(vocabulary: 22, length: 16, pairs: 4);
        int[] inputs = MqarGenerator.Draw(task, 20_000, seed: 5).Inputs;
        Dictionary<int, int> counts = inputs.Chunk(16).SelectMany(row => row[..8]).CountBy(token => token).ToDictionary();
        Assert.Equal(Enumerable.Range(1, 21), counts.Keys.Order());
        foreach ((int token, int count) in counts)
        {
            double share = 4.0 / (token < 11 ? 10 : 11);
            Assert.InRange(count / 20_000.0, share - (4 * Math.Sqrt(share / 20_000)), share + (4 * Math.Sqrt(share / 20_000)));
        }
    }

    [Fact]
    public void Filling_changes_fillers_alone()
    {
        MqarExamples empty = MqarGenerator.Draw(Task, 300, seed: 9), full = MqarGenerator.Draw(new MqarTask(512, 64, 4, fill: true), 300, seed: 9);
        Assert.Equal(empty.Labels, full.Labels);
        Assert.All(empty.Inputs.Zip(full.Inputs), pair => Assert.True(pair.First == pair.Second || pair.First == MqarTask.Filler));
        Assert.InRange(full.Inputs.Max(), 500, 511);
        Assert.InRange(full.Inputs.Count(token => token == MqarTask.Filler), 1, 300);
    }

    [Fact]
    public void Equal_seeds_draw_equal_sequences()
    {
        Assert.Equal(MqarGenerator.Draw(Task, 50, seed: 4).Inputs, MqarGenerator.Draw(Task, 50, seed: 4).Inputs);
        Assert.NotEqual(MqarGenerator.Draw(Task, 50, seed: 4).Inputs, MqarGenerator.Draw(Task, 50, seed: 5).Inputs);
    }

    [Theory]
    [InlineData(512, 63, 4, 0.01, "length")]
    [InlineData(512, 2, 1, 0.01, "length")]
    [InlineData(64, 64, 4, 0.01, "vocabulary")]
    [InlineData(63, 64, 4, 0.01, "vocabulary")]
    [InlineData(512, 64, 17, 0.01, "pairs")]
    [InlineData(512, 64, 0, 0.01, "pairs")]
    [InlineData(17, 16, 8, 0.01, "pairs")]
    [InlineData(512, 64, 4, 0, "power")]
    [InlineData(512, 64, 4, -1, "power")]
    [InlineData(512, 64, 4, double.NaN, "power")]
    public void A_task_that_cannot_be_is_refused(int vocabulary, int length, int pairs, double power, string parameter)
    {
        ArgumentException refusal = Assert.ThrowsAny<ArgumentException>(() => new MqarTask(vocabulary, length, pairs, power));
        Assert.Equal(parameter, refusal.ParamName);
        Assert.Contains("actual", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_largest_tasks_are_legal()
    {
        Assert.Equal(16, new MqarTask(512, 64, 16).Slots);
        Assert.Equal(3, new MqarTask(13, 12, 3).Pairs);
        Assert.Throws<ArgumentOutOfRangeException>(() => MqarGenerator.Draw(Task, 0, seed: 1));
        Assert.Throws<ArgumentException>(() => MqarGenerator.Answers(Task, new int[63]));

        // A token that no pair holds.
        int[] row = MqarGenerator.Draw(Task, 1, seed: 1).Inputs;
        row[Task.Context] = Enumerable.Range(1, 255).First(key => !row.Contains(key));
        Assert.Throws<ArgumentException>(() => MqarGenerator.Answers(Task, row));
    }

    private static void CheckRow(MqarTask task, int[] row)
    {
        int[] keys = [.. Enumerable.Range(0, task.Pairs).Select(pair => row[2 * pair])], values = [.. Enumerable.Range(0, task.Pairs).Select(pair => row[(2 * pair) + 1])];
        Assert.All(keys, key => Assert.InRange(key, 1, task.FirstValue - 1));
        Assert.All(values, value => Assert.InRange(value, task.FirstValue, task.Vocabulary - 1));
        Assert.Distinct(keys);
        Assert.Distinct(values);
        Assert.Equal(keys.Order(), row[task.Context..].Where(token => token != MqarTask.Filler).Order());
        Assert.All(row[task.Context..].Where((_, i) => i % 2 == 1), token => Assert.Equal(MqarTask.Filler, token));
    }

    /// <summary>Share of sequences that have a query in each place.</summary>
    private static double[] Places(MqarTask task, int[] labels)
    {
        int[][] rows = [.. labels.Chunk(task.Length)];
        return [.. Enumerable.Range(0, task.Slots).Select(slot => (double)rows.Count(row => row[task.Context + (2 * slot)] != MqarTask.NoLabel) / rows.Length)];
    }

    /// <summary>Probability that each place is among those drawn one after the other without replacement, by a long simulation of its own kind: the places with the earliest of exponential clocks.</summary>
    private static double[] Inclusion(double[] weights, int draws)
    {
        const int Rounds = 200_000;
        var random = new Random(1);
        var counts = new int[weights.Length];
        var clocks = new double[weights.Length];
        var places = new int[weights.Length];
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < weights.Length; i++)
            {
                clocks[i] = -Math.Log(1 - random.NextDouble()) / weights[i];
                places[i] = i;
            }

            Array.Sort(clocks, places);
            for (int i = 0; i < draws; i++)
            {
                counts[places[i]]++;
            }
        }

        return Array.ConvertAll(counts, count => (double)count / Rounds);
    }
}
