using System.IO;
using AttnDsl.Cli.Stacks;

namespace AttnDsl.Cli.Output;

/// <summary>How every verb shows a stack that the compiler refuses.</summary>
internal static class Refusal
{
    /// <summary>Prints the diagnostics as text or JSON.</summary>
    public static void Write(StackResult result, bool json, TextWriter output)
    {
        if (json)
        {
            JsonText.Write(output, RefusalJson.Of(result));
        }
        else
        {
            new Terminal(output).Diagnostics(result);
        }
    }
}
