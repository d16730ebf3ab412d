using System;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AttnDsl.Torch;

public abstract partial class AttentionModule
{
    /// <summary>Reads every parameter from a safetensors file, converted to the parameters' type. Either all are read or, when anything does not fit, none is changed.</summary>
    /// <param name="path">A safetensors file.</param>
    /// <param name="options">Prefix, names and rotation layout of the file.</param>
    /// <returns>The module.</returns>
    /// <exception cref="WeightFileException">The file does not fit the layer; the exception lists all problems at once.</exception>
    /// <exception cref="SafetensorsException">The file breaks the format.</exception>
    public AttentionModule load(string path, WeightFileOptions? options = null)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return load(file, options);
    }

    /// <summary>Reads every parameter from an open safetensors file, which stays open. Either all are read or, when anything does not fit, none is changed.</summary>
    /// <param name="file">An open safetensors file.</param>
    /// <param name="options">Prefix, names and rotation layout of the file.</param>
    /// <returns>The module.</returns>
    /// <exception cref="WeightFileException">The file does not fit the layer; the exception lists all problems at once.</exception>
    /// <exception cref="SafetensorsException">The file has become shorter since it was opened.</exception>
    public AttentionModule load(SafetensorsFile file, WeightFileOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (Dtype == ScalarType.Float64)
        {
            AttentionWeights<double> weights = ZeroWeights<double>();
            weights.LoadFrom(file, options);
            CopyFrom(weights);
        }
        else
        {
            AttentionWeights<float> weights = ZeroWeights<float>();
            weights.LoadFrom(file, options);
            CopyFrom(weights);
        }

        return this;
    }

    /// <summary>Writes every parameter to a safetensors file, with the rotation layout in its metadata.</summary>
    /// <param name="path">Where to; an existing file is replaced.</param>
    /// <param name="options">Prefix, names, rotation layout and number type of the file; by default the parameters' own type.</param>
    /// <returns>The module.</returns>
    /// <exception cref="ArgumentException">Two parameters would get one name, or the number type is not a floating-point type.</exception>
    public AttentionModule save(string path, WeightFileOptions? options = null)
    {
        options ??= new WeightFileOptions();
        options = options with { SaveAs = options.SaveAs ?? OwnDtype() };
        if (Dtype == ScalarType.Float64)
        {
            AttentionWeights<double> weights = ZeroWeights<double>();
            CopyTo(weights);
            weights.Save(path, options);
        }
        else
        {
            AttentionWeights<float> weights = ZeroWeights<float>();
            CopyTo(weights);
            weights.Save(path, options);
        }

        return this;
    }

    /// <summary>Sets every parameter to that of weights of the same layer, converted to the parameters' type.</summary>
    /// <typeparam name="T">Scalar type of the weights.</typeparam>
    /// <param name="weights">The layer's weights.</param>
    /// <exception cref="ArgumentException">The weights are declared differently; nothing is changed.</exception>
    public void CopyFrom<T>(AttentionWeights<T> weights)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        CheckWeights(weights, nameof(weights));
        using var constants = no_grad();
        using DisposeScope scope = NewDisposeScope();
        foreach (WeightTensor<T> weight in weights.Tensors)
        {
            Parameter parameter = get_parameter(weight.Name)!;
            parameter.copy_(WeightCopies.ToTensor(weight.Data, parameter.shape));
        }
    }

    /// <summary>Copies every parameter into weights of the same layer, converted to their scalar type.</summary>
    /// <typeparam name="T">Scalar type of the weights.</typeparam>
    /// <param name="weights">Receives the numbers.</param>
    /// <exception cref="ArgumentException">The weights are declared differently; nothing is written.</exception>
    public void CopyTo<T>(AttentionWeights<T> weights)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        CheckWeights(weights, nameof(weights));
        foreach (WeightTensor<T> weight in weights.Tensors)
        {
            WeightCopies.FromTensor(get_parameter(weight.Name)!, weight.Data);
        }
    }

    /// <summary>Copies every parameter's gradient into weights of the same layer; a parameter without one gives zeros.</summary>
    /// <typeparam name="T">Scalar type of the weights.</typeparam>
    /// <param name="gradients">Receives the numbers.</param>
    /// <exception cref="ArgumentException">The weights are declared differently; nothing is written.</exception>
    public void CopyGradientsTo<T>(AttentionWeights<T> gradients)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        CheckWeights(gradients, nameof(gradients));
        foreach (WeightTensor<T> gradient in gradients.Tensors)
        {
            using Tensor? values = get_parameter(gradient.Name)!.grad;
            if (values is null)
            {
                Array.Clear(gradient.Data);
            }
            else
            {
                WeightCopies.FromTensor(values, gradient.Data);
            }
        }
    }

    /// <summary>Weights of the layer, all zero. Written by the generator.</summary>
    /// <typeparam name="T">Scalar type.</typeparam>
    protected abstract AttentionWeights<T> ZeroWeights<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>Sets every parameter as the layer's weights of that seed start.</summary>
    /// <param name="seed">Any number; equal seeds give equal parameters.</param>
    protected void Initialise(int seed)
    {
        if (Dtype == ScalarType.Float64)
        {
            AttentionWeights<double> weights = ZeroWeights<double>();
            weights.Initialise(seed);
            CopyFrom(weights);
        }
        else
        {
            AttentionWeights<float> weights = ZeroWeights<float>();
            weights.Initialise(seed);
            CopyFrom(weights);
        }

        if (Shape.NoGradient is not null)
        {
            foreach ((_, Parameter parameter) in named_parameters())
            {
                parameter.requires_grad = false;
            }

            train(false);
        }
    }

    private SafetensorsDtype OwnDtype() => Dtype switch
    {
        ScalarType.Float64 => SafetensorsDtype.Float64,
        ScalarType.Float16 => SafetensorsDtype.Float16,
        ScalarType.BFloat16 => SafetensorsDtype.BFloat16,
        _ => SafetensorsDtype.Float32,
    };

    private void CheckWeights<T>(AttentionWeights<T> weights, string parameter)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(weights, parameter);
        bool fits = weights.Tensors.Count == _parameterNames.Length;
        for (int i = 0; fits && i < _parameterNames.Length; i++)
        {
            WeightTensor<T> weight = weights.Tensors[i];
            if (weight.Name != _parameterNames[i] || !WeightCopies.SameShape(get_parameter(weight.Name)!.shape, weight.Shape))
            {
                throw new ArgumentException($"{parameter}: expected {_parameterNames[i]} {TensorText.Shape(get_parameter(_parameterNames[i])!.shape)}, got {weight}", parameter);
            }
        }

        if (!fits)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{parameter}: expected {_parameterNames.Length} weights, got {weights.Tensors.Count}"), parameter);
        }
    }
}
