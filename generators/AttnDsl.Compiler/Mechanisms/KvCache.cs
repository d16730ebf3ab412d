using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>How the cache of a causal layer stores its scalars.</summary>
public sealed class KvCacheMechanism : Mechanism
{
    private static readonly string[] s_elements = ["Float32", "BFloat16"];
    private static readonly string[] s_storages = ["Contiguous", "Paged"];

    public override string Name => "KvCache";

    public override int Rank => Ranks.Cache;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
        context.Member(attribute, "Element", s_elements);
        bool sound = context.Member(attribute, "Storage", s_storages);
        if (context.OptionalCount(attribute, "PageSize") && sound && attribute.Gives("PageSize") && !KvCacheSettings.Read(attribute).Paged)
        {
            context.Report(RuleTable.PageSizeWithoutPages, attribute, "PageSize", [Text.Of(attribute.Int("PageSize"))]);
        }
    }

    public override void Lower(LayerDraft draft, AttributeSpec attribute)
    {
        KvCacheSettings settings = KvCacheSettings.Read(attribute);
        draft.CacheElement = settings.BFloat16 ? CacheScalar.BFloat16 : CacheScalar.Float32;
        draft.CachePageSize = settings.Paged ? settings.PageSize : null;
    }
}

/// <param name="BFloat16">Two bytes a scalar; otherwise four.</param>
/// <param name="Paged">In pages; otherwise one block a row.</param>
/// <param name="PageSize">Tokens of a page.</param>
public sealed record KvCacheSettings(bool BFloat16, bool Paged, long PageSize)
{
    public static KvCacheSettings Read(AttributeSpec attribute) => new(
        attribute.Enum("Element", "Float32") == "BFloat16",
        attribute.Enum("Storage", "Contiguous") == "Paged",
        attribute.Int("PageSize", 16));
}
