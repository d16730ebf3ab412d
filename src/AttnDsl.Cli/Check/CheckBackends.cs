using System.Collections.Generic;
using System.Linq;
using AttnDsl.Torch;

namespace AttnDsl.Cli.Check;

/// <summary>The backends a run can choose from, by name.</summary>
/// <param name="others">Those beside the reference, in the order messages show them.</param>
internal sealed class CheckBackends(params IReadOnlyList<ICheckBackend> others)
{
    /// <summary>Name of the backend that runs unless others are asked for.</summary>
    public static string DefaultName => new ReferenceBackend().Name;

    /// <summary>Every name this tool knows.</summary>
    public static IReadOnlyList<string> Names => [.. On(0).All.Select(b => b.Name)];

    /// <summary>The double reference every run begins with.</summary>
    public ReferenceBackend Reference { get; } = new();

    private IEnumerable<ICheckBackend> All => others.Prepend(Reference);

    /// <summary>Every backend this tool can drive.</summary>
    /// <param name="threads">Threads of those that use several; 0 for one per processor.</param>
    public static CheckBackends On(int threads) => new(
        new CpuBackend(threads),
        new TorchBackend(TorchBackend.Plain, CorePath.Torch, inDouble: true, threads),
        new TorchBackend(TorchBackend.Fused, CorePath.Fused, inDouble: false, threads));

    /// <summary>One of the names needs libtorch.</summary>
    public static bool NeedTorch(IEnumerable<string> names) => names.Any(name => name is TorchBackend.Plain or TorchBackend.Fused);

    /// <summary>The backend of that name; null with the reason when there is none.</summary>
    public ICheckBackend? Find(string name, out string reason)
    {
        ICheckBackend? found = All.FirstOrDefault(b => b.Name == name);
        reason = found is null ? $"this attn has no backend '{name}'; it has: {string.Join(", ", All.Select(b => b.Name))}" : "";
        return found;
    }
}
