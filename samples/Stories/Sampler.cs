using System;
using System.Numerics;

namespace Stories;

/// <summary>Chooses the next token from logits: the likeliest one, or a seeded draw from the likeliest ones.</summary>
public sealed class Sampler
{
    private readonly double temperature;
    private readonly double topP;
    private readonly Random random;

    // Kept from draw to draw: every token, likeliest first.
    private Candidate[] candidates = [];

    /// <summary>A sampler.</summary>
    /// <param name="temperature">0 takes the likeliest token; above, logits are divided by it before the draw.</param>
    /// <param name="topP">The draw is among the likeliest tokens that together hold more than this probability; 1 leaves all of them in.</param>
    /// <param name="seed">Equal seeds draw equal stories.</param>
    /// <exception cref="ArgumentOutOfRangeException">A temperature below 0 or not finite, or a probability outside (0, 1].</exception>
    public Sampler(double temperature = 0, double topP = 1, int seed = 0)
    {
        if (!(temperature >= 0 && double.IsFinite(temperature)))
        {
            throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "Expected a finite temperature of at least 0.");
        }

        if (!(topP > 0 && topP <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(topP), topP, "Expected a probability above 0 and at most 1.");
        }

        this.temperature = temperature;
        this.topP = topP;
        random = new Random(seed);
    }

    /// <summary>The next token.</summary>
    /// <param name="logits">One finite number per token.</param>
    /// <exception cref="ArgumentException">No logits.</exception>
    public int Next<T>(ReadOnlySpan<T> logits)
        where T : INumber<T>
    {
        if (logits.IsEmpty)
        {
            throw new ArgumentException("Expected at least one logit, actual 0.", nameof(logits));
        }

        int likeliest = Likeliest(logits);
        return temperature == 0 ? likeliest : Draw(logits, logits[likeliest]);
    }

    private static int Likeliest<T>(ReadOnlySpan<T> logits)
        where T : INumber<T>
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            if (logits[i] > logits[best])
            {
                best = i;
            }
        }

        return best;
    }

    private int Draw<T>(ReadOnlySpan<T> logits, T maximum)
        where T : INumber<T>
    {
        if (candidates.Length != logits.Length)
        {
            candidates = new Candidate[logits.Length];
        }

        double total = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            candidates[i] = new Candidate(Math.Exp(double.CreateChecked(logits[i] - maximum) / temperature), i);
            total += candidates[i].Weight;
        }

        Array.Sort(candidates);
        int kept = 0;
        double held = 0;
        while (kept < candidates.Length && held <= topP * total)
        {
            held += candidates[kept++].Weight;
        }

        double coin = random.NextDouble() * held;
        int at = 0;
        for (double sum = candidates[0].Weight; sum <= coin && at + 1 < kept; sum += candidates[at].Weight)
        {
            at++;
        }

        return candidates[at].Token;
    }

    /// <summary>A token and its unnormalised probability. Likelier ones come first; the token number breaks ties so that a seed means one story.</summary>
    private readonly record struct Candidate(double Weight, int Token) : IComparable<Candidate>
    {
        public int CompareTo(Candidate other) => Weight != other.Weight ? other.Weight.CompareTo(Weight) : Token.CompareTo(other.Token);
    }
}
