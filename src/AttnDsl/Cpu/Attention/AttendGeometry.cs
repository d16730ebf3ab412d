using System;
using System.Globalization;

namespace AttnDsl.Cpu;

/// <summary>What is fixed about an attention core: heads, widths and the factor on its scores. Immutable; generated code keeps one per layer.</summary>
public sealed class AttendGeometry
{
    private readonly int _keep;

    /// <summary>A core whose score head j compares query head query(j) with key head key(j) and reads value head value(j).</summary>
    /// <param name="query">Score head to query head.</param>
    /// <param name="key">Score head to key head.</param>
    /// <param name="value">Score head to value head.</param>
    /// <param name="keyWidth">Channels of queries and keys.</param>
    /// <param name="valueWidth">Channels of values.</param>
    /// <param name="scale">Factor on ⟨q, k⟩, before the score operation.</param>
    /// <exception cref="ArgumentException">The maps disagree about the score heads, or a width is below 1.</exception>
    public AttendGeometry(HeadMap query, HeadMap key, HeadMap value, int keyWidth, int valueWidth, double scale)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        ArgumentOutOfRangeException.ThrowIfLessThan(keyWidth, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(valueWidth, 1);
        if (key.ScoreHeads != query.ScoreHeads || value.ScoreHeads != query.ScoreHeads)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"key, value: expected maps of {query.ScoreHeads} score heads like the query's, got {key.ScoreHeads} and {value.ScoreHeads}"),
                nameof(key));
        }

        Query = query;
        Key = key;
        Value = value;
        KeyWidth = keyWidth;
        ValueWidth = valueWidth;
        Scale = scale;
        Order = OrderByKeyHead(key, out int[] starts);
        GroupStarts = starts;
        Packs = new HeadPacks(key, value);
    }

    /// <summary>Score head to query head.</summary>
    public HeadMap Query { get; }

    /// <summary>Score head to key head.</summary>
    public HeadMap Key { get; }

    /// <summary>Score head to value head.</summary>
    public HeadMap Value { get; }

    /// <summary>Channels of queries and keys.</summary>
    public int KeyWidth { get; }

    /// <summary>Channels of values and of the output's heads.</summary>
    public int ValueWidth { get; }

    /// <summary>Factor on ⟨q, k⟩.</summary>
    public double Scale { get; }

    /// <summary>
    /// When positive, how many weights of a query count at most: the largest ones, of equal ones those of the earlier keys. The others are as if their values were 0; sums and lse are those of all visible keys.
    /// 0: all count. A core that selects has no gradient.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public int Keep
    {
        get => _keep;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value, nameof(Keep));
            _keep = value;
        }
    }

    /// <summary>Heads of the output.</summary>
    public int ScoreHeads => Query.ScoreHeads;

    /// <summary>Score heads, those of one key head next to each other: its panels are then still in a near cache.</summary>
    internal int[] Order { get; }

    /// <summary>Where in <see cref="Order"/> the score heads of a key head begin; one entry more than there are key heads.</summary>
    internal int[] GroupStarts { get; }

    /// <summary>Score heads that read the same keys and the same values, for which decoding reads them once.</summary>
    internal HeadPacks Packs { get; }

    private static int[] OrderByKeyHead(HeadMap key, out int[] starts)
    {
        var order = new int[key.ScoreHeads];
        starts = new int[key.Heads + 1];
        int next = 0;
        for (int head = 0; head < key.Heads; head++)
        {
            starts[head] = next;
            for (int j = 0; j < order.Length; j++)
            {
                if (key.Of(j) == head)
                {
                    order[next++] = j;
                }
            }
        }

        starts[key.Heads] = next;
        return order;
    }
}
