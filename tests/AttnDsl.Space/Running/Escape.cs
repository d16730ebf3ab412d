using AttnDsl.Space.Stacks;

namespace AttnDsl.Space.Running;

/// <summary>What went wrong with a stack.</summary>
internal enum EscapeKind
{
    /// <summary>Something threw that never may: generator, analyzer or compiler of AttnDsl.</summary>
    Exception,

    /// <summary>Rule engine, analyzer and the second opinion do not say the same.</summary>
    Diagnostics,

    /// <summary>The generated text does not compile, or not without a warning.</summary>
    GeneratedCode,

    /// <summary>The layer computes something else than the formula says, or than it does on another path.</summary>
    Numbers,
}

/// <param name="Stack">The stack.</param>
/// <param name="Kind">What went wrong.</param>
/// <param name="What">In words, with figures.</param>
internal sealed record Escape(Stack Stack, EscapeKind Kind, string What)
{
    public override string ToString() => $"{Kind}: {What}\n{Stack.Pasted}\n";
}
