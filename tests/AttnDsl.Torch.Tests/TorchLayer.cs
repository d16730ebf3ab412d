using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Torch.Tests;

/// <summary>The module of a test layer, in and out of plain numbers: doubles that the module's type holds exactly come back as they were.</summary>
internal sealed class TorchLayer : IDisposable
{
    /// <summary>The module of a class of the conformance tests, on one path.</summary>
    public TorchLayer(TestLayer layer, ScalarType dtype, CorePath path)
    {
        Layer = layer;
        Module = Make(layer.Name, dtype);
        Module.Core = path;
    }

    public TestLayer Layer { get; }

    public AttentionModule Module { get; }

    /// <summary>Whether libtorch's own attention computes this layer's core.</summary>
    public static bool HasSdpa(TestLayer layer)
    {
        using AttentionModule module = Make(layer.Name, ScalarType.Float32);
        try
        {
            module.Core = CorePath.Sdpa;
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>The paths that a layer can take in a type.</summary>
    public static IEnumerable<CorePath> Paths(TestLayer layer, ScalarType dtype)
    {
        yield return CorePath.Torch;
        if (HasSdpa(layer))
        {
            yield return CorePath.Sdpa;
        }

        if (dtype == ScalarType.Float32)
        {
            yield return CorePath.Fused;
        }
    }

    public static AttentionModule Make(string name, ScalarType dtype, int seed = 0) => Make(Annotated(name), dtype, seed);

    public static AttentionModule Make(Type annotated, ScalarType dtype, int seed = 0) =>
        (AttentionModule)Activator.CreateInstance(annotated.GetNestedType("Module")!, seed, dtype, null)!;

    /// <summary>An empty cache of the class itself, not of its module.</summary>
    public static KvCache MakeCache(string name, int batch) => 
        Annotated(name).GetNestedType("Cache")!.GetConstructors().Select(made => (made, Parameters: made.GetParameters())).Where(c => c.Parameters[0].ParameterType == typeof(int))
            .Select(c => (KvCache)c.made.Invoke([batch, .. c.Parameters.Skip(1).Select(_ => (object?)null)])).Single();

    public double[] Forward(AttentionWeights<double> weights, double[] x, TokenRows rows)
    {
        using DisposeScope scope = NewDisposeScope();
        Module.CopyFrom(weights);
        return Numbers(Module.forward(Tokens(x, rows), rows));
    }

    public (double[] Input, AttentionWeights<double> Weights) Backward(AttentionWeights<double> weights, double[] x, double[] g, TokenRows rows)
    {
        using DisposeScope scope = NewDisposeScope();
        Module.CopyFrom(weights);
        Module.zero_grad();
        Tensor input = Tokens(x, rows).requires_grad_();
        Module.forward(input, rows).backward([Tokens(g, rows)]);
        AttentionWeights<double> gradients = Layer.Reference.Zeros();
        Module.CopyGradientsTo(gradients);
        return (Numbers(input.grad!), gradients);
    }

    public CoreResult<double> Core(AttentionWeights<double> weights, double[] q, double[] k, double[] v, TokenRows rows)
    {
        using DisposeScope scope = NewDisposeScope();
        Module.CopyFrom(weights);
        (Tensor query, Tensor key, Tensor value) = Operands(q, k, v, rows);
        return new CoreResult<double>(Numbers(Module.Attend(query, key, value, rows)), Numbers(Module.Lse(query, key, rows)));
    }

    public (CoreGradients<double> Operands, AttentionWeights<double> Weights) CoreBackward(AttentionWeights<double> weights, double[] q, double[] k, double[] v, double[] g, TokenRows rows)
    {
        using DisposeScope scope = NewDisposeScope();
        Module.CopyFrom(weights);
        Module.zero_grad();
        (Tensor query, Tensor key, Tensor value) = Operands(q, k, v, rows);
        query.requires_grad_();
        key.requires_grad_();
        value.requires_grad_();
        LayerShape s = Module.Shape;
        Module.Attend(query, key, value, rows).backward([Tensor(g, rows.Batch, rows.Tokens, s.ScoreHeads, s.ValueWidth)]);
        AttentionWeights<double> gradients = Layer.Reference.Zeros();
        Module.CopyGradientsTo(gradients);
        return (new CoreGradients<double>(Numbers(query.grad!), Numbers(key.grad!), Numbers(value.grad!)), gradients);
    }

    /// <summary>Rows of equal length through a cache, a chunk at a time.</summary>
    public double[] InChunks(AttentionWeights<double> weights, double[] x, int batch, int chunk, TorchCache? cache = null)
    {
        using TorchCache own = Module.CreateCache(batch);
        return InChunks(weights, x, batch, chunk, part => Module.forward(part, cache ?? own));
    }

    /// <summary>The same over the class's own cache.</summary>
    public double[] InChunks(AttentionWeights<double> weights, double[] x, int batch, int chunk, KvCache cache) => InChunks(weights, x, batch, chunk, part => Module.forward(part, cache));

    private double[] InChunks(AttentionWeights<double> weights, double[] x, int batch, int chunk, Func<Tensor, Tensor> forward)
    {
        using DisposeScope scope = NewDisposeScope();
        Module.CopyFrom(weights);
        Tensor all = Tensor(x, batch, -1, Module.Shape.Dim);
        long tokens = all.shape[1];
        var parts = new List<Tensor>();
        for (long start = 0; start < tokens; start += chunk)
        {
            parts.Add(forward(all.narrow(1, start, Math.Min(chunk, tokens - start))));
        }

        return Numbers(cat(parts, 1));
    }

    public Tensor Tokens(double[] values, TokenRows rows) => Tensor(values, rows.Batch, rows.Tokens, Module.Shape.Dim);

    public Tensor Tensor(double[] values, params long[] shape)
    {
        using DisposeScope scope = NewDisposeScope();
        return tensor(values).reshape(shape).to(Module.Dtype).MoveToOuterDisposeScope();
    }

    public static double[] Numbers(Tensor tensor)
    {
        using DisposeScope scope = NewDisposeScope();
        double[] numbers = tensor.detach().to(ScalarType.Float64).contiguous().data<double>().ToArray();
        GC.KeepAlive(tensor);
        return numbers;
    }

    public void Dispose() => Module.Dispose();

    private static Type Annotated(string name) => typeof(Plain).Assembly.GetType($"{typeof(Plain).Namespace}.{name}", throwOnError: true)!;

    private (Tensor Query, Tensor Key, Tensor Value) Operands(double[] q, double[] k, double[] v, TokenRows rows)
    {
        LayerShape s = Module.Shape;
        return (
            Tensor(q, rows.Batch, rows.Tokens, s.QueryHeads, s.KeyWidth),
            Tensor(k, rows.Batch, rows.Keys, s.KeyHeads, s.KeyWidth),
            Tensor(v, rows.Batch, rows.Keys, s.ValueHeads, s.ValueWidth));
    }
}
