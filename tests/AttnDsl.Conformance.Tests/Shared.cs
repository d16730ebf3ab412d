using System;
using System.IO;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests;

/// <summary>Third-party data in the folder <c>shared</c> beside the repository: read there, never copied.</summary>
internal static class Shared
{
    /// <summary>Environment variable that lets a test pass without the data, for a clone that has only the repository.</summary>
    private const string WithoutGoldens = "ATTNDSL_WITHOUT_GOLDENS";

    /// <summary>The path of a file, or null, with the reason printed, when it is absent and may be. A file that is absent and may not be fails the test.</summary>
    /// <param name="name">Path below <c>shared</c>.</param>
    /// <param name="output">Where the reason goes.</param>
    public static string? Find(string name, ITestOutputHelper output)
    {
        string path = Path.GetFullPath(Path.Combine(RepositoryRoot(), "..", "shared", name));
        if (File.Exists(path))
        {
            return path;
        }

        string reason = $"{path} is absent: expected the data folder 'shared' beside the repository.";
        if (Environment.GetEnvironmentVariable(WithoutGoldens) != "1")
        {
            Assert.Fail($"{reason} Set {WithoutGoldens}=1 to run the tests without it.");
        }

        output.WriteLine($"Not checked, as {WithoutGoldens}=1 allows: {reason}");
        return null;
    }

    private static string RepositoryRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Directory.Packages.props")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds Directory.Packages.props: the tests run inside the repository.");
    }
}
