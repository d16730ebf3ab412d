using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Scores;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Spec;
using Scriban.Runtime;

namespace AttnDsl.Compiler.Emit.Cpu;

/// <summary>The attention cores of a generated class: per distinct core a geometry, a mask and a score operation that the runtime's kernels are specialised for.</summary>
internal sealed class CpuCores(IReadOnlyList<PlanBuffer> buffers)
{
    private readonly Dictionary<string, ScriptObject> _cores = new();
    private readonly List<ScriptObject> _tables = new();

    public IEnumerable<ScriptObject> All => _cores.Values;

    /// <summary>Tables that score operations read.</summary>
    public IEnumerable<ScriptObject> Tables => _tables;

    /// <summary>Why the kernels cannot run a core, or null.</summary>
    public static string? Refusal(AttendStep step) =>
        Band(step.Settings.Mask) is null ? "it has no kernel for the mask " + step.Settings.Mask
        : step.Values is null ? "it has no kernel for values that are a prefix of the keys"
        : step.Outputs.Count > 2 ? "it returns no probabilities"
        : null;

    /// <summary>Names of a core's parts.</summary>
    public ScriptObject Of(AttendStep step)
    {
        string key = AttendStep.Describe(step.Settings) + "|" + Text(step.KeyWidth) + "|" + Text(step.ValueWidth);
        if (!_cores.TryGetValue(key, out ScriptObject? core))
        {
            core = Core(step, _cores.Count == 0 ? "" : Text(_cores.Count + 1));
            _cores.Add(key, core);
        }

        return core;
    }

    private ScriptObject Core(AttendStep step, string number)
    {
        AttendSettings s = step.Settings;
        (string Left, string Right, bool Segments) band = Band(s.Mask)!.Value;
        ScoreExpression derivative = ScoreDerivative.Of(s.Score);
        bool identity = s.Score is TheScore;
        bool biased = !identity && ScoreDerivative.IsOne(derivative);
        var lanes = new LaneWriter(Table);
        return new ScriptObject
        {
            ["number"] = number,
            ["geometry"] = "Geometry" + number,
            ["query"] = Map(s.Query),
            ["key"] = Map(s.Key),
            ["value"] = Map(s.Value),
            ["key_width"] = Text(step.KeyWidth),
            ["value_width"] = Text(step.ValueWidth),
            ["scale"] = ScalarType.Double.Literal(s.Scale),
            ["mask"] = "new global::AttnDsl.Cpu.BandMask(" + band.Left + ", " + band.Right + ", segments: " + (band.Segments ? "true" : "false") + ")",
            ["score"] = identity ? "default(global::AttnDsl.Cpu.IdentityScore)" : "default(Score" + number + ")",
            ["identity"] = identity,
            ["form"] = biased ? "Biased" : "General",
            ["bias"] = lanes.Write(biased ? s.Score.Substitute(ScoreExpression.Constant(0)) : ScoreExpression.Constant(0)),
            ["apply"] = lanes.Write(s.Score),
            ["derivative"] = lanes.Write(derivative),
            ["text"] = XmlText.Escape(ScoreText.Of(s.Score)),
        };
    }

    /// <summary>The mask as one band, or null when it is more than that.</summary>
    private static (string Left, string Right, bool Segments)? Band(Mask mask)
    {
        MaskAtom[] atoms = mask.Clauses.Select(c => c.Atoms.Count == 1 ? c.Atoms[0] : null).OfType<MaskAtom>().ToArray();
        return atoms.Length == mask.Clauses.Count && atoms.All(a => a is CausalAtom or WindowAtom or SegmentAtom)
            ? (Side(mask.Left), Side(mask.Right), atoms.Any(a => a is SegmentAtom))
            : null;
    }

    private static string Side(long? side) => side is { } reach && reach < int.MaxValue ? Text(reach) : "global::AttnDsl.Cpu.BandMask.Unbounded";

    private string Table(string buffer)
    {
        string name = Identifiers.WeightProperty(buffer);
        if (_tables.All(t => (string)t["name"]! != name))
        {
            PlanBuffer source = buffers.Single(b => b.Name == buffer);
            _tables.Add(new ScriptObject
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
