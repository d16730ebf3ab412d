using System.Linq;
using System.Threading;
using AttnDsl.Compiler.Plan;
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
            ["element_text"] = plan.Cache.Element == CacheScalar.Float32 ? "floats" : "bfloat16",
            ["streams"] = plan.Cache.Streams.Select(s => new TemplateModel { ["name"] = s.Name, ["heads"] = s.Heads, ["width"] = s.Width, ["content"] = s.Content }).ToArray(),
        };
        string[] header = [.. new[] { "Cache of " + target.Self.Name + ":", "" }, .. plan.Cache.Streams.Select(s => s.Name + " [" + s.Heads + ", " + s.Width + "] a token: " + s.Content)];
        return SourceFile.Wrap(target, header, [], "common/cache", model, cancellationToken);
    }
}
