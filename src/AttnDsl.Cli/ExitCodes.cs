namespace AttnDsl.Cli;

/// <summary>What the process tells its caller; the same for every verb.</summary>
internal static class ExitCodes
{
    /// <summary>Everything asked for was done, and every comparison was within its limit.</summary>
    public const int Ok = 0;

    /// <summary>The stack was refused by its diagnostics, or a comparison missed its limit.</summary>
    public const int Miss = 1;

    /// <summary>The command line, a file, or what a file holds cannot be used.</summary>
    public const int Unusable = 2;
}
