using System.Linq;
using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Keys and values of each group of heads from a latent of its own, beside one rotary key that all heads share.</summary>
public sealed class GroupedLatentKVMechanism : Mechanism
{
    /// <summary>Every latent has weights and steps of its own in the generated code.</summary>
    private const long MostGroups = 64;

    private static readonly LatentNames s_names = new("W_dKV", group => "kv_norm_" + Text.Of(group), group => "W_ukv_" + Text.Of(group), BiasedUp: true);

    public override string Name => "GroupedLatentKV";

    public override int Rank => Ranks.KeyHeads + 13;

    public override HeadQuantities Shapes => HeadQuantities.KeyHeads | HeadQuantities.RotatedWidth | HeadQuantities.NormedWidth | HeadQuantities.CodedChannels;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
        long groups = 0;
        bool sound = context.Count(attribute, "groups", out groups) && Divides(context, attribute, groups);
        LatentKVMechanism.Check(context, attribute, sound ? groups : null, s_names);
    }

    public override void ShapeHeads(HeadLayoutBuilder heads, AttributeSpec attribute) => LatentKVMechanism.Shape(heads, attribute);

    public override void Lower(LayerDraft draft, AttributeSpec attribute)
    {
        draft.QueryNames = new QueryNames("q_proj", "W_dQ", "q_norm", "W_uQ_rope", BiasedUp: true);
        LatentSettings settings = LatentKVMechanism.Lower(draft, attribute, attribute.Int("groups"), s_names, BiasStays(draft.Spec));
        draft.BottleneckEpsilon = settings.Norm ? settings.Eps : draft.BottleneckEpsilon;
    }

    /// <summary>
    /// Biases of expanded keys and values that nothing can absorb: that of the keys moves all scores of a query alike, and that of the values all of its outputs, which a softmax over the keys alone does not
    /// and does see. A cap bends the scores, and a sink takes a share of the probability.
    /// </summary>
    internal static bool BiasStays(AttentionSpec spec) =>
        spec.Find("Attention") is { } root && AttentionSettings.Read(root).Bias && (spec.Has("LogitSoftCap") || spec.Has("AttentionSink"));

    private static bool Divides(RuleContext context, AttributeSpec attribute, long groups)
    {
        if (groups > MostGroups)
        {
            long[] fewer = context.QueryHeads is { } all ? [.. Nearest.Divisors(all, MostGroups + 1).Take(1)] : [MostGroups];
            context.Report(RuleTable.TooManyLatents, attribute, "groups", [Text.Of(groups), Text.Of(MostGroups)], Nearest.Texts(fewer));
            return false;
        }

        if (context.QueryHeads is { } heads && heads % groups != 0)
        {
            long[] legal = Nearest.Divisors(heads, groups);
            context.Report(RuleTable.GroupsDoNotDivide, attribute, "groups", [Text.Of(groups), Text.Of(heads), Nearest.Sentence(legal)], Nearest.Texts(legal));
            return false;
        }

        return true;
    }
}
