using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Plan;

namespace AttnDsl.Compiler.Emit.Cpu;

/// <summary>Rotations of a generated class, each once.</summary>
internal sealed class RotationTables
{
    private readonly Dictionary<RotaryTable, string> _names = new();

    public IEnumerable<TemplateModel> All => _names.Select(n => new TemplateModel
    {
        ["name"] = n.Value,
        ["formula"] = XmlText.Escape(n.Key.Formula),
        ["values"] = string.Join(", ", n.Key.Frequencies.Select(ScalarType.Double.Literal)),
        ["interleaved"] = n.Key.Layout == PairLayout.Interleaved,
        ["magnitude"] = ScalarType.Double.Literal(n.Key.Magnitude),
    });

    public string Of(RotaryTable table)
    {
        if (!_names.TryGetValue(table, out string? name))
        {
            name = "Rotation" + (_names.Count == 0 ? "" : (_names.Count + 1).ToString(CultureInfo.InvariantCulture));
            _names.Add(table, name);
        }

        return name;
    }
}
