using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using AttnDsl.Compiler.Costs;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Emit;

/// <summary>Writes the widths and cost formulas, and the doc comment that shows them on the user's own class.</summary>
internal static class SpecEmitter
{
    /// <summary>Lengths whose costs the doc comment tells.</summary>
    private const long ExampleTokens = 4096;

    public static string Emit(AttentionPlan plan, TargetType target, CancellationToken cancellationToken)
    {
        LayerWidths w = plan.Widths;
        Cost decode = plan.DecodeCost;
        string prefillText = Code(plan.PrefillCost, e => e.PrefillCode);
        StreamRead[] reads = Reads(plan).ToArray();
        bool apart = reads.Any(r => r.Tokens != reads[0].Tokens);
        var model = new TemplateModel
        {
            ["version"] = SourceFile.Version,
            ["dim"] = w.Dim,
            ["heads"] = w.DeclaredHeads,
            ["query_heads"] = w.QueryHeads,
            ["key_heads"] = w.KeyHeads,
            ["value_heads"] = w.ValueHeads,
            ["score_heads"] = w.ScoreHeads,
            ["head_dim"] = w.HeadDim,
            ["key_width"] = w.KeyWidth,
            ["value_width"] = w.ValueWidth,
            ["parameter_count"] = plan.ParameterCount,
            ["cached"] = plan.Inputs.Cached,
            ["ragged"] = plan.Inputs.Ragged,
            ["cache_scalars"] = (long)plan.Cache.ScalarsPerToken,
            ["cache_bytes"] = CacheBytes(plan.Cache),
            ["ring"] = plan.Cache.Ring is not null,
            ["has_codes"] = HasCodes(plan.Cache),
            ["codes"] = CodesModel(plan.Cache, apart),
            ["cache_element"] = CacheStreams.Elements(plan.Cache, "float32"),
            ["constant_scalars"] = plan.Cache.ConstantScalars,
            ["prefill"] = prefillText,
            ["decode"] = Code(decode, e => e.DecodeCode),
            ["visible"] = apart ? "" : reads.FirstOrDefault()?.Tokens ?? Visible(plan).DecodeCode,
            ["reads"] = apart ? reads.Select(r => new TemplateModel { ["name"] = r.Stream.Name, ["tokens"] = r.Tokens }).ToArray() : [],
            ["read"] = apart ? string.Join(" + ", reads.Select(r => r.Stream.Name + "Tokens * " + Text.Of((long)System.Math.Ceiling(r.Stream.CodedBytes(plan.Cache.ElementBytes(r.Stream)) / r.Stream.Stride)) + "L"))
                : plan.Cache.Ring is null ? "CacheBytesPerToken" : Text.Of(plan.Cache.BytesPerKeptToken) + "L",
            ["at_most"] = plan.Bodies[BodyNames.Core].Steps.OfType<AttendStep>().Any(a => a.Settings.Selects),
            ["reach"] = prefillText.Contains("Reach("),
            ["selected"] = prefillText.Contains("Selected("),
        };
        string[] header = [.. new[] { "Widths and costs of " + target.Self.Name + ".", "" }, .. plan.Formula];
        return SourceFile.Wrap(target, header, Docs(plan), "common/spec", model, cancellationToken);
    }

    private static string CacheBytes(CacheSchema cache) => HasCodes(cache) || !cache.IsUniform || cache.Streams.Count == 0
        ? Text.Of(cache.BytesPerToken)
        : Text.Of((long)cache.ScalarsPerToken) + "L * " + Text.Of(cache.ElementBytes(cache.Streams[0]));

    private static bool HasCodes(CacheSchema cache) => cache.Streams.Any(s => s.Codes is not null);

    /// <summary>What decoding reads beside codes: per stream the scalars of the newest tokens. Empty without codes.</summary>
    private static TemplateModel[] CodesModel(CacheSchema cache, bool apart) => cache.Streams
        .Where(s => s.Codes is not null)
        .Select(s => new TemplateModel
        {
            ["name"] = s.Name,
            ["tokens"] = apart ? s.Name + "Tokens" : "visible",
            ["bits"] = s.Codes!.Bits,
            ["residual"] = s.Codes.Residual,
            ["in_blocks"] = s.Codes.Axis == CodeAxis.Channel,
            ["more"] = (long)System.Math.Floor((s.Heads * s.Width * cache.ElementBytes(s)) - s.CodedBytes(cache.ElementBytes(s))),
        })
        .ToArray();

    /// <summary>How many tokens a decoded token would read of a cache if there were one.</summary>
    private static Extent Visible(AttentionPlan plan) => plan.Bodies[BodyNames.Core].Steps.OfType<AttendStep>().First().Pairs;

    /// <summary>How many tokens of each stream a decoded token reads: the core what it sees, and of values that it selects at most those that the heads of a value head choose; any other step all there are.</summary>
    private static IEnumerable<StreamRead> Reads(AttentionPlan plan)
    {
        if (!plan.Inputs.Cached)
        {
            yield break;
        }

        PlanBody decode = plan.Bodies[BodyNames.Decode];
        foreach (AppendStep append in decode.Steps.OfType<AppendStep>())
        {
            PlanStep[] readers = decode.Steps.Where(s => s.Inputs.Contains(append.Output)).ToArray();
            AttendStep? core = readers.Length == 1 ? readers[0] as AttendStep : null;
            Extent tokens = core is null ? append.Stream.Storage is RingStorage ring ? new PerKeptPair(ring.Kept) : PerVisibleToken.Instance
                : core.Settings.Selects && core.K != append.Output ? new PerSelectedPair(core.Pairs, core.Settings.Keep * (core.Settings.ScoreHeads / core.Settings.Value.Heads))
                : core.Pairs;
            yield return new StreamRead(append.Stream, tokens.DecodeCode);
        }
    }

    private sealed record StreamRead(CacheStreamSpec Stream, string Tokens);

    private static string Code(Cost cost, System.Func<Extent, string> text) => string.Join(
        " + ", cost.Terms.Select(t => t.MultiplyAdds.ToString(CultureInfo.InvariantCulture) + " * " + text(t.Extent)));

    private static IEnumerable<string> Docs(AttentionPlan plan)
    {
        yield return "<remarks>";
        foreach (string line in plan.Formula)
        {
            yield return "<para>" + XmlText.Escape(line) + "</para>";
        }

        yield return "<list type=\"table\">";
        foreach ((string term, string value) in Costs(plan))
        {
            yield return "<item><term>" + term + "</term><description>" + value + "</description></item>";
        }

        yield return "</list>";
        yield return "</remarks>";
    }

    private static IEnumerable<(string Term, string Value)> Costs(AttentionPlan plan)
    {
        yield return ("parameters", Number(plan.ParameterCount));
        yield return plan.Cache.Ring is not null
            ? ("cache of a sequence, whatever its length", Number(plan.Cache.ConstantScalars) + " scalars")
            : ("cache per token", plan.Inputs.Cached ? Number((long)plan.Cache.ScalarsPerToken) + " scalars" + (HasCodes(plan.Cache) ? ", " + Number(plan.Cache.BytesPerToken) + " bytes as codes" : "") : "none: the layer is not causal");
        yield return ("prefill of " + Number(ExampleTokens) + " tokens", Flops(() => plan.PrefillCost.PrefillFlops(ExampleTokens)));
        if (plan.Inputs.Cached)
        {
            yield return ("decode at context " + Number(ExampleTokens), Flops(() => plan.DecodeCost.DecodeFlops(ExampleTokens)));
        }
    }

    private static string Flops(System.Func<long> count)
    {
        try
        {
            return Number(count()) + " FLOPs";
        }
        catch (System.OverflowException)
        {
            return "more than 2^63 FLOPs";
        }
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
