using System;
using System.Globalization;
using AttnDsl.Benchmarks;

switch (args.Length > 0 ? args[0] : "")
{
    case "limits":
        Limits.Run(args.Length > 1 ? args[1] : "");
        BackwardLimits.Run(args.Length > 1 ? args[1] : "");
        return 0;
    case "quantized":
        QuantizedLimits.Run(args.Length > 1 ? args[1] : "");
        return 0;
    case "latent":
        LatentDecode.Run(args.Length > 1 && int.TryParse(args[1], CultureInfo.InvariantCulture, out int context) && context > 1 ? context : 4096);
        return 0;
    case "layer":
        LayerTimes.Run();
        return 0;
    case "memory" when args.Length > 1 && int.TryParse(args[1], CultureInfo.InvariantCulture, out int tokens) && tokens > 0:
        LayerMemory.Run(tokens);
        return 0;
    default:
        Console.Error.WriteLine(
            """
            usage: limits [part of a name]   kernels as fractions of what the machine can do
                   quantized [part of a name] decoding over bfloat16 and codes of 8, 4 and 2 bits
                   latent [CONTEXT]          a decoded token over latents, absorbed and expanded, beside the cost formulas
                   layer                     an annotated class's times; run it with -c Debug and -c Release to compare a consumer's builds
                   memory TOKENS             memory that forward and backward take beside their inputs and outputs
            """);
        return 1;
}
