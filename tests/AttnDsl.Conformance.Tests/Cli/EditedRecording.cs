using System;
using System.Collections.Generic;
using System.Linq;

namespace AttnDsl.Conformance.Tests.Cli;

/// <summary>A recording in memory, to be changed and written somewhere else.</summary>
internal sealed class EditedRecording
{
    private readonly Dictionary<string, (long[] Shape, double[] Values)> _tensors = [];

    /// <summary>Reads a recording of float64 tensors.</summary>
    public static EditedRecording Read(string path)
    {
        EditedRecording edited = new();
        using SafetensorsFile file = SafetensorsFile.Open(path);
        foreach (SafetensorsTensor tensor in file.Tensors.Values)
        {
            edited.Put(tensor.Name, [.. tensor.Shape], file.ReadDouble(tensor.Name));
        }

        return edited;
    }

    /// <summary>Adds or replaces a tensor.</summary>
    public EditedRecording Put(string name, long[] shape, double[] values)
    {
        _tensors[name] = (shape, values);
        return this;
    }

    /// <summary>Adds <paramref name="amount"/> to one element.</summary>
    public EditedRecording Shift(string name, int index, double amount)
    {
        _tensors[name].Values[index] += amount;
        return this;
    }

    /// <summary>Takes a tensor out.</summary>
    public EditedRecording Remove(string name)
    {
        _tensors.Remove(name);
        return this;
    }

    /// <summary>Turns [B, T, H, d] into [B, H, T, d].</summary>
    public EditedRecording Transpose(string name)
    {
        (long[] shape, double[] values) = _tensors[name];
        (long batch, long tokens, long heads, long width) = (shape[0], shape[1], shape[2], shape[3]);
        double[] swapped = new double[values.Length];
        for (long i = 0; i < values.Length; i++)
        {
            (long d, long h, long t, long b) = (i % width, i / width % heads, i / width / heads % tokens, i / width / heads / tokens);
            swapped[(((b * heads) + h) * tokens + t) * width + d] = values[i];
        }

        return Put(name, [batch, heads, tokens, width], swapped);
    }

    /// <summary>Writes it and returns the path.</summary>
    public string Save(string path, SafetensorsDtype dtype = SafetensorsDtype.Float64, string? dtypeMetadata = null)
    {
        SafetensorsWriter writer = new();
        if (dtypeMetadata is not null)
        {
            writer.AddMetadata("dtype", dtypeMetadata);
        }

        foreach ((string name, (long[] shape, double[] values)) in _tensors.OrderBy(t => t.Key, StringComparer.Ordinal))
        {
            writer.Add(name, shape, values, dtype);
        }

        writer.Save(path);
        return path;
    }
}
