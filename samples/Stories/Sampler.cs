using System;

namespace Stories;

/// <summary>Chooses the next token from logits: the likeliest one, or a seeded draw from the likeliest ones.</summary>
public sealed class Sampler
{
    private readonly double temperature;
    private readonly double topP;
    private readonly Random random;

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
    public int Next(ReadOnlySpan<double> logits)
    {
        if (logits.IsEmpty)
        {
            throw new ArgumentException("Expected at least one logit, actual 0.", nameof(logits));
        }

        int likeliest = Likeliest(logits);
        return temperature == 0 ? likeliest : Draw(logits, logits[likeliest]);
    }

    private static int Likeliest(ReadOnlySpan<double> logits)
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

    private int Draw(ReadOnlySpan<double> logits, double maximum)
    {
        var order = new int[logits.Length];
        var weights = new double[logits.Length];
        double total = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            order[i] = i;
            weights[i] = Math.Exp((logits[i] - maximum) / temperature);
            total += weights[i];
        }

        // Likeliest first; the token number breaks ties so that a seed means one story.
        Array.Sort(order, (a, b) => weights[a] != weights[b] ? weights[b].CompareTo(weights[a]) : a.CompareTo(b));
        int kept = 0;
        double held = 0;
        while (kept < order.Length && held <= topP * total)
        {
            held += weights[order[kept++]];
        }

        double coin = random.NextDouble() * held;
        int at = 0;
        for (double sum = weights[order[0]]; sum <= coin && at + 1 < kept; sum += weights[order[at]])
        {
            at++;
        }

        return order[at];
    }
}
