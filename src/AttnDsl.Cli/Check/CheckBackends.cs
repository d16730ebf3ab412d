using System.Collections.Generic;
using System.Linq;

namespace AttnDsl.Cli.Check;

/// <summary>The backends this tool can drive, by name.</summary>
internal static class CheckBackends
{
    /// <summary>The double reference every run begins with.</summary>
    public static ReferenceBackend Reference { get; } = new();

    /// <summary>Every backend, in the order reports show them.</summary>
    public static IReadOnlyList<ICheckBackend> All { get; } = [Reference];

    /// <summary>The backend of that name; null with the reason when there is none.</summary>
    public static ICheckBackend? Find(string name, out string reason)
    {
        ICheckBackend? found = All.FirstOrDefault(b => b.Name == name);
        reason = found is null ? $"this attn has no backend '{name}'; it has: {string.Join(", ", All.Select(b => b.Name))}" : "";
        return found;
    }
}
