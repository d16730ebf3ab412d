using System;
using AttnDsl.Benchmarks;

switch (args.Length > 0 ? args[0] : "")
{
    case "limits":
        Limits.Run(args.Length > 1 ? args[1] : "");
        BackwardLimits.Run(args.Length > 1 ? args[1] : "");
        return 0;
    default:
        Console.Error.WriteLine("usage: limits [part of a name]");
        return 1;
}
