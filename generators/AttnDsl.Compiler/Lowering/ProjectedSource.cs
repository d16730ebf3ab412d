using System.Globalization;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Lowering;

/// <summary>The usual source: q, k and v are linear in x, cut into heads and transformed; keys are cached as the core reads them.</summary>
public sealed class ProjectedSource : ILayerSource
{
    private readonly LayerDraft _draft;

    public ProjectedSource(LayerDraft draft) => _draft = draft;

    public CacheSchema Cache => new(EquatableArray.Of(KeyStream, ValueStream), default, _draft.CacheElement, _draft.CachePageSize);

    public long FewTokens => 0;

    public string Formula
    {
        get
        {
            string bias = _draft.HasBias ? " + b" : "";
            return string.Format(
                CultureInfo.InvariantCulture,
                "{0} [B, T, {2}, {3}]; k = x Wkᵀ{1} [B, S, {4}, {3}]; v = x Wvᵀ{1} [B, S, {5}, {6}]",
                QueryProjection.Formula(_draft, _draft.HasBias),
                bias,
                W.QueryHeads,
                W.KeyWidth,
                W.KeyHeads,
                W.ValueHeads,
                W.ValueWidth);
        }
    }

    private LayerWidths W => _draft.Widths;

    private CacheStorage Storage => _draft.CacheRing is { } ring ? ring : FullStorage.Instance;

    private CacheStreamSpec KeyStream => new("k", "tokens", W.KeyHeads, W.KeyWidth, 1, Storage, "keys as the scores read them", _draft.CacheCodes?.Along(CodeAxis.Channel), _draft.CacheSinkRotation);

    private CacheStreamSpec ValueStream => new("v", "tokens", W.ValueHeads, W.ValueWidth, 1, Storage, "values", _draft.CacheCodes?.Along(CodeAxis.Token));

    public Operands Build(BodyBuilder body, PlanValue x, LayerForm form)
    {
        PlanValue q = _draft.Transformed(Operand.Query, body, QueryProjection.Build(_draft, body, x, Rotated(W.QueryHeads), _draft.HasBias));
        PlanValue k = Project(body, x, Operand.Key, "k", W.KeyHeads, W.KeyWidth, WeightPlace.Key, WeightPlace.KeyBias);
        PlanValue v = Project(body, x, Operand.Value, "v", W.ValueHeads, W.ValueWidth, WeightPlace.Value, WeightPlace.ValueBias);
        return form == LayerForm.Fresh
            ? new Operands(q, k, v)
            : new Operands(q, body.Append(k, KeyStream, "keys"), body.Append(v, ValueStream, "values"));
    }

    private RotatedRows? Rotated(long heads) => _draft.Rotation is { } rotation ? new RotatedRows(heads, W.KeyWidth, rotation.RotaryDim) : null;

    private PlanValue Project(BodyBuilder body, PlanValue x, Operand operand, string name, long heads, long width, WeightPlace place, WeightPlace biasPlace)
    {
        RotatedRows? rotated = operand == Operand.Key ? Rotated(heads) : null;
        PlanWeight weight = _draft.Weight(place, () => new PlanWeight(name + "_proj.weight", TensorType.Constant(heads * width, W.Dim), Rotated: rotated));
        PlanValue value = body.Linear(x, body.Weight(weight), name + "_flat");
        if (_draft.HasBias)
        {
            PlanWeight bias = _draft.Weight(biasPlace, () => new PlanWeight(name + "_proj.bias", TensorType.Constant(heads * width), WeightInit.Zeros, 0, rotated));
            value = body.Add(value, body.Weight(bias), name + "_biased");
        }

        return _draft.Transformed(operand, body, body.SplitHeads(value, heads, name));
    }
}
