using System;
using System.Runtime.CompilerServices;

namespace AttnDsl.Compiler.Emit;

/// <summary>Everything that a step's text is made from, part by part: comparing parts costs less than making one text of them.</summary>
/// <param name="parts">Names, constants and types in a fixed order; not to be changed afterwards.</param>
internal readonly struct StepIdentity(params string[] parts)
{
    /// <summary>The parts in order.</summary>
    public string[] Parts { get; } = parts;

    /// <summary>One text that says it all.</summary>
    public static implicit operator StepIdentity(string text) => new(text);
}

/// <summary>A step's text among all that are remembered.</summary>
internal sealed class StepKey : IEquatable<StepKey>
{
    private readonly string _variant;
    private readonly string _partial;
    private readonly string[] _parts;
    private readonly int _hash;

    /// <param name="variant">Backend and what all of its texts depend on.</param>
    /// <param name="partial">The template.</param>
    /// <param name="identity">The step.</param>
    [MethodImpl(Jit.Hot)]
    public StepKey(string variant, string partial, StepIdentity identity)
    {
        _variant = variant;
        _partial = partial;
        _parts = identity.Parts;
        int hash = unchecked((variant.GetHashCode() * 31) + partial.GetHashCode());
        foreach (string part in _parts)
        {
            hash = unchecked((hash * 31) + part.GetHashCode());
        }

        _hash = hash;
    }

    [MethodImpl(Jit.Hot)]
    public bool Equals(StepKey? other)
    {
        if (other is null || other._hash != _hash || other._parts.Length != _parts.Length || other._partial != _partial || other._variant != _variant)
        {
            return false;
        }

        for (int i = 0; i < _parts.Length; i++)
        {
            if (other._parts[i] != _parts[i])
            {
                return false;
            }
        }

        return true;
    }

    public override bool Equals(object? obj) => Equals(obj as StepKey);

    public override int GetHashCode() => _hash;
}
