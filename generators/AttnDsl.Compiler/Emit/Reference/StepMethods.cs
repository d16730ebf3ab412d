using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;

namespace AttnDsl.Compiler.Emit.Reference;

/// <summary>
/// The loops of a generated class: one private method per kind of step and pattern of its operands. Sizes are parameters, so that all bodies share the method and the bodies
/// read like the formula.
/// </summary>
internal sealed class StepMethods(ScalarType scalar, StepRenderer renderer)
{
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly List<string> _texts = new();

    /// <summary>The methods in order of first use.</summary>
    public IReadOnlyList<string> Texts => _texts;

    /// <summary>Name of the method that runs a step.</summary>
    public string Of(LinearStep step)
    {
        string pattern = LoopNest.Pattern(step.X.Type, step.X.Type) + (step.PerHead ? " per head" : "");
        return Method(step, step.Transposed ? "LinearTransposed" : "Linear", pattern, () =>
        {
            var nest = new LoopNest(step.Output.Type, skipLast: true);
            TemplateModel model = Model(nest, step.Output.Type, nest.Size(step.Output.Type, "outputs"), "inputs", "outputs");
            (string row, string column, string rows, string columns) = step.Transposed ? ("c", "r", "inputs", "outputs") : ("r", "c", "outputs", "inputs");
            model["transposed"] = step.Transposed;
            model["per_head"] = step.PerHead;
            model["x_index"] = nest.Index(step.X.Type, ("c", "inputs"));
            model["y_index"] = nest.Index(step.Output.Type, ("r", "outputs"));
            model["w_index"] = (step.PerHead ? "(h * " + rows + " + " + row + ")" : row) + " * " + columns + " + " + column;
            return model;
        });
    }

    public string Of(OuterSumStep step) => Method(step, "OuterSum", LoopNest.Pattern(step.A.Type, step.A.Type) + (step.PerHead ? " per head" : ""), () =>
    {
        var nest = new LoopNest(step.A.Type, skipLast: true);
        TemplateModel model = Model(nest, step.A.Type, step.PerHead ? "heads, outputs, inputs" : "outputs, inputs", "outputs", "inputs");
        model["per_head"] = step.PerHead;
        model["a_index"] = nest.Index(step.A.Type, ("r", "outputs"));
        model["x_index"] = nest.Index(step.B.Type, ("c", "inputs"));
        model["y_index"] = (step.PerHead ? "(h * outputs + r)" : "r") + " * inputs + c";
        return model;
    });

    public string Of(ElementwiseStep step, TensorType type, TensorType other) => Method(step, Name(step.Operator) + (type == other ? "" : other.Channels == type.Channels ? "Channels" : "Rows"), LoopNest.Pattern(type, type) + " " + LoopNest.Pattern(other, type), () =>
    {
        var nest = new LoopNest(type, skipLast: false);
        TemplateModel model = Model(nest, type, nest.Size(type));
        model["operator"] = Symbol(step.Operator);
        model["repeats"] = type != other;
        model["x_index"] = nest.Index(type);
        model["w_index"] = nest.Index(other);
        model["y_index"] = nest.Index(type);
        return model;
    });

    public string Of(ScaleStep step, TensorType type) => Method(step, "Scale", LoopNest.Pattern(type, type), () =>
    {
        var nest = new LoopNest(type, skipLast: false);
        return Mapped(nest, type, type, nest.Size(type));
    });

    public string Of(ActivationStep step, TensorType type) => Method(step, step.Activation.ToString(), LoopNest.Pattern(type, type), () =>
    {
        var nest = new LoopNest(type, skipLast: false);
        TemplateModel model = Mapped(nest, type, type, nest.Size(type));
        (model["formula"], model["result"]) = Activations.Of(step.Activation, scalar);
        return model;
    });

    public string Of(SumToStep step) => Method(step, "SumTo", LoopNest.Pattern(step.X.Type, step.X.Type) + " " + LoopNest.Pattern(step.Output.Type, step.X.Type), () =>
    {
        var nest = new LoopNest(step.X.Type, skipLast: false);
        return Mapped(nest, step.X.Type, step.Output.Type, nest.Size(step.Output.Type));
    });

    public string Of(RepeatToStep step) => Method(step, "Repeat", LoopNest.Pattern(step.Output.Type, step.Output.Type) + " " + LoopNest.Pattern(step.X.Type, step.Output.Type), () =>
    {
        var nest = new LoopNest(step.Output.Type, skipLast: false);
        return Mapped(nest, step.X.Type, step.Output.Type, nest.Size(step.Output.Type));
    });

    public string Of(ReduceStep step) => Method(step, step.Reduction.ToString(), LoopNest.Pattern(step.X.Type, step.X.Type), () =>
    {
        var nest = new LoopNest(step.X.Type, skipLast: true);
        TemplateModel model = Model(nest, step.X.Type, nest.Size(step.Output.Type, "1"), "width");
        model["squares"] = step.Reduction is Reduction.InverseRms or Reduction.InverseNorm;
        model["guarded"] = step.Reduction == Reduction.InverseRms;
        model["x_index"] = nest.Index(step.X.Type, ("c", "width"));
        model["y_index"] = nest.Index(step.Output.Type, ("0", "1"));
        (model["formula"], model["result"]) = step.Reduction switch
        {
            Reduction.Sum => ("y = Σ x", "sum"),
            Reduction.Mean => ("y = mean(x)", "sum / width"),
            Reduction.InverseNorm => ("y = 1 / max(√(Σ x²), ε)", "1 / " + scalar.Keyword + ".Max(" + scalar.Keyword + ".Sqrt(sum), " + scalar.Keyword + ".BitIncrement(1) - 1)"),
            _ => ("y = 1 / √(mean(x²) + ε)", "1 / " + scalar.Keyword + ".Sqrt(sum / width + epsilon)"),
        };
        return model;
    });

    public string Of(RmsNormStep step) => Method(step, step.OnePlus ? "RmsNormOnePlus" : "RmsNorm", LoopNest.Pattern(step.X.Type, step.X.Type), () =>
    {
        var nest = new LoopNest(step.X.Type, skipLast: true);
        TemplateModel model = Model(nest, step.X.Type, nest.Size(step.X.Type), "width");
        model["index"] = nest.Index(step.X.Type, ("c", "width"));
        model["gain"] = step.OnePlus ? "(1 + w[c])" : "w[c]";
        model["gain_text"] = step.OnePlus ? "(1 + w)" : "w";
        return model;
    });

    public string Of(RopeStep step)
    {
        bool interleaved = step.Table.Layout == PairLayout.Interleaved;
        bool passes = step.Table.RotaryDim < step.X.Type.Channels.Size;
        bool scaled = step.Table.Magnitude != 1;
        string pattern = LoopNest.Pattern(step.X.Type, step.X.Type) + (interleaved ? " interleaved" : "") + (passes ? " part" : "") + (scaled ? " scaled" : "");
        return Method(step, "Rotate", pattern, () =>
        {
            var nest = new LoopNest(step.X.Type, skipLast: true);
            TemplateModel model = Model(nest, step.X.Type, nest.Size(step.X.Type), "width");
            model["start"] = nest.Index(step.X.Type, ("0", "width"));
            model["u"] = interleaved ? "2 * pair" : "pair";
            model["v"] = interleaved ? "2 * pair + 1" : "pair + half";
            model["pair_text"] = interleaved ? "(2i, 2i + 1)" : "(i, i + half)";
            model["position"] = step.X.Type.Dims[1] == Dim.S ? "KeyPosition" : "Position";
            model["passes"] = passes;
            model["scaled"] = scaled;
            model["cos"] = Turn("Cos", scaled);
            model["sin"] = Turn("Sin", scaled);
            return model;
        });
    }

    public string Of(SplitStep step) => Method(step, "Part", "", () => new TemplateModel());

    public string Of(ConcatStep step) => Method(step, "Place", "", () => new TemplateModel());

    /// <summary>Rows of each head of a stored weight.</summary>
    public string Of(HeadSlice slice) => Method("head_slice", "HeadRows", "", () => new TemplateModel());

    public string Of(SurroundStep step) => Method(step, "Surround", "", () => new TemplateModel());

    public string Of(RowsStep step) => Method(step, "Rows", "", () => new TemplateModel());

    public string Of(TapsStep step) => Method(step, "Taps", "", () => new TemplateModel());

    public string Of(UntapStep step) => Method(step, "Untap", "", () => new TemplateModel());

    public static string Symbol(ElementwiseOperator op) => op switch
    {
        ElementwiseOperator.Add => "+",
        ElementwiseOperator.Subtract => "-",
        _ => "*",
    };

    private static string Name(ElementwiseOperator op) => op switch
    {
        ElementwiseOperator.Add => "Add",
        ElementwiseOperator.Subtract => "Subtract",
        _ => "Multiply",
    };

    /// <summary>Angles are doubles whatever the class computes in.</summary>
    private string Turn(string function, bool scaled)
    {
        string value = (scaled ? "magnitude * " : "") + "double." + function + "(angle)";
        return scalar.FromDouble.Length == 0 ? value : scalar.FromDouble + (scaled ? "(" + value + ")" : value);
    }

    /// <summary>The method's name; its text is written the first time.</summary>
    private string Method(PlanStep step, string name, string pattern, Func<TemplateModel> model) => Method(step.Kind, name, pattern, model);

    private string Method(string kind, string name, string pattern, Func<TemplateModel> model)
    {
        string key = name + " " + pattern;
        if (!_names.TryGetValue(key, out string? method))
        {
            method = name;
            for (int i = 2; !_taken.Add(method); i++)
            {
                method = name + i.ToString(CultureInfo.InvariantCulture);
            }

            _names.Add(key, method);
            _texts.Add(renderer.Render("methods/" + kind, method + "\n" + key, () =>
            {
                TemplateModel values = model();
                values["method"] = method;
                return values;
            }));
        }

        return method;
    }

    private static TemplateModel Mapped(LoopNest nest, TensorType x, TensorType y, string size)
    {
        TemplateModel model = Model(nest, x.Rank >= y.Rank ? x : y, size);
        model["x_index"] = nest.Index(x);
        model["y_index"] = nest.Index(y);
        return model;
    }

    /// <param name="nest">The loops.</param>
    /// <param name="type">The type looped over.</param>
    /// <param name="size">Extents of the result.</param>
    /// <param name="more">Parameters beside the extents looped over.</param>
    private static TemplateModel Model(LoopNest nest, TensorType type, string size, params string[] more) => new()
    {
        ["loops"] = nest.Loops,
        ["parameters"] = string.Join(", ", nest.Parameters.Concat(more).Select(p => "int " + p)),
        ["y_size"] = size,
        ["batch"] = type.Dims.Contains(Dim.B),
        ["tokens"] = type.Dims.Any(d => d == Dim.T || d.Kind == DimKind.Recent),
        ["keys"] = type.Dims.Contains(Dim.S),
    };
}
