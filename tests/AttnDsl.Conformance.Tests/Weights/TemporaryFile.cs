using System;
using System.IO;

namespace AttnDsl.Conformance.Tests.Weights;

/// <summary>A path nobody else uses, deleted at the end.</summary>
internal sealed class TemporaryFile : IDisposable
{
    public TemporaryFile()
        : this([])
    {
    }

    public TemporaryFile(byte[] content)
    {
        File.WriteAllBytes(Path, content);
    }

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"attndsl-{Guid.NewGuid():N}.safetensors");

    public void Dispose() => File.Delete(Path);
}
