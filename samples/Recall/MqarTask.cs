using System;

namespace Recall;

/// <summary>
/// Multi-query associative recall (Zoology, arXiv 2312.04927): a sequence begins with pairs of a key and its value; later each key comes once more, somewhere among fillers, and the
/// model has to say its value. Keys come from 1 to V/2 - 1, values from V/2 to V - 1, and token 0 is the filler.
/// </summary>
public sealed record MqarTask
{
    /// <summary>The label of a token that asks for nothing.</summary>
    public const int NoLabel = -100;

    /// <summary>The token between the queries.</summary>
    public const int Filler = 0;

    /// <summary>A task.</summary>
    /// <param name="vocabulary">V, the number of tokens.</param>
    /// <param name="length">T, the tokens of a sequence; even, and below V.</param>
    /// <param name="pairs">n, the pairs of a sequence; at most a quarter of its length.</param>
    /// <param name="power">a: the i-th place for a query, counted from 1, is as likely as i^(a-1). Near 0 queries crowd behind the pairs, at 1 every place is as likely.</param>
    /// <param name="fill">Fillers become random tokens.</param>
    /// <exception cref="ArgumentException">No such task; the message names the argument and what would be legal.</exception>
    public MqarTask(int vocabulary, int length, int pairs, double power = 0.01, bool fill = false)
    {
        Check(length >= 4, nameof(length), $"expected at least 4 tokens, actual {length}");
        Check(length % 2 == 0, nameof(length), $"expected an even number of tokens, actual {length}");
        Check(vocabulary > length, nameof(vocabulary), $"expected more than the {length} tokens of a sequence, actual {vocabulary}");
        Check(pairs >= 1, nameof(pairs), $"expected at least 1 pair, actual {pairs}");
        Check(pairs <= length / 4, nameof(pairs), $"expected at most {length / 4} pairs in {length} tokens (four tokens each), actual {pairs}");
        Check(pairs <= (vocabulary / 2) - 1, nameof(pairs), $"expected at most {(vocabulary / 2) - 1} pairs, the keys of a vocabulary of {vocabulary}, actual {pairs}");
        Check(power > 0 && double.IsFinite(power), nameof(power), $"expected a finite number above 0, actual {power}");
        Vocabulary = vocabulary;
        Length = length;
        Pairs = pairs;
        Power = power;
        Fill = fill;
    }

    /// <summary>V, the number of tokens.</summary>
    public int Vocabulary { get; }

    /// <summary>T, the tokens of a sequence.</summary>
    public int Length { get; }

    /// <summary>n, the pairs of a sequence.</summary>
    public int Pairs { get; }

    /// <summary>a, the power of the distribution of places.</summary>
    public double Power { get; }

    /// <summary>Fillers become random tokens.</summary>
    public bool Fill { get; }

    /// <summary>Tokens that the pairs take, at the start.</summary>
    public int Context => 2 * Pairs;

    /// <summary>Places for a query: every second token after the pairs.</summary>
    public int Slots => (Length - Context) / 2;

    /// <summary>The first token that is a value.</summary>
    public int FirstValue => Vocabulary / 2;

    /// <summary>How likely each place is to be drawn first; they sum to 1.</summary>
    public double[] SlotWeights()
    {
        var weights = new double[Slots];
        double total = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = Power * Math.Pow(i + 1, Power - 1);
            total += weights[i];
        }

        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] /= total;
        }

        return weights;
    }

    private static void Check(bool holds, string parameter, FormattableString expectation)
    {
        if (!holds)
        {
            throw new ArgumentException(FormattableString.Invariant($"{parameter}: ") + FormattableString.Invariant(expectation), parameter);
        }
    }
}
