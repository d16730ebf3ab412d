using System;

namespace Recall;

/// <summary>Draws sequences of a task. Equal seeds draw equal sequences, on every machine.</summary>
public static class MqarGenerator
{
    // Fillers are drawn apart, so that filling changes nothing else.
    private const int FillStream = 0x5f3759df;

    /// <summary>Draws sequences.</summary>
    /// <param name="task">The task.</param>
    /// <param name="count">How many, at least 1.</param>
    /// <param name="seed">Equal seeds draw equal sequences.</param>
    /// <exception cref="ArgumentOutOfRangeException">A count below 1.</exception>
    public static MqarExamples Draw(MqarTask task, int count, int seed)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var random = new Random(seed);
        var fill = new Random(seed ^ FillStream);
        var inputs = new int[checked(count * task.Length)];
        var labels = new int[inputs.Length];
        Array.Fill(labels, MqarTask.NoLabel);
        var keys = new DistinctDraw(1, task.FirstValue - 1);
        var values = new DistinctDraw(task.FirstValue, task.Vocabulary - task.FirstValue);
        double[] weights = task.SlotWeights();
        var left = new double[weights.Length];
        for (int row = 0; row < count; row++)
        {
            Span<int> input = inputs.AsSpan(row * task.Length, task.Length), label = labels.AsSpan(row * task.Length, task.Length);
            ReadOnlySpan<int> rowKeys = keys.Next(task.Pairs, random), rowValues = values.Next(task.Pairs, random);
            weights.CopyTo(left, 0);
            for (int pair = 0; pair < task.Pairs; pair++)
            {
                input[2 * pair] = rowKeys[pair];
                input[(2 * pair) + 1] = rowValues[pair];
                int query = task.Context + (2 * TakeSlot(left, random));
                input[query] = rowKeys[pair];
                label[query] = rowValues[pair];
            }

            if (task.Fill)
            {
                Fill(input, task, fill);
            }
        }

        return new MqarExamples(task, count, inputs, labels);
    }

    /// <summary>The labels that a sequence without random fillers asks for, found again from its tokens alone: after the pairs, at every second place, a token other than the filler is a key.</summary>
    /// <param name="task">The task.</param>
    /// <param name="input">The tokens of one sequence.</param>
    /// <exception cref="ArgumentException">A wrong length, or a token that asks for a key which no pair holds.</exception>
    public static int[] Answers(MqarTask task, ReadOnlySpan<int> input)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (input.Length != task.Length)
        {
            throw new ArgumentException(FormattableString.Invariant($"input: expected {task.Length} tokens, actual {input.Length}"), nameof(input));
        }

        var labels = new int[input.Length];
        Array.Fill(labels, MqarTask.NoLabel);
        for (int at = task.Context; at < input.Length; at += 2)
        {
            if (input[at] == MqarTask.Filler)
            {
                continue;
            }

            int pair = 0;
            while (pair < task.Pairs && input[2 * pair] != input[at])
            {
                pair++;
            }

            labels[at] = pair < task.Pairs
                ? input[(2 * pair) + 1]
                : throw new ArgumentException(FormattableString.Invariant($"input: token {input[at]} at {at} is no key of the {task.Pairs} pairs"), nameof(input));
        }

        return labels;
    }

    /// <summary>Draws one of the places that are left by their weights, and takes it.</summary>
    private static int TakeSlot(double[] left, Random random)
    {
        double total = 0;
        foreach (double weight in left)
        {
            total += weight;
        }

        double coin = random.NextDouble() * total;
        int chosen = -1;
        for (int i = 0; i < left.Length; i++)
        {
            if (left[i] > 0)
            {
                // The last one that is left, should rounding carry the coin past the end.
                chosen = i;
                coin -= left[i];
                if (coin < 0)
                {
                    break;
                }
            }
        }

        left[chosen] = 0;
        return chosen;
    }

    private static void Fill(Span<int> input, MqarTask task, Random random)
    {
        for (int at = 0; at < input.Length; at++)
        {
            if (input[at] == MqarTask.Filler)
            {
                input[at] = random.Next(task.Vocabulary);
            }
        }
    }

    /// <summary>Distinct numbers of a range: a shuffle that stops early, and goes on from where it stood.</summary>
    private sealed class DistinctDraw
    {
        private readonly int[] numbers;

        public DistinctDraw(int first, int count)
        {
            numbers = new int[count];
            for (int i = 0; i < count; i++)
            {
                numbers[i] = first + i;
            }
        }

        public ReadOnlySpan<int> Next(int count, Random random)
        {
            for (int i = 0; i < count; i++)
            {
                int other = random.Next(i, numbers.Length);
                (numbers[i], numbers[other]) = (numbers[other], numbers[i]);
            }

            return numbers.AsSpan(0, count);
        }
    }
}
