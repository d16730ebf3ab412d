using System;

namespace AttnDsl.Cli.Check;

/// <summary>Names of the quantities of a report.</summary>
internal static class Quantities
{
    /// <summary>The output for all tokens at once.</summary>
    public const string Output = "out";

    /// <summary>The output of a prefill followed by one token at a time.</summary>
    public const string Decode = "decode";

    /// <summary>The output of the token after the recorded ones.</summary>
    public const string Next = "next";

    /// <summary>Stands for every quantity of a backend that does not exist here.</summary>
    public const string All = "all";

    /// <summary>Stands for all gradients where there are none.</summary>
    public const string Gradients = "gradients";

    /// <summary>Name of the tensor with the gradient of the output.</summary>
    public const string Cotangent = "g";

    /// <summary>Gradient of a tensor of the file; also the name it is recorded under.</summary>
    public static string GradientOf(string nameInFile) => "grad." + nameInFile;

    /// <summary>The quantity is computed over the cache.</summary>
    public static bool IsOverCache(string quantity) => quantity is Decode or Next;

    /// <summary>The quantity is a gradient.</summary>
    public static bool IsGradient(string quantity) => quantity.StartsWith("grad.", StringComparison.Ordinal);
}
