using System.Linq;
using System.Threading;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Emit;

/// <summary>Writes the typed cache of a layer that has one.</summary>
internal static class CacheEmitter
{
    public static string Emit(AttentionPlan plan, TargetType target, CancellationToken cancellationToken)
    {
        var model = new TemplateModel
        {
            ["version"] = SourceFile.Version,
            ["element"] = plan.Cache.Element.ToString(),
            ["paged"] = plan.Cache.PageSize is not null,
            ["page_size"] = plan.Cache.PageSize ?? 0,
            ["element_text"] = CacheStreams.Elements(plan.Cache, "floats"),
            ["codes"] = Codes(plan.Cache),
            ["streams"] = CacheStreams.Models(plan.Cache),
            ["ring"] = CacheStreams.Ring(plan.Cache),
            ["ring_text"] = plan.Cache.Ring is { } ring ? "the first " + Text.Of(ring.Sinks) + " and the last " + Text.Of(ring.Recent) + " tokens of a row" : "",
            ["states"] = CacheStreams.States(plan.Cache),
        };
        string[] header = [.. new[] { "Cache of " + target.Self.Name + ":", "" }, .. plan.Cache.Streams.Select(s => s.Name + " [" + s.Heads + ", " + s.Width + "] a token: " + s.Content)];
        return SourceFile.Wrap(target, header, [], "common/cache", model, cancellationToken);
    }

    /// <summary>What is stored as codes, in words; empty where nothing is.</summary>
    private static string Codes(CacheSchema cache) => cache.Streams.Select(s => s.Codes).FirstOrDefault(c => c is not null) is { } codes
        ? ", of all but the newest " + Text.Of(codes.Residual) + " tokens codes of " + Text.Of(codes.Bits) + " bits"
        : "";
}
