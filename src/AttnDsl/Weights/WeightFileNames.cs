using System;
using System.Collections.Generic;

namespace AttnDsl;

/// <summary>The prefix and name map of <see cref="WeightFileOptions"/>, applied either way.</summary>
internal static class WeightFileNames
{
    /// <summary>What a tensor of the file stands for, or null when it is outside the prefix.</summary>
    public static string? WeightOf(WeightFileOptions options, string fileName)
    {
        if (!fileName.StartsWith(options.Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        string name = fileName[options.Prefix.Length..];
        return options.Names is { } names && names.TryGetValue(name, out string? weight) ? weight : name;
    }

    /// <summary>The file name of every weight.</summary>
    public static Dictionary<string, string> Invert(WeightFileOptions options, IReadOnlyList<string> weights)
    {
        var known = new HashSet<string>(weights, StringComparer.Ordinal);
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string file, string weight) in options.Names ?? new Dictionary<string, string>())
        {
            if (known.Contains(weight) && !files.TryAdd(weight, options.Prefix + file))
            {
                throw new ArgumentException($"options: Names gives weight '{weight}' two names: '{files[weight]}' and '{options.Prefix + file}'", nameof(options));
            }
        }

        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string weight in weights)
        {
            string file = files.TryGetValue(weight, out string? mapped) ? mapped : options.Prefix + weight;
            files[weight] = file;
            if (!owners.TryAdd(file, weight))
            {
                throw new ArgumentException($"options: weights '{owners[file]}' and '{weight}' would both be saved as '{file}'", nameof(options));
            }
        }

        return files;
    }
}
