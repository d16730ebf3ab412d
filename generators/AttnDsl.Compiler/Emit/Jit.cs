using System.Runtime.CompilerServices;

namespace AttnDsl.Compiler.Emit;

/// <summary>Wishes to the runtime's compiler.</summary>
internal static class Jit
{
    /// <summary>
    /// Optimise at once. A compiler process is over before the runtime has recompiled what is hot; the few loops that see every character or every member of every model say so themselves.
    /// The name of the option is younger than .NET Standard 2.0, older runtimes ignore its value.
    /// </summary>
    public const MethodImplOptions Hot = (MethodImplOptions)512;
}
