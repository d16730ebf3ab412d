using System.Linq;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Emit;

/// <summary>Names of type parameters of generated members.</summary>
internal static class TypeParameter
{
    /// <summary>A name that hides none of the user's.</summary>
    public static string Fresh(TargetType target, string name)
    {
        while (target.Containing.Append(target.Self).Any(t => t.TypeParameters.Contains(name)))
        {
            name += "_";
        }

        return name;
    }
}
