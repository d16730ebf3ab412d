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
            ["kept_bytes"] = plan.Cache.Ring is null ? "CacheBytesPerToken" : Text.Of(plan.Cache.BytesPerKeptToken) + "L",
            ["has_codes"] = HasCodes(plan.Cache),
            ["codes"] = CodesModel(plan.Cache),
            ["cache_element"] = plan.Cache.Element == CacheScalar.Float32 ? "float32" : "bfloat16",
            ["constant_scalars"] = plan.Cache.ConstantScalars,
            ["prefill"] = prefillText,
            ["decode"] = Code(decode, e => e.DecodeCode),
            ["visible"] = Visible(plan).DecodeCode,
            ["reach"] = prefillText.Contains("Reach("),
        };
        string[] header = [.. new[] { "Widths and costs of " + target.Self.Name + ".", "" }, .. plan.Formula];
        return SourceFile.Wrap(target, header, Docs(plan), "common/spec", model, cancellationToken);
    }

    private static string CacheBytes(CacheSchema cache) => HasCodes(cache)
        ? Text.Of(cache.BytesPerToken)
        : Text.Of((long)cache.ScalarsPerToken) + "L * " + Text.Of(cache.ElementBytes);

    private static bool HasCodes(CacheSchema cache) => cache.Streams.Any(s => s.Codes is not null);

    /// <summary>What decoding reads beside codes: per stream the scalars of the newest tokens. Empty without codes.</summary>
    private static TemplateModel[] CodesModel(CacheSchema cache) => cache.Streams
        .Where(s => s.Codes is not null)
        .Select(s => new TemplateModel
        {
            ["name"] = s.Name,
            ["bits"] = s.Codes!.Bits,
            ["residual"] = s.Codes.Residual,
            ["in_blocks"] = s.Codes.Axis == CodeAxis.Channel,
            ["more"] = (long)System.Math.Floor((s.Heads * s.Width * cache.ElementBytes) - s.CodedBytes(cache.ElementBytes)),
        })
        .ToArray();

    /// <summary>How much of the cache a decoded token reads.</summary>
    private static Extent Visible(AttentionPlan plan) => plan.Bodies[plan.Cache.Ring is null ? BodyNames.Core : BodyNames.Decode].Steps.OfType<AttendStep>().First().Pairs;

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
