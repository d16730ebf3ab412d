using System.Globalization;
using System.Linq;
using System.Threading;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Emit;

/// <summary>Writes the class that holds a layer's parameters.</summary>
internal static class WeightsEmitter
{
    public static string Emit(AttentionPlan plan, TargetType target, CancellationToken cancellationToken)
    {
        PlanWeight[] stored = plan.Weights.Where(w => w.IsStored).ToArray();
        var model = new TemplateModel
        {
            ["version"] = SourceFile.Version,
            ["t"] = TypeParameter.Fresh(target, "TScalar"),
            ["parameter_count"] = plan.ParameterCount,
            ["layout"] = plan.Inputs.Layout is { } layout ? "global::AttnDsl.RopeLayout." + layout : "null",
            ["weights"] = stored.Select(Model).ToArray(),
        };
        string[] header = [.. new[] { "Parameters of " + target.Self.Name + ", in checkpoint order:", "" }, .. stored.Select(w => w.Name + " " + w.Type)];
        return SourceFile.Wrap(target, header, [], "common/weights", model, cancellationToken);
    }

    private static TemplateModel Model(PlanWeight w) => new()
    {
        ["name"] = w.Name,
        ["property"] = Identifiers.WeightProperty(w.Name),
        ["shape"] = w.Type.ToString(),
        ["sizes"] = string.Join(", ", w.Type.Dims.Select(d => d.Text)),
        ["init"] = w.Init.ToString(),
        ["deviation"] = w.Deviation.ToString("R", CultureInfo.InvariantCulture),
        ["rotated"] = w.Rotated is not null,
        ["rotated_heads"] = w.Rotated?.Heads ?? 0,
        ["rotated_width"] = w.Rotated?.HeadWidth ?? 0,
        ["rotary_dim"] = w.Rotated?.RotaryDim ?? 0,
        ["rotary_from"] = w.Rotated?.From is > 0 and var from ? ", From: " + from.ToString(CultureInfo.InvariantCulture) : "",
    };
}
