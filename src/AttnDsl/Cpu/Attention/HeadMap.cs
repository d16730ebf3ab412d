using System;
using System.Globalization;

namespace AttnDsl.Cpu;

/// <summary>Which stored head a score head reads.</summary>
public sealed class HeadMap
{
    private readonly int[] _heads;

    private HeadMap(int heads, int[] map)
    {
        Heads = heads;
        _heads = map;
    }

    /// <summary>Stored heads.</summary>
    public int Heads { get; }

    /// <summary>Score heads.</summary>
    public int ScoreHeads => _heads.Length;

    /// <summary>Contiguous groups: score head j reads head j / (scoreHeads / heads).</summary>
    /// <exception cref="ArgumentException">A count is below 1, or the groups are not equal.</exception>
    public static HeadMap Grouped(int heads, int scoreHeads)
    {
        CheckCounts(heads, scoreHeads);
        int group = scoreHeads / heads;
        return Create(heads, scoreHeads, j => j / group);
    }

    /// <summary>Round robin: score head j reads head j mod heads.</summary>
    /// <exception cref="ArgumentException">A count is below 1, or the groups are not equal.</exception>
    public static HeadMap Tiled(int heads, int scoreHeads)
    {
        CheckCounts(heads, scoreHeads);
        return Create(heads, scoreHeads, j => j % heads);
    }

    /// <summary>Score head j reads head map[j].</summary>
    /// <exception cref="ArgumentException">The map is empty or names a head that is not there.</exception>
    public static HeadMap Table(int heads, ReadOnlySpan<int> map)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(heads, 1);
        if (map.IsEmpty)
        {
            throw new ArgumentException("map: expected an entry per score head, at least one, got none", nameof(map));
        }

        foreach (int head in map)
        {
            if ((uint)head >= (uint)heads)
            {
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"map: expected heads 0 to {heads - 1}, got {head}"), nameof(map));
            }
        }

        return new HeadMap(heads, map.ToArray());
    }

    /// <summary>The stored head that a score head reads.</summary>
    public int Of(int scoreHead) => _heads[scoreHead];

    private static HeadMap Create(int heads, int scoreHeads, Func<int, int> of)
    {
        var map = new int[scoreHeads];
        for (int j = 0; j < scoreHeads; j++)
        {
            map[j] = of(j);
        }

        return new HeadMap(heads, map);
    }

    private static void CheckCounts(int heads, int scoreHeads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(heads, 1);
        if (scoreHeads < heads || scoreHeads % heads != 0)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"scoreHeads: expected a multiple of {heads}, got {scoreHeads}"), nameof(scoreHeads));
        }
    }
}
