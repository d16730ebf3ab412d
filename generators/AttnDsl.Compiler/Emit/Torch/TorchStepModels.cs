using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;

namespace AttnDsl.Compiler.Emit.Torch;

/// <summary>Reduces each step of a body to the torch operations its partial prints.</summary>
internal sealed class TorchStepModels
{
    private readonly TorchParameters _parameters;
    private readonly TorchTables _tables;
    private readonly IReadOnlyList<CacheStreamSpec> _streams;
    private readonly IReadOnlyDictionary<string, string> _cores;
    private readonly IReadOnlyList<CacheStateSpec> _states;
    private readonly Identifiers _identifiers;
    private readonly PlanBody _body;
    private readonly Dictionary<PlanValue, string> _names = new();

    // Values that are streams of a cache.
    private readonly HashSet<PlanValue> _appended = new();

    public TorchStepModels(TorchParameters parameters, TorchTables tables, CacheSchema cache, IReadOnlyDictionary<string, string> cores, Identifiers identifiers, PlanBody body)
    {
        _cores = cores;
        _parameters = parameters;
        _tables = tables;
        _streams = cache.Streams.ToArray();
        _states = cache.States.ToArray();
        _identifiers = identifiers;
        _body = body;
        foreach (PlanValue input in body.Inputs)
        {
            _names[input] = identifiers.Local(input.Name);
        }
    }

    /// <summary>Name of a value that has been printed or is an input.</summary>
    public string this[PlanValue value] => value.Origin == ValueOrigin.Weight ? _parameters.Tensor(value) : _appended.Contains(value) ? _names[value] + ".Tensor" : _names[value];

    /// <summary>The step as C#.</summary>
    public string Text(FusedStep fused, StepRenderer renderer)
    {
        PlanStep step = fused.Step;
        TemplateModel model = Model(fused);
        model["comment"] = " // " + fused.Output.Type;
        var identity = new string[2 * model.Count];
        for (int i = 0; i < model.Count; i++)
        {
            identity[2 * i] = model.NameAt(i);
            identity[(2 * i) + 1] = model.ValueAt(i) is TemplateModel[] parts
                ? string.Join(";", parts.Select(part => string.Join(",", Enumerable.Range(0, part.Count).Select(part.ValueAt))))
                : System.Convert.ToString(model.ValueAt(i), CultureInfo.InvariantCulture);
        }

        return renderer.Render("steps/" + step.Kind, new StepIdentity(identity), () => model);
    }

    private TemplateModel Model(FusedStep fused)
    {
        PlanStep step = fused.Step;
        string x = this[step.Inputs[0]];
        string y = _identifiers.Local(fused.Output.Name);
        _names[fused.Output] = y;
        var model = new TemplateModel { ["y"] = y, ["x"] = x };
        switch (step)
        {
            case LinearStep linear:
                string? module = _parameters.Module(linear.Weight);
                bool carried = fused.Bias is { } follows && _parameters.Carries(follows) && module is not null;
                model["module"] = module ?? "";
                model["w"] = this[linear.Weight];
                model["transposed"] = linear.Transposed;
                model["per_head"] = linear.PerHead;
                model["bias"] = fused.Bias is { } bias && !carried ? this[bias] : "";
                break;
            case OuterSumStep outer:
                string rows = "btuvw".Substring(0, outer.A.Type.Rank - (outer.PerHead ? 2 : 1));
                string head = outer.PerHead ? "h" : "";
                model["b"] = this[outer.B];
                model["equation"] = rows + head + "r," + rows + head + "c->" + head + "rc";
                break;
            case ElementwiseStep elementwise:
                model["b"] = this[elementwise.B];
                model["operator"] = elementwise.Operator switch
                {
                    ElementwiseOperator.Add => "+",
                    ElementwiseOperator.Subtract => "-",
                    _ => "*",
                };
                break;
            case SumToStep sum:
                model["axes"] = Axes(sum.X.Type, sum.Output.Type);
                model["shape"] = Shape(sum.Output.Type);
                break;
            case RepeatToStep repeat:
                model["shape"] = Shape(repeat.Output.Type);
                break;
            case ScaleStep scale:
                model["factor"] = ScalarType.Double.Literal(scale.Factor);
                break;
            case ActivationStep activation:
                model["function"] = Function(activation.Activation, x);
                break;
            case ReshapeStep reshape:
                model["shape"] = Shape(reshape.Output.Type);
                break;
            case ReduceStep reduce:
                model["inverse_rms"] = reduce.Reduction == Reduction.InverseRms;
                model["inverse_norm"] = reduce.Reduction == Reduction.InverseNorm;
                model["mean"] = reduce.Reduction == Reduction.Mean;
                model["epsilon"] = ScalarType.Double.Literal(reduce.Epsilon);
                break;
            case RmsNormStep norm:
                string gain = this[norm.Gain];
                model["module"] = _parameters.Module(norm.Gain) ?? "";
                model["epsilon"] = ScalarType.Double.Literal(norm.Epsilon);
                model["gain"] = norm.OnePlus ? "(1 + " + gain + ")" : gain;
                break;
            case RopeStep turned:
                string half = Text(turned.Table.RotaryDim / 2);
                model["rotation"] = _tables.Rotation(turned.Table);
                model["of_keys"] = turned.X.Type.Dims[1] == Dim.S;
                model["inverse"] = turned.Inverse;
                model["pairs"] = turned.Table.Layout == PairLayout.Interleaved ? "(2i, 2i + 1)" : "(i, i + " + half + ")";
                break;
            case SplitStep split:
                model["axis"] = Text(split.Axis);
                foreach (PlanValue part in split.Outputs.Skip(1))
                {
                    _names[part] = _identifiers.Local(part.Name);
                }

                model["parts"] = AxisParts.Of(split.Outputs, split.Axis)
                    .Select(p => new TemplateModel { ["y"] = _names[p.Part], ["from"] = Along(split.Outputs, p.Part, split.Axis), ["size"] = p.Part.Type.Dims[split.Axis].Text, ["dense"] = FeedsCore(p.Part), ["shape"] = p.Part.TypeText }).ToArray();
                break;
            case ConcatStep concat:
                model["axis"] = Text(concat.Axis);
                model["parts"] = concat.Inputs.Select(part => new TemplateModel { ["x"] = this[part] }).ToArray();
                break;
            case SurroundStep surround:
                model["before"] = Text(surround.Before);
                model["behind"] = Text(surround.Rows - surround.Before);
                break;
            case RowsStep some:
                model["first"] = Text(some.First);
                model["dense"] = FeedsCore(some.Output);
                break;
            case TapsStep taps:
                model["length"] = Text(taps.Length);
                break;
            case HistoryStep history:
                model["state"] = Text(_states.ToList().IndexOf(history.State));
                model["content"] = history.State.Content;
                break;
            case AppendStep append:
                _appended.Add(append.Output);
                model["stream"] = _streams.ToList().IndexOf(append.Stream);
                model["content"] = append.Stream.Content;
                break;
            case AttendStep attend:
                // A core over the cache takes its streams as they are, any other step their tensors.
                string other = _cores.TryGetValue(TorchCore.Key(attend), out string? method) ? method : "";
                bool cached = other.Length == 0 && attend.Values is not null && _appended.Contains(attend.K) && _appended.Contains(attend.Values);
                model["core"] = other;
                model["k"] = cached ? _names[attend.K] : this[attend.K];
                model["v"] = attend.Values is null ? this[attend.K] + ".narrow(-1, 0, " + Text(attend.ValueWidth) + ")" : cached ? _names[attend.Values] : this[attend.Values];
                break;
            default:
                throw new PlanException("TorchSharp has no model for " + step.Kind);
        }

        return model;
    }

    // Kernels read dense vectors only, and torch keeps gaps through everything that works channel by channel.
    private bool FeedsCore(PlanValue value) => _body.Steps.Any(s => s.Inputs.Contains(value) && s switch
    {
        AttendStep => true,
        RmsNormStep or RopeStep or ScaleStep or ElementwiseStep or ActivationStep or ReshapeStep => FeedsCore(s.Outputs[0]),
        _ => false,
    });

    private static string Function(ActivationKind kind, string x) => kind switch
    {
        ActivationKind.Sigmoid => x + ".sigmoid()",
        ActivationKind.Silu => "global::TorchSharp.torch.nn.functional.silu(" + x + ")",
        ActivationKind.Exp => x + ".exp()",
        ActivationKind.Reciprocal => x + ".clamp_min(global::TorchSharp.torch.finfo(" + x + ".dtype).eps).reciprocal()",
        ActivationKind.Clamp => x + ".clamp(0, 1)",
        ActivationKind.Inside => "(" + x + ".ge(0) & " + x + ".le(1)).to(" + x + ".dtype)",
        ActivationKind.Abs => x + ".abs()",
        ActivationKind.Sign => x + ".sign()",
        _ => throw new PlanException("TorchSharp has no function " + kind),
    };

    /// <summary>Where a part begins along its axis.</summary>
    private static string Along(IEnumerable<PlanValue> parts, PlanValue part, int axis) => Text(parts.TakeWhile(p => p != part).Sum(p => p.Type.Dims[axis].Size));

    /// <summary>Axes of a wider type that a narrower one lacks, or has with extent 1.</summary>
    private static string Axes(TensorType wide, TensorType narrow)
    {
        int missing = wide.Rank - narrow.Rank;
        return string.Join(", ", Enumerable.Range(0, wide.Rank).Where(a => a < missing || narrow.Dims[a - missing] != wide.Dims[a]).Select(a => Text(a) + "L"));
    }

    private static string Shape(TensorType type) => string.Join(", ", type.Dims.Select(d => d.Kind switch
    {
        DimKind.Constant => d.Text,
        DimKind.Batch => "rows.Batch",
        DimKind.Tokens => "rows.Tokens",
        DimKind.Visible => "rows.Keys",
        DimKind.Recent => d.Length.ToString(CultureInfo.InvariantCulture) + " + rows.Tokens",
        _ => throw new PlanException("TorchSharp has no extent " + d),
    }));

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
