using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using Xunit;

namespace AttnDsl.Compiler.Tests.Plans;

/// <summary>A recording of an author's own code, read from the folder <c>shared</c> beside the repository. ATTNDSL_WITHOUT_GOLDENS=1 lets it be absent, for a clone that has only the repository.</summary>
public sealed class Golden
{
    private readonly Dictionary<string, double[]> _tensors;

    private Golden(Dictionary<string, double[]> tensors) => _tensors = tensors;

    public double[] this[string name] => _tensors[name];

    public IReadOnlyList<int> Ints(string name) => _tensors[name].Select(v => (int)v).ToArray();

    /// <summary>The file, or null where it is absent and may be.</summary>
    public static Golden? Find(string name)
    {
        string root = typeof(Golden).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!;
        string path = Path.GetFullPath(Path.Combine(root, "..", "shared", "goldens", name + ".safetensors"));
        if (File.Exists(path))
        {
            return new Golden(Read(File.ReadAllBytes(path)));
        }

        Assert.True(Environment.GetEnvironmentVariable("ATTNDSL_WITHOUT_GOLDENS") == "1", path + " is absent; ATTNDSL_WITHOUT_GOLDENS=1 runs the tests without it");
        return null;
    }

    private static Dictionary<string, double[]> Read(byte[] file)
    {
        int header = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        using JsonDocument json = JsonDocument.Parse(file.AsMemory(8, header));
        return json.RootElement.EnumerateObject().Where(p => p.Name != "__metadata__").ToDictionary(p => p.Name, p =>
        {
            int[] offsets = p.Value.GetProperty("data_offsets").EnumerateArray().Select(o => o.GetInt32()).ToArray();
            ReadOnlySpan<byte> bytes = file.AsSpan(8 + header + offsets[0], offsets[1] - offsets[0]);
            return p.Value.GetProperty("dtype").GetString() switch
            {
                "F64" => MemoryMarshal.Cast<byte, double>(bytes).ToArray(),
                "I64" => MemoryMarshal.Cast<byte, long>(bytes).ToArray().Select(v => (double)v).ToArray(),
                "U8" => bytes.ToArray().Select(v => (double)v).ToArray(),
                string other => throw new InvalidDataException($"{p.Name}: expected F64, I64 or U8, got {other}"),
                null => throw new InvalidDataException(p.Name + ": no dtype"),
            };
        });
    }
}
