using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Emit.Torch;

/// <summary>Constant tables of a generated module, each once, in double whatever the module computes in.</summary>
internal sealed class TorchTables(IReadOnlyList<PlanBuffer> buffers)
{
    private readonly List<TemplateModel> _fields = new();
    private readonly Dictionary<string, string> _rotations = new();
    private readonly Dictionary<string, string> _captured = new();

    /// <summary>Fields in order of first use.</summary>
    public IEnumerable<TemplateModel> Fields => _fields;

    /// <summary>Name of the field with a rotation.</summary>
    public string Rotation(RotaryTable table)
    {
        string values = Values(table.Frequencies);
        string code = "(global::AttnDsl.RopeLayout." + (table.Layout == PairLayout.Interleaved ? "Interleaved" : "HalfSplit") + ", " + ScalarType.Double.Literal(table.Magnitude) + ", [" + values + "])";
        if (!_rotations.TryGetValue(code, out string? name))
        {
            name = "Rotation" + (_rotations.Count == 0 ? "" : (_rotations.Count + 1).ToString(CultureInfo.InvariantCulture));
            _rotations.Add(code, name);
            Field("global::AttnDsl.Torch.Rotation", name, table.Formula, "new" + code);
        }

        return name;
    }

    /// <summary>Name of the field with a captured buffer.</summary>
    public string Buffer(string buffer)
    {
        if (!_captured.TryGetValue(buffer, out string? name))
        {
            PlanBuffer source = buffers.Single(b => b.Name == buffer);
            name = Identifiers.WeightProperty(buffer);
            _captured.Add(buffer, name);
            Field("double[]", name, source.Formula, "[" + Values(source.Values) + "]");
        }

        return name;
    }

    private static string Values(EquatableArray<double> values) => string.Join(", ", values.Select(ScalarType.Double.Literal));

    private void Field(string type, string name, string formula, string value) => _fields.Add(new TemplateModel
    {
        ["type"] = type,
        ["name"] = name,
        ["formula"] = XmlText.Escape(formula),
        ["value"] = value,
    });
}
