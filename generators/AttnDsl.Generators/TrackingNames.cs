namespace AttnDsl.Generators;

/// <summary>Names of the pipeline's steps, in order; tests ask for each one's reason to run.</summary>
internal static class TrackingNames
{
    /// <summary>One <c>AttentionSpec</c> per annotated type.</summary>
    public const string Specs = nameof(Specs);

    /// <summary>The file name stems that more than one type would use.</summary>
    public const string SharedHints = nameof(SharedHints);

    /// <summary>Facts about the project.</summary>
    public const string Options = nameof(Options);

    /// <summary>Spec and facts together: everything the compiler may look at.</summary>
    public const string Inputs = nameof(Inputs);

    /// <summary>Generated text per type.</summary>
    public const string Results = nameof(Results);
}
