using System.Reflection;
using System.Runtime.Loader;
using AttnDsl.Torch;
using TorchSharp;

namespace AttnDsl.Cli.Stacks;

/// <summary>Holds one compiled assembly and lets it go when nothing refers to its types any more.</summary>
internal sealed class StackLoadContext() : AssemblyLoadContext("attn stacks", isCollectible: true)
{
    /// <summary>AttnDsl and TorchSharp must be those this process already uses, or their types would not be the same types.</summary>
    protected override Assembly? Load(AssemblyName assemblyName) => assemblyName.Name switch
    {
        "AttnDsl" => typeof(TokenRows).Assembly,
        "AttnDsl.TorchSharp" => typeof(AttentionModule).Assembly,
        "TorchSharp" => typeof(torch).Assembly,
        _ => null,
    };
}
