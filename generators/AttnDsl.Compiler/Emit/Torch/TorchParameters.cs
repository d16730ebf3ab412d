using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;

namespace AttnDsl.Compiler.Emit.Torch;

/// <summary>
/// The fields of a generated module: a Linear for a weight that is only multiplied by, with the bias that follows it; a norm for a gain; a parameter for what has no module of its own. Names are the checkpoint's.
/// </summary>
internal sealed class TorchParameters
{
    private readonly Dictionary<string, string> _expressions = new();
    private readonly HashSet<string> _linears = new();
    private readonly HashSet<string> _norms = new();
    private readonly HashSet<string> _carriedBiases = new();
    private readonly List<TemplateModel> _fields = new();

    public TorchParameters(IReadOnlyList<PlanWeight> weights, IReadOnlyList<PlanBody> bodies)
    {
        foreach (IGrouping<string, PlanWeight> group in weights.Where(w => w.IsStored).GroupBy(w => Group(w.Name)))
        {
            PlanWeight[] members = group.ToArray();
            if (group.Key.Length == 0)
            {
                members.ToList().ForEach(Alone);
            }
            else if (members.Any(m => Leaf(m.Name) == "weight") && members.All(m => Leaf(m.Name) is "weight" or "bias") && IsLinear(group.Key, members, bodies))
            {
                Linear(group.Key, members);
            }
            else if (members.Length == 1 && Leaf(members[0].Name) == "weight" && NormOf(members[0], bodies) is { } norm)
            {
                Norm(group.Key, members[0], norm);
            }
            else
            {
                members.ToList().ForEach(m => Grouped(group.Key, m));
            }
        }

        foreach (PlanWeight derived in weights)
        {
            if (derived.Derivation is HeadSlice slice)
            {
                long rows = weights.First(w => w.Name == slice.Source).Type.Dims[0].Size / slice.Heads;
                _expressions[derived.Name] = string.Format(
                    CultureInfo.InvariantCulture, "{0}.view({1}, {2}, {3}).narrow(1, {4}, {5})", _expressions[slice.Source], slice.Heads, rows, derived.Type.Channels, slice.From, slice.Rows);
            }
        }
    }

    /// <summary>Fields in the order of the weights.</summary>
    public IEnumerable<TemplateModel> Fields => _fields;

    /// <summary>The module that applies a weight, or null when steps use it as a tensor.</summary>
    public string? Module(PlanValue weight) => _linears.Contains(weight.Name) || _norms.Contains(weight.Name) ? Identifier(Group(weight.Name)) : null;

    /// <summary>True when the Linear of a weight adds that bias itself.</summary>
    public bool Carries(PlanValue bias) => _carriedBiases.Contains(bias.Name);

    /// <summary>The weight as a tensor.</summary>
    public string Tensor(PlanValue weight) => _expressions[weight.Name];

    private static string Group(string name) => name.Contains('.') ? name.Substring(0, name.LastIndexOf('.')) : "";

    private static string Leaf(string name) => name.Substring(name.LastIndexOf('.') + 1);

    private static string Identifier(string name) => new(name.Select(c => char.IsLetterOrDigit(c) ? c : '_').ToArray());

    /// <summary>Every use of the weight is a plain product, and a bias follows each of them at once.</summary>
    private static bool IsLinear(string group, PlanWeight[] members, IReadOnlyList<PlanBody> bodies)
    {
        string weight = group + ".weight";
        string bias = group + ".bias";
        bool hasBias = members.Any(m => m.Name == bias);
        foreach (PlanBody body in bodies)
        {
            FusedStep[] uses = Fusions.Of(body).Where(f => f.Step.Inputs.Append(f.Bias).Any(i => i is { Origin: ValueOrigin.Weight } && (i.Name == weight || i.Name == bias))).ToArray();
            if (!uses.All(f => f.Step is LinearStep { Transposed: false, PerHead: false } linear && linear.Weight.Name == weight && f.Bias?.Name == (hasBias ? bias : null)))
            {
                return false;
            }
        }

        return true;
    }

    private static RmsNormStep? NormOf(PlanWeight weight, IReadOnlyList<PlanBody> bodies)
    {
        PlanStep[] uses = bodies.SelectMany(b => b.Steps).Where(s => s.Inputs.Any(i => i.Origin == ValueOrigin.Weight && i.Name == weight.Name)).ToArray();
        RmsNormStep? first = uses.FirstOrDefault() as RmsNormStep;
        return first is not null && uses.All(u => u is RmsNormStep norm && norm.Gain.Name == weight.Name && norm.Details == first.Details) ? first : null;
    }

    private void Linear(string group, PlanWeight[] members)
    {
        PlanWeight weight = members.Single(m => Leaf(m.Name) == "weight");
        PlanWeight? bias = members.SingleOrDefault(m => Leaf(m.Name) == "bias");
        string field = Identifier(group);
        _linears.Add(weight.Name);
        _expressions[weight.Name] = field + ".weight";
        if (bias is not null)
        {
            _carriedBiases.Add(bias.Name);
            _expressions[bias.Name] = field + ".bias!";
        }

        Add(
            "global::TorchSharp.Modules.Linear",
            field,
            "AddLinear(\"" + group + "\", " + weight.Type.Channels.Text + ", " + weight.Type.Dims[0].Text + ", bias: " + (bias is null ? "false" : "true") + ", dtype, device)",
            string.Join(", ", members.Select(m => m.Name + " " + m.Type)),
            moved: false);
    }

    private void Norm(string group, PlanWeight weight, RmsNormStep step)
    {
        string field = Identifier(group);
        _norms.Add(weight.Name);
        _expressions[weight.Name] = field + ".get_parameter(\"weight\")!";
        Add(
            "global::AttnDsl.Torch.RmsNorm",
            field,
            "AddRmsNorm(\"" + group + "\", " + weight.Type.Channels.Text + ", " + ScalarType.Double.Literal(step.Epsilon) + ", onePlus: " + (step.OnePlus ? "true" : "false") + ", dtype, device)",
            weight.Name + " " + weight.Type,
            moved: false);
    }

    private void Alone(PlanWeight weight)
    {
        string field = Identifier(weight.Name);
        _expressions[weight.Name] = field;
        Add("global::TorchSharp.Modules.Parameter", field, "AddParameter(\"" + weight.Name + "\", " + Sizes(weight) + ", dtype, device)", weight.Name + " " + weight.Type, moved: true);
    }

    private void Grouped(string group, PlanWeight weight)
    {
        string field = Identifier(weight.Name);
        _expressions[weight.Name] = field + ".Get(\"" + Leaf(weight.Name) + "\")";
        Add(
            "global::AttnDsl.Torch.ParameterGroup",
            field,
            "AddGrouped(\"" + group + "\", \"" + Leaf(weight.Name) + "\", " + Sizes(weight) + ", dtype, device)",
            weight.Name + " " + weight.Type,
            moved: false);
    }

    private static string Sizes(PlanWeight weight) => "new long[] { " + string.Join(", ", weight.Type.Dims.Select(d => d.Text)) + " }";

    /// <param name="type">Type of the field.</param>
    /// <param name="name">Name of the field.</param>
    /// <param name="make">What makes it.</param>
    /// <param name="comment">Checkpoint names and shapes.</param>
    /// <param name="moved">TorchSharp puts another object there when the module moves to another type or device.</param>
    private void Add(string type, string name, string make, string comment, bool moved) => _fields.Add(new TemplateModel
    {
        ["type"] = type,
        ["name"] = name,
        ["make"] = make,
        ["comment"] = comment,
        ["modifier"] = moved ? "private" : "private readonly",
    });
}
