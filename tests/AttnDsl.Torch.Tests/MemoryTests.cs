using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Torch.Tests;

/// <summary>No temporary outlives a call: the number of live tensors is the same after many calls as after a few.</summary>
public sealed class MemoryTests
{
    [Theory]
    [InlineData(nameof(Plain), CorePath.Torch)]
    [InlineData(nameof(Plain), CorePath.Sdpa)]
    [InlineData(nameof(Plain), CorePath.Fused)]
    [InlineData(nameof(Everything), CorePath.Torch)]
    [InlineData(nameof(Everything), CorePath.Fused)]
    public void A_thousand_forwards_and_backwards_leave_no_tensor_behind(string name, CorePath path)
    {
        using AttentionModule module = TorchLayer.Make(name, ScalarType.Float32);
        module.Core = path;
        using Tensor x = randn(2, 5, module.Shape.Dim).requires_grad_();
        Run(module, x, 5);
        long before = Live();
        Run(module, x, 1000);
        Assert.Equal(before, Tensor.TotalCount);
    }

    [Theory]
    [InlineData(CorePath.Torch)]
    [InlineData(CorePath.Sdpa)]
    [InlineData(CorePath.Fused)]
    public void Only_the_result_outlives_a_call(CorePath path)
    {
        using AttentionModule module = TorchLayer.Make(nameof(Plain), ScalarType.Float32);
        module.Core = path;
        using Tensor x = randn(2, 5, 12);
        using TorchCache cache = module.CreateCache(2);
        var own = new Plain.Cache(2);

        // The first call lets go of what the last backward of a kernel handed over.
        module.forward(x).Dispose();
        for (int i = 0; i < 3; i++)
        {
            long before = Live();
            Tensor y = module.forward(x);
            Assert.Equal(before + 1, Tensor.TotalCount);
            y.Dispose();
            module.forward(x, cache).Dispose();

            // The cache's streams are made by its first step.
            Assert.Equal(i == 0 ? before + 2 : before, Tensor.TotalCount);

            // The layer's own cache holds no tensor at all.
            before = Tensor.TotalCount;
            module.forward(x, own).Dispose();
            Assert.Equal(before, Tensor.TotalCount);
        }
    }

    [Fact]
    public void A_scope_around_the_call_owns_the_result_and_nothing_else()
    {
        using AttentionModule module = TorchLayer.Make(nameof(Plain), ScalarType.Float32);
        using Tensor x = randn(2, 5, 12);
        module.forward(x).Dispose();
        long before = Live();
        using (DisposeScope scope = NewDisposeScope())
        {
            module.forward(x).sum().backward();
            module.zero_grad();
        }

        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void Files_and_caches_leave_nothing_behind_and_a_disposed_module_takes_its_parameters_along()
    {
        AttentionModule module = TorchLayer.Make(nameof(Everything), ScalarType.Float32);
        using Tensor x = randn(1, 40, 12);
        module.forward(x).Dispose();
        using var folder = new TemporaryFolder();
        long before = Live();
        using (TorchCache cache = module.CreateCache(1))
        {
            module.forward(x, cache).Dispose();
            module.forward(x, cache).Dispose();
            cache.Read(1).Dispose();
        }

        module.save(folder.File("layer.safetensors"));
        module.load(folder.File("layer.safetensors"));
        Assert.Equal(before, Tensor.TotalCount);
        int parameters = module.named_parameters().Count();
        module.Dispose();
        Assert.Equal(before - parameters, Tensor.TotalCount);
    }

    /// <summary>Tensors alive now; what earlier tests left to the collector is gone first, so that it cannot go in between.</summary>
    private static long Live()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return Tensor.TotalCount;
    }

    private static void Run(AttentionModule module, Tensor x, int times)
    {
        for (int i = 0; i < times; i++)
        {
            using Tensor y = module.forward(x);
            using Tensor loss = y.sum();
            loss.backward();
            using Tensor? gradient = x.grad;
            module.zero_grad();
            x.grad = null;
        }
    }
}
