using System;
using System.IO;

namespace AttnDsl.Conformance.Tests.Cli;

/// <summary>Where the recorded results lie: beside the repository, never in it.</summary>
internal static class GoldenFolder
{
    private const string Without = "ATTNDSL_WITHOUT_GOLDENS";

    /// <summary>Path of a recording; null when the run was told to do without them.</summary>
    public static string? PathOf(string name)
    {
        string path = Path.Combine(Repository(), "..", "shared", "goldens", name + ".safetensors");
        if (File.Exists(path))
        {
            return Path.GetFullPath(path);
        }

        return Environment.GetEnvironmentVariable(Without) == "1"
            ? null
            : throw new FileNotFoundException($"The recording '{name}' is missing; set {Without}=1 to run without recordings.", path);
    }

    private static string Repository()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            // .git is a file in a linked work tree.
            if (File.Exists(Path.Combine(folder.FullName, "AttnDsl.sln")) || Path.Exists(Path.Combine(folder.FullName, ".git")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"No repository above '{AppContext.BaseDirectory}'.");
    }
}
