using System;
using System.Collections.Generic;

namespace AttnDsl.Compiler.Tests.Plans;

/// <summary>What streams and states hold between two runs. Everything is kept, so that a ring or a history is a choice of rows and can be checked against all of them.</summary>
public sealed class PlanCache(int batch)
{
    private readonly Dictionary<string, double[]> _rows = new(StringComparer.Ordinal);
    private readonly Dictionary<string, double[]> _pending = new(StringComparer.Ordinal);

    /// <summary>Tokens of the runs so far.</summary>
    public int Past { get; private set; }

    /// <summary>Kept and new rows [batch, rows, width]; the new ones stay pending until <see cref="Commit"/>.</summary>
    public double[] Append(string name, double[] added, int width)
    {
        double[] before = _rows.GetValueOrDefault(name, []);
        int kept = before.Length / batch;
        int more = added.Length / batch;
        double[] all = new double[before.Length + added.Length];
        for (int b = 0; b < batch; b++)
        {
            Array.Copy(before, b * kept, all, b * (kept + more), kept);
            Array.Copy(added, b * more, all, (b * (kept + more)) + kept, more);
        }

        if (all.Length % (batch * width) != 0)
        {
            throw new ArgumentException($"expected rows of {width}, got {all.Length} scalars in {batch} batch rows", nameof(added));
        }

        _pending[name] = all;
        return all;
    }

    /// <summary>Makes the run's rows part of the cache.</summary>
    public void Commit(int tokens)
    {
        foreach ((string name, double[] rows) in _pending)
        {
            _rows[name] = rows;
        }

        _pending.Clear();
        Past += tokens;
    }
}
