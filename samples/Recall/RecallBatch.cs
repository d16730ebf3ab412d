using System;
using System.Collections.Generic;
using static TorchSharp.torch;

namespace Recall;

/// <summary>Some sequences as tensors, and the rows that they ask for.</summary>
/// <param name="Inputs">[batch, tokens] tokens, int64.</param>
/// <param name="Asked">[queries] places of the labelled tokens in batch * tokens, int64.</param>
/// <param name="Answers">[queries] their labels, int64.</param>
internal sealed record RecallBatch(Tensor Inputs, Tensor Asked, Tensor Answers)
{
    /// <summary>The sequences of these numbers.</summary>
    public static RecallBatch Of(MqarExamples examples, ReadOnlySpan<int> rows)
    {
        int length = examples.Task.Length;
        var inputs = new long[rows.Length * length];
        List<long> asked = new(rows.Length * examples.Task.Pairs), answers = new(rows.Length * examples.Task.Pairs);
        for (int i = 0; i < rows.Length; i++)
        {
            for (int at = 0; at < length; at++)
            {
                int from = (rows[i] * length) + at, to = (i * length) + at;
                inputs[to] = examples.Inputs[from];
                if (examples.Labels[from] != MqarTask.NoLabel)
                {
                    asked.Add(to);
                    answers.Add(examples.Labels[from]);
                }
            }
        }

        return new RecallBatch(tensor(inputs, [rows.Length, length]), tensor(asked.ToArray()), tensor(answers.ToArray()));
    }
}
