using System;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Torch.Benchmarks;

/// <summary>One new token behind a long context, over either kind of cache and on every path in turn. Printed are the best times and the medians of the rounds' ratios, as for training.</summary>
internal sealed class DecodingStep
{
    private readonly int _context;
    private readonly (string Name, Action Run)[] _ways;

    public DecodingStep(int context)
    {
        _context = context;
        random.manual_seed(1);
        var module = new CausalLayer.Module();
        var half = new HalfLayer.Module();
        var own = new CausalLayer.Cache(1, context + 1);
        var bfloat16 = new HalfLayer.Cache(1, context + 1);
        TorchCache tensors = module.CreateCache(1);
        Tensor token = randn(1, 1, module.Shape.Dim);
        for (int start = 0; start < context; start += 1024)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor x = randn(1, Math.Min(1024, context - start), module.Shape.Dim);
            module.forward(x, own);
            module.forward(x, tensors);
            half.forward(x, bfloat16);
        }

        _ways =
        [
            ("Cache, Fused", () => Run(module, CorePath.Fused, () => module.forward(token, own), () => own.Truncate(0, context))),
            ("Cache of bfloat16, Fused", () => Run(half, CorePath.Fused, () => half.forward(token, bfloat16), () => bfloat16.Truncate(0, context))),
            ("TorchCache, Fused", () => Run(module, CorePath.Fused, () => module.forward(token, tensors), () => tensors.Truncate(0, context))),
            ("TorchCache, Sdpa", () => Run(module, CorePath.Sdpa, () => module.forward(token, tensors), () => tensors.Truncate(0, context))),
            ("Cache, Sdpa", () => Run(module, CorePath.Sdpa, () => module.forward(token, own), () => own.Truncate(0, context))),
        ];
    }

    public void Run(int rounds)
    {
        // The first round is for warming up.
        double[][] times = [.. Enumerable.Range(0, rounds + 1).Select(_ => _ways.Select(way => Time(way.Run)).ToArray()).Skip(1)];
        string text = string.Join(", ", _ways.Select((way, i) =>
        {
            double[] ratios = [.. times.Select(round => round[i] / round[0]).Order()];
            return string.Create(CultureInfo.InvariantCulture, $"{way.Name} {1000 * times.Min(round => round[i]):F2} ms ({ratios[ratios.Length / 2]:F2})");
        }));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"one token behind {_context}: {text}; in brackets times as long as the first, medians of {rounds} rounds"));
    }

    private static void Run(AttentionModule module, CorePath path, Func<Tensor> step, Action back)
    {
        using DisposeScope scope = NewDisposeScope();
        module.Core = path;
        step();
        back();
    }

    private static double Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
