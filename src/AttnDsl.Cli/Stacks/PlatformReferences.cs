using System;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using AttnDsl.Torch;
using Microsoft.CodeAnalysis;
using TorchSharp;

namespace AttnDsl.Cli.Stacks;

/// <summary>What every stack is compiled against: the shared framework this process runs on, and AttnDsl itself. Read once.</summary>
internal static class PlatformReferences
{
    private static readonly Lazy<ImmutableArray<MetadataReference>> Shared = new(Read);
    private static readonly Lazy<ImmutableArray<MetadataReference>> OfTorch = new(() =>
    [
        MetadataReference.CreateFromFile(typeof(torch).Assembly.Location),
        MetadataReference.CreateFromFile(typeof(AttentionModule).Assembly.Location),
    ]);

    /// <summary>The references, in a stable order.</summary>
    public static ImmutableArray<MetadataReference> All => Shared.Value;

    /// <summary>What makes the generator write TorchSharp modules.</summary>
    public static ImmutableArray<MetadataReference> Torch => OfTorch.Value;

    private static ImmutableArray<MetadataReference> Read()
    {
        string framework = Path.GetDirectoryName(typeof(object).Assembly.Location)
            ?? throw new InvalidOperationException("attn needs the shared .NET framework as files; it cannot run as a single-file application.");
        string trusted = AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") as string ?? "";
        return
        [
            .. trusted.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
                .Where(path => Path.GetDirectoryName(path) == framework && IsPublicName(Path.GetFileNameWithoutExtension(path)))
                .Order(StringComparer.Ordinal)
                .Append(typeof(TokenRows).Assembly.Location)
                .Select(path => (MetadataReference)MetadataReference.CreateFromFile(path)),
        ];
    }

    private static bool IsPublicName(string name) =>
        name is "netstandard" or "mscorlib" or "System" || name.StartsWith("System.", StringComparison.Ordinal) || name.StartsWith("Microsoft.", StringComparison.Ordinal);
}
