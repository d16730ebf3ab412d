using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Numerics;
using System.Reflection;
using AttnDsl.Cli.Check;
using AttnDsl.Cli.Layers;
using AttnDsl.Torch;
using TorchSharp;

namespace AttnDsl.Cli.Stacks;

/// <summary>A stack's generated class, loaded, and typed access to what was nested into it.</summary>
internal sealed class CompiledStack
{
    private readonly Lazy<ILayer<double>> _reference;
    private readonly Lazy<ILayer<float>> _referenceSingle;
    private readonly Lazy<ILayer<float>> _cpu;
    private readonly Lazy<StackSpec> _spec;

    /// <summary>Wraps <paramref name="type"/>, the annotated class of <paramref name="text"/>.</summary>
    public CompiledStack(string text, Type type, ImmutableArray<string> formula)
    {
        Text = text;
        Type = type;
        Formula = formula;
        _reference = new(() => LayerFactory.Create<double>(Nested("Reference")));
        _referenceSingle = new(() => LayerFactory.Create<float>(Nested("ReferenceSingle")));
        _cpu = new(() => CpuOn(0));
        _spec = new(() => new StackSpec(Nested("Spec")));
    }

    /// <summary>The stack as given.</summary>
    public string Text { get; }

    /// <summary>The annotated class.</summary>
    public Type Type { get; }

    /// <summary>Widths and costs.</summary>
    public StackSpec Spec => _spec.Value;

    /// <summary>The reference in double precision; an <see cref="ICachedLayer{T}"/> when the stack keeps a cache.</summary>
    public ILayer<double> Reference => _reference.Value;

    /// <summary>The same formulas in single precision.</summary>
    public ILayer<float> ReferenceSingle => _referenceSingle.Value;

    /// <summary>The CPU backend on as many threads as the process allows; an <see cref="ICachedLayer{T}"/> when the stack keeps a cache.</summary>
    public ILayer<float> Cpu => _cpu.Value;

    /// <summary>How a backend stores keys, and what else is kept per token; null when the stack keeps no cache.</summary>
    public CacheElement? KeyElement => Element(nameof(KvCacheAttribute.KeyElement));

    /// <summary>How a backend stores values, and what else is kept per token; null when the stack keeps no cache.</summary>
    public CacheElement? ValueElement => Element(nameof(KvCacheAttribute.ValueElement));

    /// <summary>Something is stored in bfloat16.</summary>
    public bool RoundsCache => KeyElement == CacheElement.BFloat16 || ValueElement == CacheElement.BFloat16;

    /// <summary>The layer can take its tokens step by step.</summary>
    public bool HasCache => Reference is ICachedLayer<double>;

    /// <summary>Every parameter in the order of the checkpoint, without allocating it: a description of a huge layer must not need its memory.</summary>
    public IReadOnlyList<WeightDeclaration> Weights
    {
        get
        {
            Type weights = Nested("Weights`1").MakeGenericType(typeof(double));
            PropertyInfo? declared = weights
                .GetProperties(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
                .FirstOrDefault(p => p.PropertyType == typeof(ImmutableArray<WeightDeclaration>));
            return (ImmutableArray<WeightDeclaration>)(declared ?? throw new MissingMemberException(weights.FullName, "Declarations")).GetValue(null)!;
        }
    }

    /// <summary>The layer's formula, line by line, as the documentation of the class shows it.</summary>
    public ImmutableArray<string> Formula { get; }

    /// <summary>The CPU backend on that many threads; 0 leaves it to the process.</summary>
    public ILayer<float> CpuOn(int threads) => LayerFactory.CreateBackend(Nested("Cpu"), threads);

    /// <summary>There is a TorchSharp module: the stack was compiled for one, and the generator can write it.</summary>
    public bool HasModule => Type.GetNestedType("Module") is not null;

    /// <summary>A TorchSharp module of the stack. libtorch is loaded before.</summary>
    /// <exception cref="MissingMemberException">There is none.</exception>
    public AttentionModule CreateModule(ScalarKind dtype) => (AttentionModule)Activator.CreateInstance(
        Nested("Module"), 0, dtype == ScalarKind.F32 ? torch.ScalarType.Float32 : torch.ScalarType.Float64, null)!;

    /// <summary>A module as a layer; an <see cref="ICachedLayer{T}"/> when the stack keeps a cache.</summary>
    public ILayer<T> LayerOf<T>(AttentionModule module, ILayer<T> reference)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => HasCache ? new CachedTorchLayer<T>(reference, module) : new TorchLayer<T>(reference, module);

    /// <summary>A class the generator nested into the annotated one, by its metadata name.</summary>
    /// <exception cref="MissingMemberException">The generator wrote no such class.</exception>
    public Type Nested(string name) =>
        Type.GetNestedType(name, BindingFlags.Public | BindingFlags.NonPublic) ?? throw new MissingMemberException(Type.FullName, name);

    // Whether an element was given at all is not to be seen on the attribute itself.
    private CacheElement? Element(string own)
    {
        if (Type.GetNestedType("Cache") is null)
        {
            return null;
        }

        CustomAttributeData? data = Type.GetCustomAttributesData().FirstOrDefault(attribute => attribute.AttributeType == typeof(KvCacheAttribute));
        CacheElement? Given(string name) => data?.NamedArguments.Where(argument => argument.MemberName == name).Select(argument => (CacheElement?)(CacheElement)(int)argument.TypedValue.Value!).FirstOrDefault();
        return Given(own) ?? Given(nameof(KvCacheAttribute.Element)) ?? CacheElement.Float32;
    }
}
