using System.Runtime.CompilerServices;
using AttnDsl.LibTorch;

namespace AttnDsl.Torch.Tests;

/// <summary>Before the first tensor of any test.</summary>
internal static class LibTorchStart
{
    [ModuleInitializer]
    internal static void Load() => LibTorchSupport.EnsureLoaded();
}
