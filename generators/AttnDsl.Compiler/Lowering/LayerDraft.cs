using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Scores;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Lowering;

/// <summary>An operand of the attention core.</summary>
public enum Operand
{
    Query,
    Key,
    Value,
}

/// <summary>Where a transformation of an operand sits between its projection and the core; lower comes first.</summary>
public enum Stage
{
    /// <summary>Maps over all heads of the operand together.</summary>
    Mix = 2,

    /// <summary>Maps of every head to the width that scores read.</summary>
    Widen = 6,

    /// <summary>Convolutions over time.</summary>
    Convolve = 8,

    /// <summary>Parts that queries and keys share.</summary>
    Share = 9,

    /// <summary>Norms per head vector.</summary>
    Normalise = 10,

    /// <summary>Positions.</summary>
    Rotate = 20,
}

/// <summary>Where a score operation sits; lower comes first. The mask follows the scale and the cap, a bias is never capped.</summary>
public enum ScoreOrder
{
    Cap = 10,
    Bias = 20,
}

/// <summary>Place of a line in the layer's formula.</summary>
public enum FormulaOrder
{
    Projection = 0,
    Values = 1,
    Mix = 2,
    Widen = 6,
    Convolve = 8,
    Share = 9,
    Normalise = 10,
    Rotate = 20,
    Scale = 30,
    Cap = 40,
    Mask = 50,
    Bias = 60,
    Softmax = 70,
    Select = 75,
    Output = 80,
    Cache = 90,
}

/// <summary>
/// A layer while its mechanisms describe it, in rank order. Each adds what it means to a slot (weights, transformations, score operations, mask clauses, the source of
/// queries, keys and values) and none of them knows the others; <see cref="LayerAssembler"/> turns the result into a plan.
/// </summary>
public sealed class LayerDraft
{
    private readonly Ranked<PlanWeight> _weights = new();
    private readonly List<PlanWeight> _derived = new();
    private readonly List<PlanBuffer> _buffers = new();
    private readonly Ranked<Func<BodyBuilder, PlanValue, PlanValue>>[] _transformations = [new(), new(), new()];
    private readonly Ranked<Func<BodyBuilder, QueryKey, bool, QueryKey>> _together = new();
    private readonly List<CacheStateSpec> _states = new();
    private readonly bool[] _mixed = new bool[3];
    private readonly Ranked<Func<ScoreExpression, ScoreExpression>> _scores = new();
    private readonly Ranked<string> _formula = new();

    public LayerDraft(AttentionSpec spec, LayerWidths widths)
    {
        Spec = spec;
        Widths = widths;
        Scale = 1 / Math.Sqrt(widths.KeyWidth);
        ScaleText = "/ √" + Number.Text(widths.KeyWidth);
        QueryMap = HeadMap.Grouped(widths.QueryHeads, widths.ScoreHeads);
        Source = new ProjectedSource(this);
    }

    /// <summary>Everything that was said; a mechanism may look up another's settings (a rotation its scaling).</summary>
    public AttentionSpec Spec { get; }

    public LayerWidths Widths { get; }

    /// <summary>Channels of a query or key head that positions may turn.</summary>
    public long RotatedWidth { get; init; }

    /// <summary>Channels of a query or key head that a norm per head sees.</summary>
    public long NormedWidth { get; init; }

    /// <summary>Queries are projected through it; null: straight from x.</summary>
    public Bottleneck? QueryBottleneck { get; set; }

    /// <summary>What a checkpoint calls the weights of the queries.</summary>
    public QueryNames QueryNames { get; set; } = QueryNames.Usual;

    /// <summary>ε of the bottleneck's norm where its attribute writes none.</summary>
    public double BottleneckEpsilon { get; set; } = 1e-6;

    /// <summary>Factor on ⟨q, k⟩.</summary>
    public double Scale { get; set; }

    /// <summary>A further factor, from mechanisms that sharpen scores.</summary>
    public double ScaleFactor { get; set; } = 1;

    /// <summary>What <see cref="Scale"/> stands for, as the formula shows it.</summary>
    public string ScaleText { get; set; }

    /// <summary>Score head to query head; keys and values are always shared in contiguous groups.</summary>
    public HeadMap QueryMap { get; set; }

    public Mask Mask { get; set; } = Mask.Everything;

    /// <summary>One extra logit per score head in the softmax's denominator, or null.</summary>
    public PlanWeight? Sink { get; set; }

    /// <summary>When positive, how many probabilities of a query count at most.</summary>
    public long Keep { get; set; }

    /// <summary>Alignment of the causal mask, or null without one.</summary>
    public Alignment? Alignment { get; set; }

    /// <summary>The layer can be run token by token: causal, aligned at the end.</summary>
    public bool IsCached { get; set; }

    /// <summary>How a cached scalar is stored.</summary>
    public CacheScalar CacheElement { get; set; }

    /// <summary>How keys are cached where they differ from the rest.</summary>
    public CacheScalar? CacheKeyElement { get; set; }

    /// <summary>How values are cached where they differ from the rest.</summary>
    public CacheScalar? CacheValueElement { get; set; }

    /// <summary>Tokens of a page of the cache; null: contiguous.</summary>
    public long? CachePageSize { get; set; }

    /// <summary>Old cached tokens are codes; null: scalars.</summary>
    public CacheCodes? CacheCodes { get; set; }

    /// <summary>What is kept of a row; null: everything.</summary>
    public RingStorage? CacheRing { get; set; }

    /// <summary>The rotation by which sinks of a ring turn with the tokens it lets go of; null: they do not.</summary>
    public RotaryTable? CacheSinkRotation { get; set; }

    /// <summary>Rows may be ragged, with lengths, position ids and segment ids at run time.</summary>
    public bool IsRagged { get; set; }

    /// <summary>Pair layout of the rotation, or null without one; a checkpoint in the other layout is permuted.</summary>
    public RotaryTable? Rotation { get; set; }

    /// <summary>Where queries, keys and values come from.</summary>
    public ILayerSource Source { get; set; }

    /// <summary>How keys are kept where that is not as the scores read them; null: after all their transformations.</summary>
    public StoredKeys? StoredKeys { get; set; }

    /// <summary>Weights mix the channels of a head in ways that rows alone do not follow: a checkpoint in the other pair layout cannot be taken.</summary>
    public bool IsLayoutFixed { get; set; }

    /// <summary>Values from x [B, T, dim] to [B, T, valueHeads · dv], with whether they go through a cache; null: one projection.</summary>
    public Func<BodyBuilder, PlanValue, bool, PlanValue>? Values { get; set; }

    /// <summary>Constant states of the cache.</summary>
    public IReadOnlyList<CacheStateSpec> States => _states;

    /// <summary>q, k and v projections carry a bias.</summary>
    public bool HasBias { get; set; }

    /// <summary>The output projection carries one.</summary>
    public bool HasOutputBias { get; set; }

    /// <summary>Stored ones in checkpoint order, then derived ones.</summary>
    public IEnumerable<PlanWeight> Weights => _weights.Items.Concat(_derived);

    public IReadOnlyList<PlanBuffer> Buffers => _buffers;

    public IEnumerable<string> Formula => _formula.Items;

    public ScoreExpression Score
    {
        get
        {
            ScoreExpression score = TheScore.Instance;
            foreach (Func<ScoreExpression, ScoreExpression> apply in _scores.Items)
            {
                score = apply(score);
            }

            return score;
        }
    }

    /// <summary>Declares a weight at its place in the checkpoint's order; declaring it again returns the first.</summary>
    /// <param name="place">Its place.</param>
    /// <param name="declare">Makes it.</param>
    /// <param name="number">Order among several at one place, from 0 to 255.</param>
    public PlanWeight Weight(WeightPlace place, Func<PlanWeight> declare, int number = 0)
    {
        int rank = ((int)place << 8) + number;
        PlanWeight? weight = _weights.Find(rank);
        if (weight is null)
        {
            weight = declare();
            _weights.Add(rank, weight);
        }

        return weight;
    }

    /// <summary>Declares a weight that follows from stored ones; declaring it again returns the first.</summary>
    public PlanWeight Derived(string name, Func<PlanWeight> declare)
    {
        PlanWeight? weight = _derived.Find(w => w.Name == name);
        if (weight is null)
        {
            weight = declare();
            _derived.Add(weight);
        }

        return weight;
    }

    public void Buffer(PlanBuffer buffer) => _buffers.Add(buffer);

    /// <summary>Transforms queries and keys together; the last argument says whether they go through a cache.</summary>
    public void TransformTogether(Stage stage, Func<BodyBuilder, QueryKey, bool, QueryKey> apply) => _together.Add((int)stage, apply);

    /// <summary>Declares a constant state of the cache.</summary>
    public CacheStateSpec State(string name, long rows, long width, string content)
    {
        var state = new CacheStateSpec(name, rows * width, content, rows);
        _states.Add(state);
        return state;
    }

    /// <summary>What queries and keys go through together, in stage order; null where that is nothing.</summary>
    public QueryKey? Together(BodyBuilder body, Func<QueryKey> operands, bool cached)
    {
        QueryKey? both = null;
        foreach (Func<BodyBuilder, QueryKey, bool, QueryKey> apply in _together.Items)
        {
            both = apply(body, both ?? operands(), cached);
        }

        return both;
    }

    /// <summary>Says that a transformation mixes an operand's channels: the rows of its projection are then not those that rotate.</summary>
    public void Mixes(Operand operand) => _mixed[(int)operand] = true;

    /// <summary>The rows of an operand's projection that rotate, or null.</summary>
    public RotatedRows? RotatedRows(Operand operand, long heads) => operand == Operand.Value || _mixed[(int)operand] ? null : Rotated(heads);

    /// <summary>Rows of heads that rotate; null without a rotation.</summary>
    public RotatedRows? Rotated(long heads) => Rotation is { } rotation && !IsLayoutFixed ? new RotatedRows(heads, Widths.KeyWidth, rotation.RotaryDim) : null;

    public void Transform(Operand operand, Stage stage, Func<BodyBuilder, PlanValue, PlanValue> apply) => _transformations[(int)operand].Add((int)stage, apply);

    public void ScoreOperation(ScoreOrder order, Func<ScoreExpression, ScoreExpression> apply) => _scores.Add((int)order, apply);

    public void Explain(FormulaOrder order, string line) => _formula.Add((int)order, line);

    /// <summary>True when nothing that was said so far comes after a stage of an operand.</summary>
    public bool IsLast(Operand operand, Stage stage) =>
        Ends(_transformations[(int)operand].Ranks, stage) && (operand == Operand.Value || Ends(_together.Ranks, stage));

    private static bool Ends(IReadOnlyList<int> ranks, Stage stage) => ranks.Count == 0 || ranks[ranks.Count - 1] <= (int)stage;

    /// <summary>The transformations of an operand at one stage.</summary>
    public PlanValue Transformed(Operand operand, Stage stage, BodyBuilder body, PlanValue value)
    {
        foreach (Func<BodyBuilder, PlanValue, PlanValue> apply in _transformations[(int)operand].Of((int)stage))
        {
            value = apply(body, value);
        }

        return value;
    }

    /// <summary>The transformations of an operand from one stage on and before another, in stage order.</summary>
    public PlanValue Transformed(Operand operand, BodyBuilder body, PlanValue value, int from = int.MinValue, int before = int.MaxValue)
    {
        Ranked<Func<BodyBuilder, PlanValue, PlanValue>> all = _transformations[(int)operand];
        for (int i = 0; i < all.Items.Count; i++)
        {
            if (all.Ranks[i] >= from && all.Ranks[i] < before)
            {
                value = all.Items[i](body, value);
            }
        }

        return value;
    }
}

/// <summary>Queries and keys on their way from projection to norm.</summary>
/// <param name="Query">[B, T, queryHeads, dqk].</param>
/// <param name="Key">[B, T, keyHeads, dqk].</param>
/// <param name="FirstQuery">The query as it was before anything that both go through.</param>
/// <param name="FirstKey">The key likewise.</param>
public sealed record QueryKey(PlanValue Query, PlanValue Key, PlanValue FirstQuery, PlanValue FirstKey);

/// <summary>Keys that are kept before some of their transformations, which run over all visible ones whenever they are read.</summary>
/// <param name="Before">The first stage that comes after the cache.</param>
/// <param name="Width">Channels of a kept key head.</param>
/// <param name="Content">What is kept, for docs.</param>
public sealed record StoredKeys(Stage Before, long Width, string Content)
{
    /// <summary>What a query becomes, [B, T, queryHeads, <see cref="Width"/>], so that its products with the kept keys are those with the transformed ones; null where there is no such thing.</summary>
    public Func<BodyBuilder, PlanValue, PlanValue>? Fold { get; init; }

    /// <summary>Most new tokens of a row for which queries are folded; longer blocks transform the keys.</summary>
    public long FewTokens { get; init; }
}

/// <summary>Order of weights in checkpoints and in Weights.</summary>
public enum WeightPlace
{
    QueryDown = 80,
    QueryDownBias = 81,
    QueryDownNorm = 82,
    Query = 100,
    QueryBias = 110,
    QueryFeedGate = 120,
    QueryFeedUp = 130,
    QueryFeedDown = 140,
    Key = 200,
    KeyBias = 210,
    KeyExpansion = 220,
    Value = 300,
    ValueBias = 310,
    KeyValueDown = 350,
    KeyValueDownBias = 351,
    KeyValueDownNorm = 352,
    KeyValueUp = 360,
    SharedKey = 380,
    SharedKeyBias = 381,
    DelayedValue = 320,
    DelayedValueBias = 321,
    SequenceConvolution = 330,
    SequenceConvolutionBias = 331,
    HeadConvolution = 340,
    HeadConvolutionBias = 341,
    Output = 400,
    OutputBias = 410,
    QueryNorm = 500,
    KeyNorm = 510,
    Temperature = 520,
    Sink = 600,
}

/// <summary>Invariant text of numbers in formulas.</summary>
internal static class Number
{
    public static string Text(long value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>All digits of a number, whatever its size.</summary>
    public static string Exact(double value) => value.ToString("R", System.Globalization.CultureInfo.InvariantCulture);

    public static string Text(double value) => value.ToString("0.############", System.Globalization.CultureInfo.InvariantCulture);
}
