using System;
using System.Reflection;
using AttnDsl.Conformance.Tests.Layers;

namespace AttnDsl.Conformance.Tests.Costs;

/// <summary>A layer whose reference counts its multiply-adds, and the figures that its Spec promises.</summary>
internal sealed class CountingLayer
{
    private readonly FieldInfo _count;
    private readonly Type _spec;

    public CountingLayer(Type annotated)
    {
        Layer = CompiledLayers.LayerOf(annotated);
        _count = annotated.GetNestedType("Reference")!.GetField("MultiplyAdds")!;
        _spec = annotated.GetNestedType("Spec")!;
    }

    public ILayer<double> Layer { get; }

    /// <summary>A constant of Spec.</summary>
    public long Constant(string name) => Convert.ToInt64(_spec.GetField(name)!.GetRawConstantValue(), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A formula of Spec at a number of tokens.</summary>
    public long Formula(string name, long tokens) => (long)_spec.GetMethod(name)!.Invoke(null, [tokens])!;

    /// <summary>FLOPs of a call: two per multiply-add.</summary>
    public long Flops(Action call)
    {
        _count.SetValue(null, 0L);
        call();
        return 2 * (long)_count.GetValue(null)!;
    }
}
