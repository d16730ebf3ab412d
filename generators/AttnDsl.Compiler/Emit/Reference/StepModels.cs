using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Emit.Reference;

/// <summary>Reduces each step of a body to the names, numbers and expressions its template partial prints: a call of the method that holds its loops. No logic is left to the templates.</summary>
internal sealed class StepModels
{
    private readonly ScalarType _scalar;
    private readonly ReferenceTables _tables;
    private readonly Dictionary<PlanValue, string> _names;
    private readonly Identifiers _identifiers;
    private readonly IReadOnlyList<CacheStreamSpec> _streams;
    private readonly IReadOnlyList<CacheStateSpec> _states;
    private readonly AttendMethods _attends;
    private readonly StepMethods _methods;

    public StepModels(
        ScalarType scalar, ReferenceTables tables, AttendMethods attends, StepMethods methods, Dictionary<PlanValue, string> names, Identifiers identifiers, CacheSchema cache)
    {
        _scalar = scalar;
        _tables = tables;
        _attends = attends;
        _methods = methods;
        _names = names;
        _identifiers = identifiers;
        _streams = cache.Streams.ToArray();
        _states = cache.States.ToArray();
    }

    /// <summary>The step as C#.</summary>
    public string Text(PlanStep step, StepRenderer renderer)
    {
        foreach (PlanValue output in step.Outputs)
        {
            _names[output] = _identifiers.Local(output.Name);
        }

        string method = Method(step);
        return renderer.Render("steps/" + step.Kind, Identity(step, method), () => Of(step, method));
    }

    /// <summary>What the step calls. Asked for even when the text is remembered, so that the class declares it.</summary>
    private string Method(PlanStep step) => step switch
    {
        LinearStep linear => _methods.Of(linear),
        OuterSumStep outer => _methods.Of(outer),
        ElementwiseStep elementwise => _methods.Of(elementwise, Flat(elementwise), elementwise.A.Type == elementwise.B.Type ? Flat(elementwise) : elementwise.B.Type),
        SumToStep sum => _methods.Of(sum),
        RepeatToStep repeat => _methods.Of(repeat),
        ScaleStep scale => _methods.Of(scale, Flat(scale.X.Type)),
        ActivationStep activation => _methods.Of(activation, Flat(activation.X.Type)),
        ReduceStep reduce => _methods.Of(reduce),
        RmsNormStep norm => _methods.Of(norm),
        RopeStep rope => _methods.Of(rope),
        SplitStep split => _methods.Of(split),
        ConcatStep concat => _methods.Of(concat),
        SurroundStep surround => _methods.Of(surround),
        RowsStep rows => _methods.Of(rows),
        TapsStep taps => _methods.Of(taps),
        UntapStep untap => _methods.Of(untap),
        AttendStep attend => _attends.Forward(attend),
        AttendGradientStep gradient => _attends.Gradient(gradient),
        _ => "",
    };

    /// <summary>Constants, names and types: what a model is made from. A table that the step needs is named as well, and so declared.</summary>
    [MethodImpl(Jit.Hot)]
    private StepIdentity Identity(PlanStep step, string method)
    {
        var parts = new string[3 + (3 * (step.Inputs.Count + step.Outputs.Count))];
        parts[0] = step.DetailsText;
        parts[1] = method;
        parts[2] = step switch
        {
            RopeStep rope => _tables.Frequencies(rope.Table),
            AppendStep append => Stream(append),
            HistoryStep history => State(history),
            _ => "",
        };
        for (int i = 0; i < step.Inputs.Count + step.Outputs.Count; i++)
        {
            PlanValue value = i < step.Inputs.Count ? step.Inputs[i] : step.Outputs[i - step.Inputs.Count];
            parts[3 + (3 * i)] = _names[value];
            parts[4 + (3 * i)] = value.Name;
            parts[5 + (3 * i)] = value.TypeText;
        }

        return new StepIdentity(parts);
    }

    private TemplateModel Of(PlanStep step, string method)
    {
        var model = new TemplateModel
        {
            ["y"] = _names[step.Output],
            ["y_shape"] = step.Output.TypeText,
            ["method"] = method,
        };
        switch (step)
        {
            case LinearStep linear:
                TensorType w = linear.Weight.Type;
                (string rows, string columns) = (w.Dims[w.Rank - 2].Text, w.Channels.Text);
                model["x"] = _names[linear.X];
                model["w"] = _names[linear.Weight];
                model["weight"] = linear.Weight.Name;
                model["transposed"] = linear.Transposed;
                model["sizes"] = Sizes(linear.Output.Type, skipLast: true, linear.Transposed ? rows : columns, linear.Transposed ? columns : rows);
                break;
            case OuterSumStep outer:
                model["a"] = _names[outer.A];
                model["b"] = _names[outer.B];
                model["sizes"] = Sizes(outer.A.Type, skipLast: true, outer.A.Type.Channels.Text, outer.B.Type.Channels.Text);
                break;
            case ElementwiseStep elementwise:
                model["x"] = _names[elementwise.A];
                model["b"] = _names[elementwise.B];
                model["operator"] = StepMethods.Symbol(elementwise.Operator);
                model["sizes"] = Sizes(Flat(elementwise), skipLast: false);
                break;
            case SumToStep sum:
                model["x"] = _names[sum.X];
                model["sizes"] = Sizes(sum.X.Type, skipLast: false);
                break;
            case RepeatToStep repeat:
                model["x"] = _names[repeat.X];
                model["sizes"] = Sizes(repeat.Output.Type, skipLast: false);
                break;
            case ScaleStep scale:
                model["x"] = _names[scale.X];
                model["factor"] = _scalar.Literal(scale.Factor);
                model["sizes"] = Sizes(Flat(scale.X.Type), skipLast: false);
                break;
            case ActivationStep activation:
                model["x"] = _names[activation.X];
                model["function"] = activation.Details;
                model["sizes"] = Sizes(Flat(activation.X.Type), skipLast: false);
                break;
            case ReshapeStep reshape:
                model["x"] = _names[reshape.X];
                break;
            case ReduceStep reduce:
                model["x"] = _names[reduce.X];
                model["guarded"] = reduce.Reduction == Reduction.InverseRms;
                model["epsilon"] = _scalar.Literal(reduce.Epsilon);
                model["reduction"] = reduce.Reduction switch { Reduction.Mean => "mean", Reduction.InverseNorm => "1 / norm", _ => "sum" };
                model["sizes"] = Sizes(reduce.X.Type, skipLast: false);
                break;
            case RmsNormStep norm:
                model["x"] = _names[norm.X];
                model["w"] = _names[norm.Gain];
                model["epsilon"] = _scalar.Literal(norm.Epsilon);
                model["gain_text"] = norm.OnePlus ? "(1 + w)" : "w";
                model["sizes"] = Sizes(norm.X.Type, skipLast: false);
                break;
            case RopeStep rope:
                Fill(model, rope);
                break;
            case SplitStep split:
                model["x"] = _names[split.X];
                model["outer"] = Rows(split.X.Type, split.Axis);
                model["width"] = Text(AxisParts.Width(split.X.Type, split.Axis));
                model["parts"] = AxisParts.Of(split.Outputs, split.Axis)
                    .Select(p => new TemplateModel { ["y"] = _names[p.Part], ["from"] = p.From, ["size"] = p.Size, ["shape"] = p.Part.TypeText }).ToArray();
                break;
            case ConcatStep concat:
                model["outer"] = Rows(concat.Output.Type, concat.Axis);
                model["width"] = Text(AxisParts.Width(concat.Output.Type, concat.Axis));
                model["parts"] = AxisParts.Of(concat.Inputs, concat.Axis).Select(p => new TemplateModel { ["x"] = _names[p.Part], ["from"] = p.From, ["size"] = p.Size }).ToArray();
                break;
            case SurroundStep surround:
                model["x"] = _names[surround.X];
                model["sizes"] = string.Join(", ", Text(surround.Before), Text(surround.Rows - surround.Before), Text(surround.X.Type.ConstantElements));
                break;
            case RowsStep some:
                model["x"] = _names[some.X];
                model["sizes"] = string.Join(", ", Text(some.First), Text(some.Left), Text(some.X.Type.ConstantElements));
                break;
            case TapsStep taps:
                model["x"] = _names[taps.X];
                model["length"] = Text(taps.Length);
                model["sizes"] = string.Join(", ", Text(Before(taps.X)), Text(taps.Length), Text(taps.X.Type.ConstantElements));
                break;
            case UntapStep untap:
                model["x"] = _names[untap.X];
                model["length"] = Text(untap.Length);
                model["sizes"] = string.Join(", ", Text(Before(untap.X)), Text(untap.Length), Text(untap.Output.Type.ConstantElements));
                break;
            case HistoryStep history:
                model["x"] = _names[history.X];
                model["state"] = State(history);
                model["rows"] = Text(history.Rows);
                model["content"] = history.State.Content;
                break;
            case AppendStep append:
                model["x"] = _names[append.X];
                model["stream"] = Stream(append);
                model["content"] = append.Stream.Content;
                break;
            case AttendStep attend:
                Fill(model, attend);
                break;
            case AttendGradientStep gradient:
                Fill(model, gradient.Forward);
                model["o"] = _names[gradient.Forward.Output];
                model["d_o"] = _names[gradient.OutputGradient];
                model["dq"] = _names[gradient.Outputs[0]];
                model["dk"] = _names[gradient.Outputs[1]];
                model["dv"] = _names[gradient.Outputs[2]];
                model["d_sink"] = gradient.Forward.Sink is null ? "" : _names[gradient.Outputs[3]];
                break;
            default:
                throw new PlanException("the reference has no model for " + step.Kind);
        }

        return model;
    }

    private void Fill(TemplateModel model, RopeStep step)
    {
        RotaryTable table = step.Table;
        model["x"] = _names[step.X];
        model["frequencies"] = _tables.Frequencies(table);
        model["magnitude"] = table.Magnitude == 1 ? "" : ScalarType.Double.Literal(table.Magnitude);
        model["direction"] = step.Inverse ? "-1" : "1";
        model["inverse"] = step.Inverse;
        model["pair_text"] = table.Layout == PairLayout.Interleaved ? "(2i, 2i + 1)" : "(i, i + " + Text(table.RotaryDim / 2) + ")";
        model["sizes"] = Sizes(step.X.Type, skipLast: false);
    }

    private void Fill(TemplateModel model, AttendStep step)
    {
        model["q"] = _names[step.Q];
        model["k"] = _names[step.K];
        model["v"] = _names[step.Values ?? step.K];
        model["has_sink"] = step.Sink is not null;
        model["sink"] = step.Sink is { } sink ? _names[sink] : "";
        model["lse"] = _names[step.Lse];
    }

    /// <summary>Operands of equal type are long vectors per token, whatever their heads.</summary>
    private static TensorType Flat(ElementwiseStep step) => step.A.Type == step.B.Type ? Flat(step.A.Type) : step.A.Type;

    private static TensorType Flat(TensorType type)
    {
        int symbols = type.Dims.Count(d => !d.IsConstant);
        return type.Rank - symbols < 2 ? type : new TensorType(type.Dims.Take(symbols).Append(Dim.Of(type.ConstantElements)).ToEquatableArray());
    }

    private static string Sizes(TensorType type, bool skipLast, params string[] more) => string.Join(", ", LoopNest.Arguments(type, skipLast).Concat(more));

    /// <summary>Rows in front of an axis, as C#; those of a value made from weights alone are known.</summary>
    private static string Rows(TensorType type, int axis)
    {
        long perToken = AxisParts.RowsPerToken(type, axis);
        if (type.Dims[0].IsConstant)
        {
            return Text(perToken);
        }

        string tokens = type.Dims.Contains(Dim.S) ? "rows.Batch * rows.Keys" : "rows.Batch * rows.Tokens";
        return perToken == 1 ? tokens : tokens + " * " + Text(perToken);
    }

    /// <summary>Rows before the block.</summary>
    private static long Before(PlanValue x) => x.Type.Dims[1].Kind == DimKind.Recent ? x.Type.Dims[1].Length : 0;

    private string State(HistoryStep history)
    {
        int state = 0;
        while (_states[state] != history.State)
        {
            state++;
        }

        return Text(state);
    }

    private string Stream(AppendStep append)
    {
        int stream = 0;
        while (_streams[stream] != append.Stream)
        {
            stream++;
        }

        return Text(stream);
    }

    private static string Text(long value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
