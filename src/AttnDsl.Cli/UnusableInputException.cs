using System;

namespace AttnDsl.Cli;

/// <summary>A mistake in what the user handed over: shown as its message alone, exit code <see cref="ExitCodes.Unusable"/>.</summary>
internal sealed class UnusableInputException : Exception
{
    public UnusableInputException(string message)
        : base(message)
    {
    }

    public UnusableInputException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
