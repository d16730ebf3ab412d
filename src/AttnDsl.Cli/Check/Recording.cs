using System;
using System.IO;
using System.Linq;

namespace AttnDsl.Cli.Check;

/// <summary>A safetensors file with the inputs, weights and results of a module, recorded elsewhere.</summary>
internal sealed class Recording : IDisposable
{
    private const int ListedTensors = 40;

    private readonly SafetensorsFile _file;

    private Recording(SafetensorsFile file) => _file = file;

    /// <summary>Where it is.</summary>
    public string Path => _file.Path;

    /// <summary>
    /// The metadata's <c>dtype</c> says that float32 arithmetic took part, although the tensors may be float64: the whole run, or its
    /// softmax. "float32 replaced by float64" does not say that.
    /// </summary>
    public bool WentThroughFloat32 =>
        _file.Metadata.TryGetValue("dtype", out string? dtype)
        && (dtype.Trim() == "float32" || dtype.Split(['(', ')', ',', ';']).Any(IsFloat32Softmax));

    /// <summary>Opens <paramref name="path"/> and checks its header.</summary>
    /// <exception cref="UnusableInputException">It is missing, unreadable or no safetensors file.</exception>
    public static Recording Open(string path)
    {
        try
        {
            return new Recording(SafetensorsFile.Open(path));
        }
        catch (SafetensorsException e)
        {
            throw new UnusableInputException(e.Message, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new UnusableInputException($"cannot open '{path}': {e.Message}", e);
        }
    }

    /// <summary>The file holds a tensor of that name.</summary>
    public bool Has(string name) => _file.Tensors.ContainsKey(name);

    /// <summary>The tensor of that name as doubles.</summary>
    /// <exception cref="UnusableInputException">There is none, or it does not hold floating-point numbers.</exception>
    public Tensor Read(string name)
    {
        if (!_file.Tensors.TryGetValue(name, out SafetensorsTensor? entry))
        {
            throw new UnusableInputException($"'{Path}' holds no tensor '{name}'. {Contents()}");
        }

        try
        {
            double[] data = _file.ReadDouble(name);
            return new Tensor(name, [.. entry.Shape.Select(size => checked((int)size))], data, entry.Dtype);
        }
        catch (Exception e) when (e is IOException or OverflowException)
        {
            throw new UnusableInputException(e is IOException ? e.Message : $"'{Path}': {entry} is too large", e);
        }
    }

    /// <summary>What the file holds, for messages.</summary>
    public string Contents()
    {
        string[] shown = [.. _file.Tensors.Values.Take(ListedTensors).Select(t => t.ToString())];
        return shown.Length == 0
            ? "The file is empty."
            : "The file holds: " + string.Join(", ", shown) + (_file.Tensors.Count > shown.Length ? ", ..." : "") + ".";
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private static bool IsFloat32Softmax(string clause) =>
        clause.Contains("softmax", StringComparison.OrdinalIgnoreCase)
        && clause.Contains("float32", StringComparison.OrdinalIgnoreCase)
        && !clause.Contains("float64", StringComparison.OrdinalIgnoreCase);
}
