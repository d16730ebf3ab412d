using System.Globalization;
using AttnDsl.Cli.Check;

namespace AttnDsl.Cli.Describe;

/// <summary>Numbers of tokens on the command line.</summary>
internal static class Sizes
{
    /// <summary>Throws unless there is a token at least.</summary>
    /// <exception cref="UnusableInputException">There is none.</exception>
    public static void Positive(string option, long value)
    {
        if (value < 1)
        {
            throw new UnusableInputException(string.Create(CultureInfo.InvariantCulture, $"{option}: expected at least 1, got {value}"));
        }
    }
}
