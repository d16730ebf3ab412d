using System.Collections.Generic;
using System.Linq;
using System.Text;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;
using Scriban.Runtime;

namespace AttnDsl.Compiler.Emit.Reference;

/// <summary>Reduces each step of a body to the names, numbers and expressions its template partial prints. No logic is left to the templates.</summary>
internal sealed class StepModels
{
    private readonly ScalarType _scalar;
    private readonly ReferenceTables _tables;
    private readonly Dictionary<PlanValue, string> _names;
    private readonly Identifiers _identifiers;
    private readonly IReadOnlyList<CacheStreamSpec> _streams;
    private readonly AttendMethods _attends;

    public StepModels(ScalarType scalar, ReferenceTables tables, AttendMethods attends, Dictionary<PlanValue, string> names, Identifiers identifiers, IReadOnlyList<CacheStreamSpec> streams)
    {
        _scalar = scalar;
        _tables = tables;
        _attends = attends;
        _names = names;
        _identifiers = identifiers;
        _streams = streams;
    }

    /// <summary>The step as C#.</summary>
    public string Text(PlanStep step, StepRenderer renderer)
    {
        foreach (PlanValue output in step.Outputs)
        {
            _names[output] = _identifiers.Local(output.Name);
        }

        return renderer.Render("steps/" + step.Kind, Identity(step), () => Of(step));
    }

    /// <summary>Constants, names and types: what a model is made from. A table or a method that the step needs is named as well, and so declared even when the text is remembered.</summary>
    private string Identity(PlanStep step)
    {
        var identity = new StringBuilder(step.Details);
        foreach (PlanValue value in step.Inputs.Concat(step.Outputs))
        {
            identity.Append('\n').Append(_names[value]).Append(' ').Append(value.Name).Append(value.Type);
        }

        return identity.Append('\n').Append(step switch
        {
            RopeStep rope => _tables.Frequencies(rope.Table),
            AttendStep attend => _attends.Forward(attend),
            AttendGradientStep gradient => _attends.Gradient(gradient),
            AppendStep append => Text(_streams.ToList().IndexOf(append.Stream)),
            _ => "",
        }).ToString();
    }

    private ScriptObject Of(PlanStep step)
    {
        var model = new ScriptObject
        {
            ["kind"] = step.Kind,
            ["y"] = _names[step.Output],
            ["y_shape"] = step.Output.Type.ToString(),
            ["y_size"] = Size(step.Output),
        };
        switch (step)
        {
            case LinearStep linear:
                Fill(model, linear);
                break;
            case OuterSumStep outer:
                Fill(model, outer);
                break;
            case ElementwiseStep elementwise:
                Fill(model, elementwise);
                break;
            case SumToStep sum:
                Fill(model, new LoopNest(sum.X.Type, skipLast: false), sum.X, sum.Output);
                break;
            case RepeatToStep repeat:
                Fill(model, new LoopNest(repeat.Output.Type, skipLast: false), repeat.X, repeat.Output);
                break;
            case ScaleStep scale:
                Fill(model, new LoopNest(scale.X.Type, skipLast: false), scale.X, scale.Output);
                model["factor"] = _scalar.Literal(scale.Factor);
                break;
            case ReshapeStep reshape:
                model["x"] = _names[reshape.X];
                break;
            case ReduceStep reduce:
                Fill(model, reduce);
                break;
            case RmsNormStep norm:
                Fill(model, norm);
                break;
            case RopeStep rope:
                Fill(model, rope);
                break;
            case AppendStep append:
                model["x"] = _names[append.X];
                model["stream"] = _streams.ToList().IndexOf(append.Stream);
                model["content"] = append.Stream.Content;
                break;
            case AttendStep attend:
                Fill(model, attend);
                break;
            case AttendGradientStep gradient:
                Fill(model, gradient);
                break;
            default:
                throw new PlanException("the reference has no model for " + step.Kind);
        }

        return model;
    }

    private void Fill(ScriptObject model, LinearStep step)
    {
        bool perHead = step.PerHead;
        var nest = new LoopNest(step.Output.Type, skipLast: true);
        (string rows, string columns) = (step.Weight.Type.Dims[step.Weight.Type.Rank - 2].Text, step.Weight.Type.Channels.Text);
        string head = perHead ? "h * " + rows + " + " : "";
        model["open"] = nest.Open;
        model["close"] = nest.Close;
        model["x"] = _names[step.X];
        model["w"] = _names[step.Weight];
        model["weight"] = step.Weight.Name;
        model["transposed"] = step.Transposed;
        model["outputs"] = step.Transposed ? columns : rows;
        model["inputs"] = step.Transposed ? rows : columns;
        model["x_index"] = nest.Index(step.X.Type, "c");
        model["y_index"] = nest.Index(step.Output.Type, "r");
        string row = step.Transposed ? "c" : "r";
        model["w_index"] = (perHead ? "(" + head + row + ")" : row) + " * " + columns + " + " + (step.Transposed ? "r" : "c");
    }

    private void Fill(ScriptObject model, OuterSumStep step)
    {
        var nest = new LoopNest(step.A.Type, skipLast: true);
        string rows = step.A.Type.Channels.Text;
        string columns = step.B.Type.Channels.Text;
        model["open"] = nest.Open;
        model["close"] = nest.Close;
        model["a"] = _names[step.A];
        model["b"] = _names[step.B];
        model["rows"] = rows;
        model["columns"] = columns;
        model["a_index"] = nest.Index(step.A.Type, "r");
        model["b_index"] = nest.Index(step.B.Type, "c");
        model["y_index"] = (step.PerHead ? "(h * " + rows + " + r)" : "r") + " * " + columns + " + c";
    }

    private void Fill(ScriptObject model, ElementwiseStep step)
    {
        var nest = new LoopNest(step.A.Type, skipLast: false);
        Fill(model, nest, step.A, step.Output);
        model["b"] = _names[step.B];
        model["b_index"] = nest.Index(step.B.Type);
        model["operator"] = step.Operator switch
        {
            ElementwiseOperator.Add => "+",
            ElementwiseOperator.Subtract => "-",
            _ => "*",
        };
    }

    private void Fill(ScriptObject model, ReduceStep step)
    {
        var nest = new LoopNest(step.X.Type, skipLast: true);
        model["open"] = nest.Open;
        model["close"] = nest.Close;
        model["x"] = _names[step.X];
        model["x_index"] = nest.Index(step.X.Type, "c");
        model["y_index"] = nest.Index(step.Output.Type);
        model["channels"] = step.X.Type.Channels.Text;
        model["squares"] = step.Reduction == Reduction.InverseRms;
        model["result"] = step.Reduction switch
        {
            Reduction.Sum => "sum",
            Reduction.Mean => "sum / " + step.X.Type.Channels.Text,
            _ => "1 / " + _scalar.Keyword + ".Sqrt(sum / " + step.X.Type.Channels.Text + " + " + _scalar.Literal(step.Epsilon) + ")",
        };
    }

    private void Fill(ScriptObject model, RmsNormStep step)
    {
        var nest = new LoopNest(step.X.Type, skipLast: true);
        model["open"] = nest.Open;
        model["close"] = nest.Close;
        model["x"] = _names[step.X];
        model["w"] = _names[step.Gain];
        model["index"] = nest.Index(step.X.Type, "c");
        model["channels"] = step.X.Type.Channels.Text;
        model["epsilon"] = _scalar.Literal(step.Epsilon);
        model["gain"] = step.OnePlus ? "(1 + " + _names[step.Gain] + "[c])" : _names[step.Gain] + "[c]";
        model["gain_text"] = step.OnePlus ? "(1 + w)" : "w";
    }

    private void Fill(ScriptObject model, RopeStep step)
    {
        RotaryTable table = step.Table;
        var nest = new LoopNest(step.X.Type, skipLast: true);
        string half = Text(table.RotaryDim / 2);
        model["open"] = nest.Open;
        model["close"] = nest.Close;
        model["x"] = _names[step.X];
        model["start"] = nest.Index(step.X.Type, "0");
        model["pairs"] = half;
        model["frequencies"] = _tables.Frequencies(table);
        model["u"] = table.Layout == PairLayout.Interleaved ? "2 * pair" : "pair";
        model["v"] = table.Layout == PairLayout.Interleaved ? "2 * pair + 1" : "pair + " + half;
        model["pair_text"] = table.Layout == PairLayout.Interleaved ? "(2i, 2i + 1)" : "(i, i + " + half + ")";
        model["sign"] = step.Inverse ? "-" : "";
        model["cos"] = Turn("Cos", table.Magnitude);
        model["sin"] = Turn("Sin", table.Magnitude);
        model["rotary"] = Text(table.RotaryDim);
        model["width"] = step.X.Type.Channels.Text;
        model["passes"] = table.RotaryDim < step.X.Type.Channels.Size;
        model["inverse"] = step.Inverse;
    }

    /// <summary>Angles are doubles whatever the class computes in.</summary>
    private string Turn(string function, double magnitude)
    {
        string value = (magnitude == 1 ? "" : ScalarType.Double.Literal(magnitude) + " * ") + "double." + function + "(angle)";
        return _scalar.FromDouble.Length == 0 ? value : _scalar.FromDouble + (magnitude == 1 ? value : "(" + value + ")");
    }

    private void Fill(ScriptObject model, AttendStep step)
    {
        model["method"] = _attends.Forward(step);
        model["q"] = _names[step.Q];
        model["k"] = _names[step.K];
        model["v"] = _names[step.Values ?? step.K];
        model["has_sink"] = step.Sink is not null;
        model["sink"] = step.Sink is { } sink ? _names[sink] : "";
        model["lse"] = _names[step.Lse];
    }

    private void Fill(ScriptObject model, AttendGradientStep step)
    {
        Fill(model, step.Forward);
        model["method"] = _attends.Gradient(step);
        model["o"] = _names[step.Forward.Output];
        model["d_o"] = _names[step.OutputGradient];
        model["dq"] = _names[step.Outputs[0]];
        model["dk"] = _names[step.Outputs[1]];
        model["dv"] = _names[step.Outputs[2]];
        model["d_sink"] = step.Forward.Sink is null ? "" : _names[step.Outputs[3]];
    }

    private void Fill(ScriptObject model, LoopNest nest, PlanValue x, PlanValue y)
    {
        model["open"] = nest.Open;
        model["close"] = nest.Close;
        model["x"] = _names[x];
        model["x_index"] = nest.Index(x.Type);
        model["y_index"] = nest.Index(y.Type);
    }

    private static string Size(PlanValue value) => string.Join(", ", LoopNest.Extents(value.Type));

    private static string Text(long value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
