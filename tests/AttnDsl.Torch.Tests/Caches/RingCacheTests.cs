using System;
using System.Linq;
using AttnDsl.Conformance.Tests.Cpu;
using AttnDsl.Conformance.Tests.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Torch.Tests.Caches;

/// <summary>Modules over rings, of tensors and of the layer's own cache: the reference over one, whoever runs a step.</summary>
[KeepsTensors]
public sealed class RingCacheTests
{
    private static readonly int[] s_steps = [3, 1, 4, 1, 9, 1, 2, 1, 5, 1, 1];

    public static TheoryData<Type> Layers => [typeof(SlotsRoomBefore), typeof(SlotsTrimAfter), typeof(AbsoluteRoomBefore), typeof(AlibiTrimAfter), typeof(WindowOnRing)];

    [Theory]
    [MemberData(nameof(Layers))]
    public void Modules_over_a_ring_are_the_reference_over_one(Type annotated)
    {
        CpuCase layer = CpuCase.Of(annotated);
        (AttentionWeights<double> weights, AttentionWeights<float> narrow) = layer.Weights(seed: 90);
        foreach ((ScalarType dtype, CorePath path) in new[] { (ScalarType.Float64, CorePath.Torch), (ScalarType.Float32, CorePath.Torch), (ScalarType.Float32, CorePath.Fused), (ScalarType.Float32, CorePath.Auto) })
        {
            foreach (string kind in new[] { "tensors", "own", "in turn with the CPU backend" })
            {
                using DisposeScope scope = NewDisposeScope();
                using AttentionModule module = TorchLayer.Make(annotated, dtype);
                module.Core = path;
                module.CopyFrom(weights);
                using TorchCache tensors = module.CreateCache(2);
                KvCache own = layer.Cpu.CreateCache(2);
                ReferenceCache<double> reference = layer.Reference.CreateCache(2);
                var random = new Random(5);
                for (int step = 0; step < s_steps.Length; step++)
                {
                    int tokens = s_steps[step];
                    TokenRows rows = step % 3 == 2 ? TokenRows.Ragged([random.Next(tokens + 1), tokens], tokens) : TokenRows.Uniform(2, tokens);
                    float[] x = [.. CpuCalls.Random(100 + step, 2 * tokens * 12).Select((number, i) => i / 12 % tokens < rows.Count(i / 12 / tokens) ? number : float.NaN)];
                    double[] expected = layer.Reference.Prefill(weights, CpuCalls.Wide(x), reference, rows);
                    Tensor input = tensor(x).reshape(2, tokens, 12).to(dtype);
                    double[] y = kind == "tensors" ? TorchLayer.Numbers(module.forward(input, tensors, rows))
                        : kind == "own" || step % 2 == 0 ? TorchLayer.Numbers(module.forward(input, own, rows))
                        : CpuCalls.Wide(layer.Prefill(narrow, x, own, rows));
                    bool exact = dtype == ScalarType.Float64 && kind == "tensors";
                    Numbers.Close(expected, y, exact ? 1e-12 : 2e-5, FormattableString.Invariant($"{annotated.Name}, {dtype}, {path}, {kind}, step {step}"));
                }

                if (kind == "tensors")
                {
                    Assert.Equal((reference.Length(0), reference.Held(1), reference.Ring), (tensors.Length(0), tensors.Held(1), tensors.Ring));
                    Numbers.Close(reference.Read(0), TorchLayer.Numbers(tensors.Read(0)), dtype == ScalarType.Float64 ? 1e-12 : 2e-5, "what is held");
                }
            }
        }
    }

    [Fact]
    public void Caches_of_other_rings_are_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using AttentionModule module = TorchLayer.Make(typeof(SlotsRoomBefore), ScalarType.Float32);
        using TorchCache own = module.CreateCache(1);
        foreach (CacheRing? ring in new CacheRing?[] { null, SlotsRoomBefore.Cache.Keeps with { Recent = 6 } })
        {
            using var other = new TorchCache(1, ScalarType.Float32, CPU, ring, [.. own.Streams]);
            Assert.Contains("expected one that keeps", Assert.Throws<ArgumentException>(() => module.forward(zeros(1, 1, 12), other)).Message, StringComparison.Ordinal);
        }
    }
}
