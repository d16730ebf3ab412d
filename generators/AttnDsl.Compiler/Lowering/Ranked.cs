using System.Collections.Generic;

namespace AttnDsl.Compiler.Lowering;

/// <summary>
/// Items in the order of their ranks, those of equal rank as they came. Filled a few at a time for every layer; sorting tuples with LINQ would cost a fresh process more in
/// compilation than all the rest of a draft.
/// </summary>
internal sealed class Ranked<T>
    where T : class
{
    private readonly List<int> _ranks = new();
    private readonly List<T> _items = new();

    public IReadOnlyList<T> Items => _items;

    /// <summary>The ranks of <see cref="Items"/>.</summary>
    public IReadOnlyList<int> Ranks => _ranks;

    public void Add(int rank, T item)
    {
        int at = _ranks.Count;
        while (at > 0 && _ranks[at - 1] > rank)
        {
            at--;
        }

        _ranks.Insert(at, rank);
        _items.Insert(at, item);
    }

    /// <summary>The items of a rank as they came.</summary>
    public IEnumerable<T> Of(int rank)
    {
        for (int i = 0; i < _ranks.Count; i++)
        {
            if (_ranks[i] == rank)
            {
                yield return _items[i];
            }
        }
    }

    /// <summary>The first item of a rank, or null.</summary>
    public T? Find(int rank)
    {
        int at = _ranks.IndexOf(rank);
        return at < 0 ? null : _items[at];
    }
}
