using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Costs;

namespace AttnDsl.Compiler.Plan;

/// <summary>What to run, for every backend: weights, constant buffers, cache schema and named bodies. Names no backend and no mechanism.</summary>
public sealed class AttentionPlan
{
    public AttentionPlan(
        LayerWidths widths,
        IEnumerable<PlanWeight> weights,
        IEnumerable<PlanBuffer> buffers,
        CacheSchema cache,
        IEnumerable<PlanBody> bodies,
        IEnumerable<string> formula,
        RunTimeInputs inputs,
        IEnumerable<AuxiliaryOutput>? auxiliaries = null,
        long fewTokens = 0,
        string? noGradient = null)
    {
        FewTokens = fewTokens;
        NoGradient = noGradient;
        Widths = widths;
        Weights = weights.ToArray();
        Buffers = buffers.ToArray();
        Cache = cache;
        Bodies = bodies.ToDictionary(b => b.Name);
        Formula = formula.ToArray();
        Inputs = inputs;
        Auxiliaries = auxiliaries?.ToArray() ?? [];
    }

    public LayerWidths Widths { get; }

    /// <summary>Stored weights in checkpoint order, then derived ones.</summary>
    public IReadOnlyList<PlanWeight> Weights { get; }

    public IReadOnlyList<PlanBuffer> Buffers { get; }

    public CacheSchema Cache { get; }

    /// <summary>By name; see <see cref="BodyNames"/>.</summary>
    public IReadOnlyDictionary<string, PlanBody> Bodies { get; }

    /// <summary>The maths in a few lines, for headers and hovers.</summary>
    public IReadOnlyList<string> Formula { get; }

    /// <summary>What callers may give beside x.</summary>
    public RunTimeInputs Inputs { get; }

    /// <summary>What bodies return beside their result: losses, by-products.</summary>
    public IReadOnlyList<AuxiliaryOutput> Auxiliaries { get; }

    /// <summary>Most new tokens of a row for which a call over the cache runs the body decode; longer ones run prefill. 0 where the two are the same steps.</summary>
    public long FewTokens { get; }

    /// <summary>Why the layer has no gradient, and so no bodies that compute one; null: it has.</summary>
    public string? NoGradient { get; }

    /// <summary>Every call over the cache runs the body decode; prefill stays for backends that have no kernels for it.</summary>
    public bool AlwaysFew => FewTokens >= int.MaxValue;

    /// <summary>The bodies, with one of the two that run over a cache where one does for all calls.</summary>
    public IEnumerable<PlanBody> BodiesRun => Bodies.Values.Where(b => b.Name switch
    {
        BodyNames.Prefill => !AlwaysFew,
        BodyNames.Decode => AlwaysFew || !b.IsSameAs(Bodies[BodyNames.Prefill]),
        _ => true,
    });

    public long ParameterCount => Weights.Where(w => w.IsStored).Sum(w => w.Count);

    /// <summary>Cost of a pass over fresh tokens.</summary>
    public Cost PrefillCost => Bodies[BodyNames.Train].Cost;

    /// <summary>Cost of one decoded token.</summary>
    public Cost DecodeCost => (Bodies.TryGetValue(BodyNames.Decode, out PlanBody? decode) ? decode : Bodies[BodyNames.Train]).Cost;
}

/// <summary>Names of the bodies every layer has.</summary>
public static class BodyNames
{
    /// <summary>Self-attention over a fresh block; what is differentiated, where the layer has a gradient.</summary>
    public const string Train = "train";

    /// <summary>New tokens appended to a cache.</summary>
    public const string Prefill = "prefill";

    /// <summary>One new token a row, appended to a cache.</summary>
    public const string Decode = "decode";

    /// <summary>Queries, keys and values to outputs and lse.</summary>
    public const string Core = "core";

    /// <summary>The forward again, then its derivative.</summary>
    public static string BackwardOf(string body) => body + ".backward";

    /// <summary>The derivative alone, given what the forward returned.</summary>
    public static string GradientOf(string body) => body + ".gradient";
}

/// <summary>What arrives at run time beside the tokens.</summary>
/// <param name="Ragged">Row lengths, position ids and segment ids.</param>
/// <param name="Cached">A cache: the layer runs in chunks and token by token.</param>
/// <param name="Layout">Pair layout of the rotation, or null without one.</param>
/// <param name="Alignment">Alignment of the causal mask, or null without one.</param>
public sealed record RunTimeInputs(bool Ragged, bool Cached, PairLayout? Layout, Alignment? Alignment);

/// <summary>Where a causal diagonal ends when queries and keys differ in number.</summary>
public enum Alignment
{
    /// <summary>The last query sees the last key.</summary>
    BottomRight,

    /// <summary>The first query sees the first key.</summary>
    TopLeft,
}

/// <summary>The widths users ask about.</summary>
/// <param name="Dim">Model width.</param>
/// <param name="DeclaredHeads">Heads as declared, before any reduction.</param>
/// <param name="QueryHeads">Query heads projected.</param>
/// <param name="KeyHeads">Key heads stored.</param>
/// <param name="ValueHeads">Value heads stored.</param>
/// <param name="ScoreHeads">Score maps computed.</param>
/// <param name="HeadDim">Width a head was declared with.</param>
/// <param name="KeyWidth">Width of a query and of a key head.</param>
/// <param name="ValueWidth">Width of a value head.</param>
public sealed record LayerWidths(
    long Dim, long DeclaredHeads, long QueryHeads, long KeyHeads, long ValueHeads, long ScoreHeads, long HeadDim, long KeyWidth, long ValueWidth);

/// <summary>An output of a body beside its result.</summary>
/// <param name="Name">snake_case.</param>
/// <param name="Body">The body that returns it.</param>
/// <param name="Output">Its place among that body's outputs.</param>
/// <param name="LossWeight">Factor with which it joins the training loss, or null for a by-product that is no loss.</param>
/// <param name="Content">What it is.</param>
public sealed record AuxiliaryOutput(string Name, string Body, int Output, double? LossWeight, string Content);

/// <summary>A constant table that score expressions read.</summary>
/// <param name="Name">snake_case.</param>
/// <param name="Values">The numbers.</param>
/// <param name="Formula">Where they come from.</param>
public sealed record PlanBuffer(string Name, Spec.EquatableArray<double> Values, string Formula);
