using System.Linq;
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
        foreach (string own in new[] { "KeyElement", "ValueElement" }.Where(attribute.Gives))
        {
            if (context.Member(attribute, own, s_elements) && !context.KeepsKeysAndValues)
            {
                context.Report(RuleTable.NoKeysAndValuesApart, attribute, own, [own]);
            }
        }

        bool sound = context.Member(attribute, "Storage", s_storages);
        if (context.OptionalCount(attribute, "PageSize") && sound && attribute.Gives("PageSize") && !KvCacheSettings.Read(attribute).Paged)
        {
            context.Report(RuleTable.PageSizeWithoutPages, attribute, "PageSize", [Text.Of(attribute.Int("PageSize"))]);
        }
    }

    public override void Lower(LayerDraft draft, AttributeSpec attribute)
    {
        KvCacheSettings settings = KvCacheSettings.Read(attribute);
        draft.CacheElement = settings.Element;
        draft.CacheKeyElement = settings.KeyElement;
        draft.CacheValueElement = settings.ValueElement;
        draft.CachePageSize = settings.Paged ? settings.PageSize : null;
    }
}

/// <param name="Element">How scalars are stored.</param>
/// <param name="KeyElement">How keys are where they differ from that, or null.</param>
/// <param name="ValueElement">How values are where they differ from that, or null.</param>
/// <param name="Paged">In pages; otherwise one block a row.</param>
/// <param name="PageSize">Tokens of a page.</param>
public sealed record KvCacheSettings(CacheScalar Element, CacheScalar? KeyElement, CacheScalar? ValueElement, bool Paged, long PageSize)
{
    public static KvCacheSettings Read(AttributeSpec attribute)
    {
        CacheScalar element = Scalar(attribute, "Element");
        CacheScalar? Own(string argument) => attribute.Gives(argument) && Scalar(attribute, argument) is var own && own != element ? own : null;
        return new(element, Own("KeyElement"), Own("ValueElement"), attribute.Enum("Storage", "Contiguous") == "Paged", attribute.Int("PageSize", 16));
    }

    private static CacheScalar Scalar(AttributeSpec attribute, string argument) => attribute.Enum(argument, "Float32") == "BFloat16" ? CacheScalar.BFloat16 : CacheScalar.Float32;
}
