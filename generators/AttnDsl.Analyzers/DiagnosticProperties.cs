namespace AttnDsl.Analyzers;

/// <summary>Keys of the properties a diagnostic carries for its code fix.</summary>
internal static class DiagnosticProperties
{
    /// <summary>Name of the argument at fault; absent when the rule is about the whole attribute or the type.</summary>
    public const string Argument = "argument";

    /// <summary>Nearest legal values of that argument, joined by a comma, smaller ones first; absent when there are none.</summary>
    public const string Legal = "legal";
}
