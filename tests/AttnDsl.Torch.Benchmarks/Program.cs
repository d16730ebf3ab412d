using System;
using System.Globalization;
using AttnDsl.LibTorch;
using AttnDsl.Torch.Benchmarks;
using TorchSharp;

if (args.Length > 2 || (args.Length > 0 && !int.TryParse(args[0], CultureInfo.InvariantCulture, out _)) || (args.Length > 1 && !int.TryParse(args[1], CultureInfo.InvariantCulture, out _)))
{
    Console.Error.WriteLine("usage: [tokens = 2048] [rounds = 9]");
    return 1;
}

LibTorchSupport.EnsureLoaded();
int tokens = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 2048;
int rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 9;
Console.WriteLine(FormattableString.Invariant($"libtorch {torch.__version__}, {torch.get_num_threads()} threads of libtorch, {AttnDsl.Cpu.CpuThreads.Count} of the kernels"));
new TrainingStep("causal", new CausalLayer.Module(), tokens).Run(rounds);
new TrainingStep("window 256", new WindowedLayer.Module(), tokens).Run(rounds);
new DecodingStep(context: 4 * tokens).Run(rounds);
return 0;
