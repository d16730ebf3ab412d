using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Emit.Cpu;

/// <summary>The attention cores of a generated class: per distinct core a geometry, a mask and a score operation, composed of the runtime's nodes, that its kernels are specialised for.</summary>
internal sealed class CpuCores(IReadOnlyList<PlanBuffer> buffers)
{
    private readonly Dictionary<string, TemplateModel> _cores = new();
    private readonly List<TemplateModel> _tables = new();

    public IEnumerable<TemplateModel> All => _cores.Values;

    /// <summary>Tables that score operations read.</summary>
    public IEnumerable<TemplateModel> Tables => _tables;

    /// <summary>Why the kernels cannot run a core, or null.</summary>
    public static string? Refusal(AttendStep step) =>
        new ScoreNodes(b => b).Mask(step.Settings.Mask) is null ? "it has no kernel for the mask " + step.Settings.Mask
        : step.Outputs.Count > 2 ? "it returns no probabilities"
        : null;

    /// <summary>Names of a core's parts.</summary>
    public TemplateModel Of(AttendStep step)
    {
        string key = step.DetailsText + "|" + Text(step.KeyWidth) + "|" + Text(step.ValueWidth);
        if (!_cores.TryGetValue(key, out TemplateModel? core))
        {
            core = Core(step, _cores.Count == 0 ? "" : Text(_cores.Count + 1));
            _cores.Add(key, core);
        }

        return core;
    }

    private TemplateModel Core(AttendStep step, string number)
    {
        AttendSettings s = step.Settings;
        var nodes = new ScoreNodes(Table);
        return new TemplateModel
        {
            ["geometry"] = "Geometry" + number,
            ["query"] = Map(s.Query),
            ["key"] = Map(s.Key),
            ["value"] = Map(step.Values is null ? s.Key : s.Value),
            ["key_width"] = Text(step.KeyWidth),
            ["value_width"] = Text(step.ValueWidth),
            ["scale"] = ScalarType.Double.Literal(s.Scale),
            ["keep"] = s.Selects ? Text(s.Keep) : "",
            ["mask"] = nodes.Mask(s.Mask)!,
            ["score"] = nodes.Operation(s.Score),
        };
    }

    private string Table(string buffer)
    {
        string name = Identifiers.WeightProperty(buffer);
        if (_tables.All(t => (string)t["name"]! != name))
        {
            PlanBuffer source = buffers.Single(b => b.Name == buffer);
            _tables.Add(new TemplateModel
            {
                ["name"] = name,
                ["formula"] = XmlText.Escape(source.Formula),
                ["values"] = string.Join(", ", source.Values.Select(ScalarType.Single.Literal)),
            });
        }

        return name;
    }

    private static string Map(HeadMap map) => map.Kind switch
    {
        HeadMapKind.Grouped => "global::AttnDsl.Cpu.HeadMap.Grouped(" + Text(map.Heads) + ", " + Text(map.ScoreHeads) + ")",
        HeadMapKind.Tiled => "global::AttnDsl.Cpu.HeadMap.Tiled(" + Text(map.Heads) + ", " + Text(map.ScoreHeads) + ")",
        _ => "global::AttnDsl.Cpu.HeadMap.Table(" + Text(map.Heads) + ", [" + string.Join(", ", map.Entries.Select(e => Text(e))) + "])",
    };

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
