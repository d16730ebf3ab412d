using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Conformance.Tests.Cpu;
using AttnDsl.Conformance.Tests.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Torch.Tests.Caches;

/// <summary>
/// One cache that the CPU backend and the module take turns on, and beside it each row's inputs and outputs as lists. With identity weights around it the layer is its core, so each row's outputs must be those of the
/// reference's core over what the cache holds of the row, whatever it rounded.
/// </summary>
internal sealed class CacheHistory : IDisposable
{
    private const int Rows = 3;

    private readonly StorageCase _storage;
    private readonly CpuCase _layer;
    private readonly AttentionWeights<double> _wide;
    private readonly AttentionWeights<float> _narrow;
    private readonly AttentionModule _module;
    private readonly KvCache _cache;
    private readonly string _turns;
    private List<float>[] _inputs = [.. Enumerable.Range(0, Rows).Select(_ => new List<float>())];
    private List<double>[] _outputs = [.. Enumerable.Range(0, Rows).Select(_ => new List<double>())];
    private int _step;

    /// <param name="storage">The storage.</param>
    /// <param name="dtype">The module's type.</param>
    /// <param name="path">The module's path.</param>
    /// <param name="turns">Who runs a step, again and again: m is the module, c the CPU backend.</param>
    public CacheHistory(StorageCase storage, ScalarType dtype, CorePath path, string turns)
    {
        _storage = storage;
        _turns = turns;
        _layer = CpuCase.Of(storage.Layer);
        (_wide, _narrow) = _layer.Weights(seed: 900);
        Identity(_wide["q_proj.weight"].Data);
        Identity(_wide["o_proj.weight"].Data);
        _wide.CopyTo(_narrow);
        _module = storage.Module(dtype);
        _module.Core = path;
        _module.CopyFrom(_wide);
        _cache = storage.Make(Rows);
    }

    private int Dim => _layer.Cpu.Shape.Dim;

    public void Step(int tokens, params int[] lengths)
    {
        var block = new Block(tokens, lengths);
        float[] x = [.. CpuCalls.Random(901 + _step, Rows * tokens * Dim).Select((number, i) => block.IsReal(i / Dim) ? number : float.NaN)];
        double[] y = _turns[_step++ % _turns.Length] == 'c' ? ByCpu(x, block) : ByModule(x, block);
        for (int row = 0; row < Rows; row++)
        {
            int start = row * tokens * Dim, real = start + (lengths[row] * Dim);
            _inputs[row].AddRange(x[start..real]);
            _outputs[row].AddRange(y[start..real]);
            Assert.All(y[real..(start + (tokens * Dim))], padding => Assert.Equal(0, padding));
        }
    }

    public void Fork(int from, int to)
    {
        _cache.Stack.Fork(from, to);
        (_inputs[to], _outputs[to]) = ([.. _inputs[from]], [.. _outputs[from]]);
    }

    public void Truncate(int row, int length)
    {
        _cache.Stack.Truncate(row, length);
        _inputs[row].RemoveRange(length * Dim, _inputs[row].Count - (length * Dim));
        _outputs[row].RemoveRange(length * Dim, _outputs[row].Count - (length * Dim));
    }

    public void Reorder(params int[] rows)
    {
        _cache.Stack.Reorder(rows);
        (_inputs, _outputs) = ([.. rows.Select(row => _inputs[row].ToList())], [.. rows.Select(row => _outputs[row].ToList())]);
    }

    public void Reserve(int tokens) => _cache.Stack.Reserve(tokens);

    /// <summary>Some steps, and back to where they began.</summary>
    public void TakeBack(Action steps)
    {
        using CacheSnapshot snapshot = _cache.Stack.Snapshot();
        (List<float>[] inputs, List<double>[] outputs) = ([.. _inputs.Select(row => row.ToList())], [.. _outputs.Select(row => row.ToList())]);
        steps();
        _cache.Stack.Restore(snapshot);
        (_inputs, _outputs) = (inputs, outputs);
    }

    public void Check(string what)
    {
        LayerShape shape = _layer.Cpu.Shape;
        (float[] keys, float[] values) = (_cache.Read(0), _cache.Read(1));
        for (int row = 0; row < Rows; row++)
        {
            int length = _inputs[row].Count / Dim;
            Assert.Equal(length, _cache.Length(row));
            if (length == 0)
            {
                continue;
            }

            string name = FormattableString.Invariant($"{_storage.Name}, {what}, row {row} of {length}");
            float[] q = [.. _inputs[row]];
            float[] k = CpuCalls.Slice(keys, Rows, 0, length * shape.KeyHeads * shape.KeyWidth)[(row * length * shape.KeyHeads * shape.KeyWidth)..][..(length * shape.KeyHeads * shape.KeyWidth)];
            float[] v = CpuCalls.Slice(values, Rows, 0, length * shape.ValueHeads * shape.ValueWidth)[(row * length * shape.ValueHeads * shape.ValueWidth)..][..(length * shape.ValueHeads * shape.ValueWidth)];
            Stored("k_proj.weight", q, k, name);
            Stored("v_proj.weight", q, v, name);
            TokenRows rows = TokenRows.Core(1, length, length);
            double[] expected = _layer.Reference.Core(_wide, CpuCalls.Wide(q), CpuCalls.Wide(k), CpuCalls.Wide(v), rows).Output;
            SingleRule.Check(name, expected, _layer.Single.Core(_narrow, q, k, v, rows).Output, CpuCalls.Narrow(_outputs[row]));
            if (_module.Dtype == ScalarType.Float64 && !_turns.Contains('c', StringComparison.Ordinal))
            {
                Numbers.Close(expected, [.. _outputs[row]], 1e-12, name);
            }
        }
    }

    public void Dispose() => _module.Dispose();

    private double[] ByCpu(float[] x, Block block) => CpuCalls.Wide(
        block.Tokens == 1 && block.Lengths.All(length => length == 1) ? _layer.Decode(_narrow, x, _cache) : _layer.Prefill(_narrow, x, _cache, block.Rows));

    private double[] ByModule(float[] x, Block block)
    {
        using DisposeScope scope = NewDisposeScope();
        double[] y = TorchLayer.Numbers(_module.forward(tensor(x).reshape(Rows, block.Tokens, Dim).to(_module.Dtype), _cache, block.Rows));
        Assert.True(_module.Core == CorePath.Auto || _module.LastCore!.Path == _module.Core);
        return y;
    }

    /// <summary>What is stored is what the projection makes of the inputs, rounded once.</summary>
    private void Stored(string weight, float[] x, float[] stored, string name)
    {
        double[] matrix = _wide[weight].Data;
        int width = matrix.Length / Dim;
        for (int i = 0; i < stored.Length; i++)
        {
            double exact = 0;
            for (int c = 0; c < Dim; c++)
            {
                exact += matrix[((i % width) * Dim) + c] * x[((i / width) * Dim) + c];
            }

            Assert.True(Math.Abs(exact - stored[i]) <= 1e-5 + (_storage.Loss * Math.Abs(exact)), FormattableString.Invariant($"{name}, {weight}: at {i} stored {stored[i]}, exact {exact}"));
        }
    }

    private static void Identity(double[] matrix)
    {
        int size = (int)Math.Sqrt(matrix.Length);
        Array.Clear(matrix);
        for (int i = 0; i < size; i++)
        {
            matrix[(i * size) + i] = 1;
        }
    }
}
