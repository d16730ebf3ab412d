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
    private readonly Dictionary<RotaryTable, string> _frequencies = new();
    private readonly Dictionary<string, string> _captured = new();

    /// <summary>Fields in order of first use.</summary>
    public IEnumerable<TemplateModel> Fields => _fields;

    /// <summary>Name of the field with a rotation's frequencies.</summary>
    public string Frequencies(RotaryTable table)
    {
        if (!_frequencies.TryGetValue(table, out string? name))
        {
            name = "Frequencies" + (_frequencies.Count == 0 ? "" : (_frequencies.Count + 1).ToString(CultureInfo.InvariantCulture));
            _frequencies.Add(table, name);
            Field(name, table.Formula, table.Frequencies);
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
            Field(name, source.Formula, source.Values);
        }

        return name;
    }

    private void Field(string name, string formula, EquatableArray<double> values) => _fields.Add(new TemplateModel
    {
        ["name"] = name,
        ["formula"] = XmlText.Escape(formula),
        ["values"] = string.Join(", ", values.Select(ScalarType.Double.Literal)),
    });
}
