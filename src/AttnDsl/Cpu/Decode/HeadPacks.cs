using System.Collections.Generic;

namespace AttnDsl.Cpu;

/// <summary>Score heads in packs of equal key head and equal value head.</summary>
internal sealed class HeadPacks
{
    private readonly int[][] _heads;
    private readonly int[] _keys;
    private readonly int[] _values;

    public HeadPacks(HeadMap key, HeadMap value)
    {
        var packs = new SortedDictionary<(int Key, int Value), List<int>>();
        for (int head = 0; head < key.ScoreHeads; head++)
        {
            (int, int) pair = (key.Of(head), value.Of(head));
            if (!packs.TryGetValue(pair, out List<int>? heads))
            {
                packs.Add(pair, heads = []);
            }

            heads.Add(head);
            Largest = int.Max(Largest, heads.Count);
        }

        _heads = new int[packs.Count][];
        _keys = new int[packs.Count];
        _values = new int[packs.Count];
        int next = 0;
        foreach (((int Key, int Value) pair, List<int> heads) in packs)
        {
            _heads[next] = [.. heads];
            _keys[next] = pair.Key;
            _values[next] = pair.Value;
            next++;
        }
    }

    /// <summary>Packs, ordered by key head.</summary>
    public int Count => _heads.Length;

    /// <summary>Score heads of the largest pack.</summary>
    public int Largest { get; }

    /// <summary>Score heads of a pack.</summary>
    public int[] Heads(int pack) => _heads[pack];

    public int KeyHead(int pack) => _keys[pack];

    public int ValueHead(int pack) => _values[pack];
}
