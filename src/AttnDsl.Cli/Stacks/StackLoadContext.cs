using System.Reflection;
using System.Runtime.Loader;

namespace AttnDsl.Cli.Stacks;

/// <summary>Holds one compiled assembly and lets it go when nothing refers to its types any more.</summary>
internal sealed class StackLoadContext() : AssemblyLoadContext("attn stacks", isCollectible: true)
{
    /// <summary>AttnDsl must be the one this process already uses, or its types would not be the same types.</summary>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        Assembly runtime = typeof(TokenRows).Assembly;
        return assemblyName.Name == runtime.GetName().Name ? runtime : null;
    }
}
