using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>How the cache of a causal layer stores its scalars.</summary>
public sealed class KvCacheMechanism : Mechanism
{
    private static readonly string[] s_elements = ["Float32", "BFloat16"];

    public override string Name => "KvCache";

    public override int Rank => Ranks.Cache;

    public override void Check(RuleContext context, AttributeSpec attribute) => context.Member(attribute, "Element", s_elements);

    public override void Lower(LayerDraft draft, AttributeSpec attribute) =>
        draft.CacheElement = KvCacheSettings.Read(attribute).BFloat16 ? CacheScalar.BFloat16 : CacheScalar.Float32;
}

/// <param name="BFloat16">Two bytes a scalar; otherwise four.</param>
public sealed record KvCacheSettings(bool BFloat16)
{
    public static KvCacheSettings Read(AttributeSpec attribute) => new(attribute.Enum("Element", "Float32") == "BFloat16");
}
