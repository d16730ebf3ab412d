using System;

namespace AttnDsl;

/// <summary>Base of every attribute of the attention language: whatever derives from it is part of a stack, nothing else is.</summary>
/// <remarks>
/// The stack of a type is the set of these attributes on its declarations, in any order and over any of its partial parts. <see cref="AttentionAttribute"/> is the root;
/// the others change one axis of it and mean nothing without it. All of them may be written on classes, structs and interfaces, so that a wrong target gets a diagnostic that says what to do.
/// </remarks>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface, AllowMultiple = false, Inherited = false)]
public abstract class AttentionDslAttribute : Attribute
{
    private protected AttentionDslAttribute()
    {
    }
}
