using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using AttnDsl.Compiler.Mechanisms;
using Xunit;

namespace AttnDsl.Compiler.Tests;

/// <summary>A backend never names a mechanism: neither the emitters, nor the templates, nor the runtime that generated code calls.</summary>
public sealed class OneRuleTests
{
    /// <summary>Attributes whose names are words of the plan or of the runtime as well.</summary>
    private static readonly HashSet<string> s_words = ["Attention", "Causal", "Bidirectional", "Segments", "Rope", "KvCache", "KeyWidth"];

    private static readonly string s_root = typeof(OneRuleTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == "RepositoryRoot").Value!;

    public static TheoryData<string> Places => ["templates", "generators/AttnDsl.Compiler/Emit", "generators/AttnDsl.Compiler/Plan", "src/AttnDsl/Cpu", "src/AttnDsl/Caches", "src/AttnDsl/Runtime", "src/AttnDsl.TorchSharp"];

    [Theory]
    [MemberData(nameof(Places))]
    public void No_file_names_a_mechanism(string place)
    {
        var names = new Regex("(?i)" + string.Join("|", MechanismTable.ByRank.Select(mechanism => mechanism.Name).Where(name => !s_words.Contains(name)).Append(@"latents?\b").Append(@"\bmla\b")));
        string[] files = [.. Directory.GetFiles(Path.Combine(s_root, place), "*.*", SearchOption.AllDirectories).Where(IsSource)];
        Assert.NotEmpty(files);
        Assert.Empty(files.SelectMany(file => names.Matches(File.ReadAllText(file)).Select(match => Path.GetRelativePath(s_root, file) + ": " + match.Value)));
    }

    private static bool IsSource(string path) =>
        (path.EndsWith(".cs", StringComparison.Ordinal) || path.EndsWith(".scriban", StringComparison.Ordinal)) && !path.Split('/', '\\').Any(part => part is "obj" or "bin");
}
