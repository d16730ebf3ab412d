using System;
using System.IO;

namespace AttnDsl.Conformance.Tests.Cli;

/// <summary>A folder of its own for each test, gone at the end.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("attn-tests-");

    /// <summary>Path of a file in it that need not exist.</summary>
    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>Writes lines and returns the path.</summary>
    public string Write(string name, params string[] lines)
    {
        string path = PathOf(name);
        File.WriteAllText(path, string.Join('\n', lines) + "\n");
        return path;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
