using System.Runtime.CompilerServices;
using AttnDsl.LibTorch;
using TorchSharp;

namespace AttnDsl.Torch.Tests;

/// <summary>Before the first tensor of any test.</summary>
internal static class LibTorchStart
{
    [ModuleInitializer]
    internal static void Load()
    {
        LibTorchSupport.EnsureLoaded();

        // Tensors here are small: on a busy machine libtorch's threads would wait for each other longer than they compute.
        torch.set_num_threads(1);
    }
}
