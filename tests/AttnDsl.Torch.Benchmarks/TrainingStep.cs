using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Torch.Benchmarks;

/// <summary>
/// One training step of a layer, forward and backward, on every path in turn: machines drift by several percent within minutes, so only times of the same round may be divided. Printed are the best times and
/// the medians of the rounds' ratios.
/// </summary>
internal sealed class TrainingStep
{
    private static readonly CorePath[] s_paths = [CorePath.Fused, CorePath.Sdpa, CorePath.Torch];

    private readonly string _name;
    private readonly AttentionModule _module;
    private readonly Tensor _x;
    private readonly Tensor _gradient;

    public TrainingStep(string name, AttentionModule module, int tokens)
    {
        _name = string.Create(CultureInfo.InvariantCulture, $"{name} T {tokens}, {module.Shape.QueryHeads}/{module.Shape.KeyHeads} heads, d {module.Shape.KeyWidth}");
        _module = module;
        random.manual_seed(1);
        _x = randn(1, tokens, module.Shape.Dim).requires_grad_();
        _gradient = randn(1, tokens, module.Shape.Dim);
    }

    public void Run(int rounds)
    {
        double[][] steps = Rounds(rounds, Step);
        Report("layer, forward + backward", steps);
        double[][] forwards = Rounds(rounds, Forward);
        Report("layer, forward alone", forwards);
    }

    private double[][] Rounds(int rounds, Action<CorePath> run)
    {
        var times = new List<double[]>();
        for (int round = -1; round < rounds; round++)
        {
            // The first round is for warming up.
            double[] row = [.. s_paths.Select(path => Time(() => run(path)))];
            if (round >= 0)
            {
                times.Add(row);
            }
        }

        return [.. times];
    }

    private void Report(string what, double[][] rounds)
    {
        string times = string.Join(", ", s_paths.Select((path, i) => string.Create(CultureInfo.InvariantCulture, $"{path} {1000 * rounds.Min(round => round[i]):F0} ms")));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{_name}: {what}: {times}; Fused is {Median(rounds, 1):F2}x as fast as Sdpa and {Median(rounds, 2):F2}x as fast as Torch (medians of {rounds.Length} rounds)"));
    }

    private static double Median(double[][] rounds, int other)
    {
        double[] ratios = [.. rounds.Select(round => round[other] / round[0]).Order()];
        return ratios[ratios.Length / 2];
    }

    private static double Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private void Step(CorePath path)
    {
        using DisposeScope scope = NewDisposeScope();
        _module.Core = path;
        _module.forward(_x).backward([_gradient]);
        _module.zero_grad();
        _x.grad = null;
    }

    private void Forward(CorePath path)
    {
        using DisposeScope scope = NewDisposeScope();
        using var constants = no_grad();
        _module.Core = path;
        _module.forward(_x);
    }
}
