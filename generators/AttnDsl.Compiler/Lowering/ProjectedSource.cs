using System.Globalization;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Lowering;

/// <summary>The usual source: q, k and v are linear in x, cut into heads and transformed; keys are cached as the core reads them, or as they are before some stage; few queries may then be folded, so that the core reads those.</summary>
public sealed class ProjectedSource : ILayerSource
{
    private readonly LayerDraft _draft;

    public ProjectedSource(LayerDraft draft) => _draft = draft;

    public CacheSchema Cache => new(EquatableArray.Of(KeyStream, ValueStream), _draft.States.ToEquatableArray(), _draft.CacheElement, _draft.CachePageSize);

    public long FewTokens => _draft.StoredKeys is { Fold: not null } kept ? kept.FewTokens : 0;

    public string Formula
    {
        get
        {
            string bias = _draft.HasBias ? " + b" : "";
            string values = _draft.Values is null
                ? string.Format(CultureInfo.InvariantCulture, "; v = x Wvᵀ{0} [B, S, {1}, {2}]", bias, W.ValueHeads, W.ValueWidth)
                : "";
            return string.Format(
                CultureInfo.InvariantCulture,
                "{0} [B, T, {2}, {3}]; k = x Wkᵀ{1} [B, S, {4}, {5}]{6}",
                QueryProjection.Formula(_draft, _draft.HasBias),
                bias,
                W.QueryHeads,
                W.KeyWidth,
                W.KeyHeads,
                KeyWidth,
                values);
        }
    }

    private LayerWidths W => _draft.Widths;

    private CacheStorage Storage => _draft.CacheRing is { } ring ? ring : FullStorage.Instance;

    /// <summary>Channels of a key head as projected and kept.</summary>
    private long KeyWidth => _draft.StoredKeys?.Width ?? W.KeyWidth;

    private CacheStreamSpec KeyStream => new("k", "tokens", W.KeyHeads, KeyWidth, 1, Storage, _draft.StoredKeys?.Content ?? "keys as the scores read them", _draft.CacheCodes?.Along(CodeAxis.Channel), _draft.CacheSinkRotation, _draft.CacheKeyElement);

    private CacheStreamSpec ValueStream => new("v", "tokens", W.ValueHeads, W.ValueWidth, 1, Storage, "values", _draft.CacheCodes?.Along(CodeAxis.Token), Element: _draft.CacheValueElement);

    public Operands Build(BodyBuilder body, PlanValue x, LayerForm form)
    {
        bool cached = form != LayerForm.Fresh;
        int border = (int?)_draft.StoredKeys?.Before ?? int.MaxValue;
        const int Shared = (int)Stage.Convolve;
        PlanValue Query() => QueryProjection.Build(_draft, body, x, _draft.RotatedRows(Operand.Query, W.QueryHeads), _draft.HasBias);
        PlanValue Key() => Project(body, x, Operand.Key, "k", W.KeyHeads, KeyWidth, WeightPlace.Key, WeightPlace.KeyBias);
        QueryKey Both()
        {
            PlanValue first = _draft.Transformed(Operand.Query, body, Query(), before: Shared);
            PlanValue second = _draft.Transformed(Operand.Key, body, Key(), before: Shared);
            return new QueryKey(first, second, first, second);
        }

        PlanValue q;
        PlanValue k;
        if (_draft.Together(body, Both, cached) is { } both)
        {
            q = _draft.Transformed(Operand.Query, body, both.Query, from: Shared);
            k = _draft.Transformed(Operand.Key, body, both.Key, from: Shared, before: border);
        }
        else
        {
            q = _draft.Transformed(Operand.Query, body, Query());
            k = _draft.Transformed(Operand.Key, body, Key(), before: border);
        }

        PlanValue v = _draft.Values is { } values
            ? body.SplitHeads(values(body, x, cached), W.ValueHeads, "v")
            : Project(body, x, Operand.Value, "v", W.ValueHeads, W.ValueWidth, WeightPlace.Value, WeightPlace.ValueBias);
        v = _draft.Transformed(Operand.Value, body, v);
        k = cached ? body.Append(k, KeyStream, "keys") : k;
        v = cached ? body.Append(v, ValueStream, "values") : v;
        return form == LayerForm.Few
            ? new Operands(_draft.StoredKeys!.Fold!(body, q), k, v)
            : new Operands(q, _draft.Transformed(Operand.Key, body, k, from: border), v);
    }

    private PlanValue Project(BodyBuilder body, PlanValue x, Operand operand, string name, long heads, long width, WeightPlace place, WeightPlace biasPlace)
    {
        RotatedRows? rotated = _draft.RotatedRows(operand, heads);
        PlanWeight weight = _draft.Weight(place, () => new PlanWeight(name + "_proj.weight", TensorType.Constant(heads * width, W.Dim), Rotated: rotated));
        PlanValue value = body.Linear(x, body.Weight(weight), name + "_flat");
        if (_draft.HasBias)
        {
            PlanWeight bias = _draft.Weight(biasPlace, () => new PlanWeight(name + "_proj.bias", TensorType.Constant(heads * width), WeightInit.Zeros, 0, rotated));
            value = body.Add(value, body.Weight(bias), name + "_biased");
        }

        return body.SplitHeads(value, heads, name);
    }
}
