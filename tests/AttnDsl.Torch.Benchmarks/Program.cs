using System;
using System.Globalization;
using System.Linq;
using AttnDsl.LibTorch;
using AttnDsl.Torch.Benchmarks;
using TorchSharp;

int[] numbers = [2048, 9, 16384];
if (args.Length > numbers.Length || !args.Select((text, i) => int.TryParse(text, CultureInfo.InvariantCulture, out numbers[i]) && numbers[i] > 0).All(isNumber => isNumber))
{
    Console.Error.WriteLine("usage: [tokens = 2048] [rounds = 9] [context = 16384]");
    return 1;
}

LibTorchSupport.EnsureLoaded();
(int tokens, int rounds, int context) = (numbers[0], numbers[1], numbers[2]);
Console.WriteLine(FormattableString.Invariant($"libtorch {torch.__version__}, {torch.get_num_threads()} threads of libtorch, {AttnDsl.Cpu.CpuThreads.Count} of the kernels"));
new TrainingStep("causal", new CausalLayer.Module(), tokens).Run(rounds);
new TrainingStep("window 256", new WindowedLayer.Module(), tokens).Run(rounds);
new DecodingStep(context).Run(rounds);
return 0;
