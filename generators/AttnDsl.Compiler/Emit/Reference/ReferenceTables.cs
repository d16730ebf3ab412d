using System.Collections.Generic;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Emit.Reference;

/// <summary>Constant tables of a generated class: frequencies and captured buffers, each once.</summary>
internal sealed class ReferenceTables
{
    private readonly ScalarType _scalar;
    private readonly IReadOnlyList<PlanBuffer> _buffers;
    private readonly List<TemplateModel> _fields = new();
    private readonly Dictionary<RotaryTable, string> _frequencies = new();
    private readonly Dictionary<string, string> _captured = new();

    public ReferenceTables(ScalarType scalar, IReadOnlyList<PlanBuffer> buffers)
    {
        _scalar = scalar;
        _buffers = buffers;
    }

    /// <summary>Fields for the class template, in order of first use.</summary>
    public IEnumerable<TemplateModel> Fields => _fields;

    /// <summary>Name of the field with a rotation's frequencies; angles are computed in double whatever the class computes in.</summary>
    public string Frequencies(RotaryTable table)
    {
        if (!_frequencies.TryGetValue(table, out string? name))
        {
            name = "Frequencies" + (_frequencies.Count == 0 ? "" : (_frequencies.Count + 1).ToString(System.Globalization.CultureInfo.InvariantCulture));
            _frequencies.Add(table, name);
            Field(name, "double", table.Formula, table.Frequencies, ScalarType.Double);
        }

        return name;
    }

    /// <summary>Name of the field with a captured buffer.</summary>
    public string Buffer(string buffer)
    {
        if (!_captured.TryGetValue(buffer, out string? name))
        {
            PlanBuffer source = _buffers.Single(b => b.Name == buffer);
            name = Identifiers.WeightProperty(buffer);
            _captured.Add(buffer, name);
            Field(name, _scalar.Keyword, source.Formula, source.Values, _scalar);
        }

        return name;
    }

    private void Field(string name, string type, string formula, EquatableArray<double> values, ScalarType scalar) => _fields.Add(new TemplateModel
    {
        ["name"] = name,
        ["type"] = type,
        ["formula"] = XmlText.Escape(formula),
        ["values"] = string.Join(", ", values.Select(scalar.Literal)),
    });
}
