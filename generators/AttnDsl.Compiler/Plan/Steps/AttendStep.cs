using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Costs;
using AttnDsl.Compiler.Plan.Scores;
using static AttnDsl.Compiler.Plan.BodyBuilder;

namespace AttnDsl.Compiler.Plan.Steps;

/// <summary>Everything about an attention core that is not an operand.</summary>
/// <param name="Query">Score head to query head.</param>
/// <param name="Key">Score head to key head.</param>
/// <param name="Value">Score head to value head.</param>
/// <param name="Scale">Factor on ⟨q, k⟩; not a function of the key width (a core over what keys are made from keeps that of the keys).</param>
/// <param name="Score">Expression applied to the scaled score.</param>
/// <param name="Mask">Visible pairs.</param>
/// <param name="ValuePrefix">When positive, values are the first channels of the keys: one stream serves both.</param>
/// <param name="Keep">When positive, how many probabilities of a query count at most.</param>
public sealed record AttendSettings(HeadMap Query, HeadMap Key, HeadMap Value, double Scale, ScoreExpression Score, Mask Mask, long ValuePrefix = 0, long Keep = 0)
{
    public long ScoreHeads => Query.ScoreHeads;

    /// <summary>Only some of the probabilities count: which ones is known after all scores are, and their values alone are read.</summary>
    public bool Selects => Keep > 0;
}

/// <summary>
/// Softmax attention, the fused core. For score head h, query i (absolute index row), key j:
/// s = score(scale · ⟨q_i, k_j⟩), −∞ where the mask hides j (rows and columns are absolute: the key of a ring stands for its token, the key of a window for its number); p = e^(s − M) / (Σ_j e^(s − M) + e^(sink_h − M)); o_i = Σ_j p v_j; lse = ln Σ_j e^s, without the sink.
/// With a positive Keep, the Keep largest p of each query and score head stay as they are, of equal ones those of lower j, and the others count as 0 (as largest counts the larger s); lse is that of all visible keys.
/// A row that sees no key: o = 0, lse = −∞, all gradients 0.
/// Outputs: o [B, T, scoreHeads, dv], lse [B, T, scoreHeads], and on request the probabilities summed over the score heads of each key head, [B, T, keyHeads, S].
/// Inputs: q, k, values and sink if any, then the lists that the mask reads; score head h reads list head h / (scoreHeads / listHeads).
/// Derivative: the step attend_gradient, which recomputes p from lse; lists are constants. There is none with a positive Keep.
/// </summary>
public sealed class AttendStep : PlanStep
{
    internal AttendStep(IEnumerable<PlanValue> inputs, IEnumerable<PlanValue> outputs, AttendSettings settings, bool hasValues, bool hasSink)
        : base(inputs, outputs)
    {
        Settings = settings;
        Values = hasValues ? Inputs[2] : null;
        Sink = hasSink ? Inputs[hasValues ? 3 : 2] : null;
    }

    public override string Kind => "attend";

    public AttendSettings Settings { get; }

    public PlanValue Q => Inputs[0];

    public PlanValue K => Inputs[1];

    /// <summary>Null when values are a prefix of the keys.</summary>
    public PlanValue? Values { get; }

    /// <summary>One logit per score head, or null.</summary>
    public PlanValue? Sink { get; }

    public PlanValue Lse => Outputs[1];

    public long KeyWidth => Q.Type.Channels.Size;

    public long ValueWidth => Output.Type.Channels.Size;

    public override string Details => Describe(Settings);

    public override Cost Cost => Settings.Selects
        ? Cost.Sum([Cost.Of(Settings.ScoreHeads * KeyWidth, Pairs), Cost.Of(Settings.ScoreHeads * ValueWidth, new PerSelectedPair(Pairs, Settings.Keep))])
        : Cost.Of(Settings.ScoreHeads * (KeyWidth + ValueWidth), Pairs);

    /// <summary>Why the core has no derivative, or null.</summary>
    public string? NoGradient => Settings.Selects
        ? string.Format(CultureInfo.InvariantCulture, "of a query's weights only the {0} largest count, a choice that has no derivative; train the layer with all of its weights, they are the same parameters", Settings.Keep)
        : null;

    /// <summary>How many (query, key) pairs a score head visits.</summary>
    public Extent Pairs => Settings.Mask.Clauses.SelectMany(c => c.Atoms).Select(ExtentOf).FirstOrDefault(e => e is not null)
        ?? (K.Type.Dims[1].Ring is { } ring && Settings.Mask.Left is null ? new PerKeptPair(ring.Kept) : Settings.Mask.Pairs);

    public override void Differentiate(Differentiator d)
    {
        if (d.Of(Lse) is not null || Outputs.Skip(2).Any(o => d.Of(o) is not null))
        {
            throw new PlanException("attend: lse and by-products are constants of the backward");
        }

        if (NoGradient is { } reason)
        {
            throw new PlanException("attend: " + reason);
        }

        if (Values is null)
        {
            throw new PlanException("attend: values that are a prefix of the keys serve decode; training uses the expanded form");
        }

        IReadOnlyList<PlanValue> gradients = d.Body.AttendGradient(this, d.Of(Output)!);
        for (int i = 0; i < gradients.Count; i++)
        {
            if (d.Wants(Inputs[i]))
            {
                d.Add(Inputs[i], gradients[i]);
            }
        }
    }

    internal static string Describe(AttendSettings s) => string.Format(
        CultureInfo.InvariantCulture,
        "q {0}, k {1}, v {2}, scale {3:R}, score {4}, mask {5}{6}",
        s.Query,
        s.Key,
        s.ValuePrefix > 0 ? "k[.." + s.ValuePrefix.ToString(CultureInfo.InvariantCulture) + "]" : s.Value.ToString(),
        s.Scale,
        ScoreText.Of(s.Score),
        s.Mask,
        s.Selects ? string.Format(CultureInfo.InvariantCulture, ", keep {0}", s.Keep) : "");

    private static Extent? ExtentOf(MaskAtom atom) => atom switch
    {
        ListAtom list => new PerListedPair(list.List.Type.Channels.Size, list.KeyUnit),
        WindowCompleteAtom window => new PerPooledPair(window.Length, window.Stride),
        _ => null,
    };
}

public static class AttendExtensions
{
    /// <param name="values">Null when <see cref="AttendSettings.ValuePrefix"/> is positive.</param>
    /// <param name="perKeyHeadProbabilities">Also return the probabilities summed over the score heads of each key head.</param>
    /// <returns>o, lse, and the by-product if asked for.</returns>
    public static IReadOnlyList<PlanValue> Attend(
        this BodyBuilder body, PlanValue q, PlanValue k, PlanValue? values, PlanValue? sink, AttendSettings settings, string name, bool perKeyHeadProbabilities = false)
    {
        Require(q.Type.Rank == 4 && q.Type.Dims[2].Size == settings.Query.Heads, "attend", "[B, T, queryHeads, dqk]", q);
        Require(k.Type.Rank == 4 && k.Type.Dims[2].Size == settings.Key.Heads && k.Type.Channels == q.Type.Channels, "attend", "[B, S, keyHeads, dqk]", q, k);
        Require(values is null == settings.ValuePrefix > 0, "attend", "either values or a key prefix", k);
        Require(sink is null || sink.Type.ConstantElements == settings.ScoreHeads, "attend", "a sink logit per score head", sink ?? q);
        if (values is not null)
        {
            Require(values.Type.Dims[1] == k.Type.Dims[1] && values.Type.Dims[2].Size == settings.Value.Heads, "attend", "[B, S, valueHeads, dv]", k, values);
        }

        Dim width = values?.Type.Channels ?? Dim.Of(settings.ValuePrefix);
        Dim heads = Dim.Of(settings.ScoreHeads);
        var outputs = new List<PlanValue>
        {
            body.Value(name, TensorType.Of(q.Type.Dims[0], q.Type.Dims[1], heads, width)),
            body.Value(name + "_lse", TensorType.Of(q.Type.Dims[0], q.Type.Dims[1], heads)),
        };
        if (perKeyHeadProbabilities)
        {
            outputs.Add(body.Value(name + "_p", TensorType.Of(q.Type.Dims[0], q.Type.Dims[1], k.Type.Dims[2], k.Type.Dims[1])));
        }

        Require(!(settings.Selects && perKeyHeadProbabilities), "attend", "all probabilities, or some of them and no sum", k);
        PlanValue[] lists = settings.Mask.Lists.ToArray();
        Require(lists.All(l => l.Type.Element == ElementKind.List && settings.ScoreHeads % l.Type.Dims[2].Size == 0), "attend", "lists [B, T, list heads, units], heads that divide the score heads", lists);
        IEnumerable<PlanValue> inputs = new[] { q, k, values, sink }.Where(v => v is not null).Concat(lists)!;
        return body.Add(new AttendStep(inputs, outputs, settings, values is not null, sink is not null)).Outputs;
    }
}
