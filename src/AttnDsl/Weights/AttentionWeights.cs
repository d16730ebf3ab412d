using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using System.Numerics;

using AttnDsl.Runtime;

namespace AttnDsl;

/// <summary>All parameters of one layer, by checkpoint name. The generated <c>Weights</c> class adds a property for each.</summary>
/// <typeparam name="T">Scalar type.</typeparam>
public abstract class AttentionWeights<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly ImmutableArray<WeightTensor<T>> _tensors;
    private readonly Dictionary<string, WeightTensor<T>> _byName = new(StringComparer.Ordinal);

    /// <summary>Weights that are all 0.</summary>
    /// <param name="declarations">The parameters, in the order of the checkpoint.</param>
    /// <param name="layout">Rotation layout of the layer; null without rotation.</param>
    /// <exception cref="ArgumentException">A declaration is impossible: no name, a name twice, a size below 1, or rotated rows that do not fit.</exception>
    protected AttentionWeights(ImmutableArray<WeightDeclaration> declarations, RopeLayout? layout)
    {
        if (declarations.IsDefault)
        {
            throw new ArgumentException("declarations: expected a list, got none", nameof(declarations));
        }

        var tensors = ImmutableArray.CreateBuilder<WeightTensor<T>>(declarations.Length);
        foreach (WeightDeclaration declaration in declarations)
        {
            WeightDeclarations.Check(declaration, layout);
            var tensor = new WeightTensor<T>(declaration, new T[ArrayLength.Of(declaration.Name, WeightDeclarations.Sizes(declaration))]);
            if (!_byName.TryAdd(tensor.Name, tensor))
            {
                throw new ArgumentException($"declarations: '{tensor.Name}' is there twice", nameof(declarations));
            }

            tensors.Add(tensor);
            ParameterCount += tensor.Count;
        }

        _tensors = tensors.MoveToImmutable();
        Tensors = _tensors;
        Layout = layout;
    }

    /// <summary>The parameters, in the order of the checkpoint.</summary>
    /// <remarks>One object for good: generated code reads it in every call, which must not allocate.</remarks>
    public IReadOnlyList<WeightTensor<T>> Tensors { get; }

    /// <summary>Number of scalars, all parameters together.</summary>
    public long ParameterCount { get; }

    /// <summary>Rotation layout of the layer; null without rotation.</summary>
    internal RopeLayout? Layout { get; }

    /// <summary>A parameter by its checkpoint name.</summary>
    /// <param name="name">Name, such as <c>q_proj.weight</c>.</param>
    /// <exception cref="KeyNotFoundException">The layer has no such parameter; the message lists those it has.</exception>
    public WeightTensor<T> this[string name]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(name);
            return _byName.TryGetValue(name, out WeightTensor<T>? tensor)
                ? tensor
                : throw new KeyNotFoundException($"there is no weight '{name}'; the layer has {string.Join(", ", _tensors.Select(t => t.Name))}");
        }
    }

    /// <summary>Sets every parameter to its initial value. Normal numbers depend on the seed, the parameter's name and the element's index alone: not on the machine, the order or <typeparamref name="T"/> (up to rounding).</summary>
    /// <param name="seed">Any number.</param>
    public void Initialise(int seed)
    {
        foreach (WeightTensor<T> tensor in _tensors)
        {
            switch (tensor.Declaration.Initialisation)
            {
                case Initialisation.Zeros:
                    Array.Clear(tensor.Data);
                    break;
                case Initialisation.Ones:
                    Array.Fill(tensor.Data, T.One);
                    break;
                default:
                    var normal = new CounterNormal(seed, tensor.Name);
                    for (int i = 0; i < tensor.Data.Length; i++)
                    {
                        tensor.Data[i] = T.CreateTruncating(tensor.Declaration.Deviation * normal.At(i));
                    }

                    break;
            }
        }
    }

    /// <summary>Reads every parameter from a file. Either all are read or, when anything does not fit, none is written.</summary>
    /// <param name="path">A safetensors file.</param>
    /// <param name="options">Prefix, names and layout of the file.</param>
    /// <exception cref="WeightFileException">The file does not fit the layer; the exception lists all problems at once.</exception>
    /// <exception cref="SafetensorsException">The file breaks the format.</exception>
    public void LoadFrom(string path, WeightFileOptions? options = null)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        LoadFrom(file, options);
    }

    /// <summary>Reads every parameter from a file. Either all are read or, when anything does not fit, none is written.</summary>
    /// <param name="file">An open safetensors file; it stays open.</param>
    /// <param name="options">Prefix, names and layout of the file.</param>
    /// <exception cref="WeightFileException">The file does not fit the layer; the exception lists all problems at once.</exception>
    /// <exception cref="SafetensorsException">The file has become shorter since it was opened.</exception>
    public void LoadFrom(SafetensorsFile file, WeightFileOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(file);
        WeightFilePlan plan = WeightFilePlan.Match(file, [.. _tensors.Select(t => t.Declaration)], Layout, options ?? new WeightFileOptions());

        // All reads come before the first write: a file that ends early must not leave half of a layer behind.
        var values = new T[_tensors.Length][];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = RopeRows.Convert(file.Read<T>(plan.Sources[i]), _tensors[i].Declaration, plan.FileLayout, Layout);
        }

        for (int i = 0; i < values.Length; i++)
        {
            values[i].CopyTo(_tensors[i].Data, 0);
        }
    }

    /// <summary>Writes every parameter to a file, with its rotation layout in the metadata <c>attndsl.rope_layout</c>.</summary>
    /// <param name="path">Where to; an existing file is replaced.</param>
    /// <param name="options">Prefix, names, layout and number type of the file.</param>
    /// <exception cref="ArgumentException">Two parameters would get one name, or the number type is not a floating-point type.</exception>
    public void Save(string path, WeightFileOptions? options = null)
    {
        options ??= new WeightFileOptions();
        SafetensorsDtype dtype = options.SaveAs ?? OwnDtype();
        if (!SafetensorsDtypes.IsWeight(dtype))
        {
            throw new ArgumentException($"options: SaveAs must be F64, F32, F16 or BF16, got {dtype}", nameof(options));
        }

        RopeLayout? layout = Layout is null ? null : options.CheckpointLayout ?? Layout;
        if (layout != Layout && _tensors.All(t => t.Declaration.Rotary is null))
        {
            throw new ArgumentException(
                $"options: CheckpointLayout must be {Layout}, got {layout}: the layer's weights mix the channels of a head, so that moving rows does not do", nameof(options));
        }

        Dictionary<string, string> names = WeightFileNames.Invert(options, [.. _tensors.Select(t => t.Name)]);
        var writer = new SafetensorsWriter();
        if (layout is { } written)
        {
            writer.AddMetadata(RopeRows.MetadataKey, RopeRows.NameOf(written));
        }

        foreach (WeightTensor<T> tensor in _tensors)
        {
            writer.Add(names[tensor.Name], WeightDeclarations.Sizes(tensor.Declaration), RopeRows.Convert(tensor.Data, tensor.Declaration, Layout, layout), dtype);
        }

        writer.Save(path);
    }

    /// <summary>Copies every parameter into weights of the same layer, converting the numbers.</summary>
    /// <typeparam name="U">Scalar type to convert to.</typeparam>
    /// <param name="other">Receives the numbers.</param>
    /// <exception cref="ArgumentException">The other weights are declared differently.</exception>
    public void CopyTo<U>(AttentionWeights<U> other)
        where U : unmanaged, IBinaryFloatingPointIeee754<U>
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Tensors.Count != _tensors.Length || other.Layout != Layout)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"other: expected {_tensors.Length} weights with {Shown(Layout)}, got {other.Tensors.Count} with {Shown(other.Layout)}"),
                nameof(other));
        }

        for (int i = 0; i < _tensors.Length; i++)
        {
            if (!_tensors[i].Declaration.Equals(other.Tensors[i].Declaration))
            {
                throw new ArgumentException($"other: expected weight {_tensors[i]}, got {other.Tensors[i]} (or another initialisation or rotation)", nameof(other));
            }
        }

        for (int i = 0; i < _tensors.Length; i++)
        {
            T[] from = _tensors[i].Data;
            U[] to = other.Tensors[i].Data;
            for (int j = 0; j < from.Length; j++)
            {
                to[j] = U.CreateTruncating(from[j]);
            }
        }
    }

    private static SafetensorsDtype OwnDtype() =>
        typeof(T) == typeof(float) ? SafetensorsDtype.Float32
        : typeof(T) == typeof(Half) ? SafetensorsDtype.Float16
        : SafetensorsDtype.Float64;

    private static string Shown(RopeLayout? layout) => layout is { } known ? $"rotation layout {RopeRows.NameOf(known)}" : "no rotation";
}
