using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Goldens;

/// <summary>One recording and the layer it is compared with.</summary>
internal sealed class Golden : IDisposable
{
    /// <summary>Name in the file to name of the weight.</summary>
    private static readonly Dictionary<string, string> s_names = new()
    {
        ["Wq"] = "q_proj.weight",
        ["Wk"] = "k_proj.weight",
        ["Wv"] = "v_proj.weight",
        ["Wo"] = "o_proj.weight",
        ["bq"] = "q_proj.bias",
        ["bk"] = "k_proj.bias",
        ["bv"] = "v_proj.bias",
        ["bo"] = "o_proj.bias",
        ["q_norm"] = "q_norm.weight",
        ["k_norm"] = "k_norm.weight",
        ["sinks"] = "sinks",
        ["wq.weight"] = "q_proj.weight",
        ["wq_a.weight"] = "q_a_proj.weight",
        ["q_norm.weight"] = "q_a_layernorm.weight",
        ["wq_b.weight"] = "q_b_proj.weight",
        ["wkv_a.weight"] = "kv_a_proj_with_mqa.weight",
        ["kv_norm.weight"] = "kv_a_layernorm.weight",
        ["wkv_b.weight"] = "kv_b_proj.weight",
        ["wo.weight"] = "o_proj.weight",
        ["Wq_gate"] = "q_gate_proj.weight",
        ["Wq_up"] = "q_up_proj.weight",
        ["Wq_down"] = "q_down_proj.weight",
        ["Wk_expand"] = "k_expand.weight",
    };

    private readonly SafetensorsFile _file;

    private Golden(TestLayer layer, ILayer<double> reference, SafetensorsFile file)
    {
        Layer = layer;
        Reference = reference;
        _file = file;
    }

    public TestLayer Layer { get; }

    public ILayer<double> Reference { get; }

    /// <summary>A recorded tensor; the output goes by "out" whatever the file calls it.</summary>
    public double[] this[string tensor] => _file.ReadDouble(tensor == "out" && !_file.Tensors.ContainsKey(tensor) ? "y" : tensor);

    /// <summary>The recording, or null where it is absent and may be.</summary>
    /// <param name="name">File name without its extension.</param>
    /// <param name="output">Where the reason of an absence goes.</param>
    /// <param name="reference">In place of the layer's own reference.</param>
    public static Golden? Open(string name, ITestOutputHelper output, ILayer<double>? reference = null)
    {
        GoldenSummary.Count(name, present: false);
        string? path = Shared.Find($"goldens/{name}.safetensors", output);
        GoldenSummary.Count(name, path is not null);
        return path is null ? null : new Golden(GoldenCases.Layers[name], reference ?? GoldenCases.Layers[name].Reference, SafetensorsFile.Open(path));
    }

    /// <summary>Sizes of a recorded tensor.</summary>
    public int[] Shape(string tensor) => [.. _file.Tensors[tensor].Shape.Select(size => checked((int)size))];

    /// <summary>The rows of the recorded x.</summary>
    public TokenRows Rows() => TokenRows.Uniform(Shape("x")[0], Shape("x")[1]);

    /// <summary>The recorded weights.</summary>
    public AttentionWeights<double> Weights()
    {
        AttentionWeights<double> weights = Reference.Zeros();
        weights.LoadFrom(_file, new WeightFileOptions { Names = Names, AllowExtra = true });
        return weights;
    }

    /// <summary>Every weight of the layer with its recorded gradient.</summary>
    public IEnumerable<(string Weight, double[] Gradient)> Gradients()
    {
        foreach (WeightTensor<double> tensor in Reference.Zeros().Tensors)
        {
            string own = "grad." + tensor.Name;
            yield return (tensor.Name, this[_file.Tensors.ContainsKey(own) ? own : "grad." + Names.Single(name => name.Value == tensor.Name).Key]);
        }
    }

    // Names mean different weights in different families; those of the layer's own count.
    private Dictionary<string, string> Names
    {
        get
        {
            HashSet<string> wanted = [.. Reference.Zeros().Tensors.Select(tensor => tensor.Name)];
            return s_names.Where(name => _file.Tensors.ContainsKey(name.Key) && wanted.Contains(name.Value)).ToDictionary();
        }
    }

    public void Dispose() => _file.Dispose();
}
