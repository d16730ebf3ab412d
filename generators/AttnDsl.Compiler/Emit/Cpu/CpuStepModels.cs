using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Runtime.CompilerServices;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;

namespace AttnDsl.Compiler.Emit.Cpu;

/// <summary>Reduces each step to the kernel call its partial prints.</summary>
internal sealed class CpuStepModels
{
    private readonly AttentionPlan _plan;
    private readonly CpuPlaces _places;
    private readonly CpuCores _cores;
    private readonly RotationTables _rotations;
    private readonly IReadOnlyList<CacheStreamSpec> _streams;
    private readonly IReadOnlyList<CacheStateSpec> _states;
    private readonly Dictionary<PlanValue, string> _cached = new();

    public CpuStepModels(CpuPlaces places, CpuCores cores, RotationTables rotations, AttentionPlan plan, IReadOnlyDictionary<PlanValue, CacheStreamSpec> cached)
    {
        _plan = plan;
        _places = places;
        _cores = cores;
        _rotations = rotations;
        _streams = plan.Cache.Streams.ToArray();
        _states = plan.Cache.States.ToArray();
        foreach (KeyValuePair<PlanValue, CacheStreamSpec> operand in cached)
        {
            _cached[operand.Key] = Number(operand.Value);
        }
    }

    /// <summary>The step as C#; "" when it only renames.</summary>
    public string Text(FusedStep fused, StepRenderer renderer)
    {
        PlanStep step = fused.Step;
        string partial = "steps/" + step.Kind;
        switch (step)
        {
            case ReshapeStep reshape:
                return Reshaped(reshape, renderer, partial);
            case AppendStep append:
                return Appended(append, renderer, partial);
            case SplitStep split:
                return Cut(split, renderer, partial);
            case AttendStep attend:
                return Attended(attend, renderer, partial);
            case AttendGradientStep gradient:
                return Differentiated(gradient, renderer, partial);
        }

        string declare = _places.Declare(fused.Output);
        string slice = step is LinearStep { Weight: var weight } && DerivedWeights.Slice(_plan, weight) is { } rows ? rows + " of " + Text(DerivedWeights.HeadRows(_plan, rows)) : "";
        string[] names = [declare, slice, _places[fused.Output], fused.Bias is { } bias ? _places[bias] : "", step is RopeStep rope ? _rotations.Of(rope.Table) : step is HistoryStep past ? State(past) : "", .. step.Inputs.Select(i => _places[i])];
        return renderer.Render(partial, Identity(step, names), () => Of(fused, declare));
    }

    /// <summary>Constants, types and names: what a model is made from.</summary>
    [MethodImpl(Jit.Hot)]
    private static StepIdentity Identity(PlanStep step, params string[] names)
    {
        int inputs = step.Inputs.Count;
        int values = inputs + step.Outputs.Count;
        var parts = new string[1 + values + names.Length];
        parts[0] = step.DetailsText;
        for (int i = 0; i < values; i++)
        {
            parts[1 + i] = (i < inputs ? step.Inputs[i] : step.Outputs[i - inputs]).TypeText;
        }

        names.CopyTo(parts, 1 + values);
        return new StepIdentity(parts);
    }

    private TemplateModel Of(FusedStep fused, string declare)
    {
        PlanStep step = fused.Step;
        var model = new TemplateModel { ["declare"] = declare, ["y"] = _places[fused.Output], ["x"] = _places[step.Inputs[0]] };
        switch (step)
        {
            case LinearStep linear:
                int rows = linear.Weight.Type.Rank - 2;
                model["w"] = _places[linear.Weight];
                model["transposed"] = linear.Transposed;
                model["bias"] = fused.Bias is { } bias ? _places[bias] : linear.Transposed ? "" : "default";
                model["output"] = linear.Weight.Type.Dims[rows].Text;
                model["input"] = linear.Weight.Type.Channels.Text;
                model["heads"] = linear.PerHead ? linear.Weight.Type.Dims[0].Text : "1";
                model["count"] = Vectors(linear.X, linear.PerHead);
                HeadSlice? slice = DerivedWeights.Slice(_plan, linear.Weight);
                model["head_rows"] = slice is null ? "" : Text(DerivedWeights.HeadRows(_plan, slice));
                model["from"] = slice is null ? "" : Text(slice.From);
                break;
            case OuterSumStep outer:
                model["b"] = _places[outer.B];
                model["rows"] = outer.A.Type.Channels.Text;
                model["columns"] = outer.B.Type.Channels.Text;
                model["heads"] = outer.PerHead ? outer.A.Type.Dims[outer.A.Type.Rank - 2].Text : "1";
                model["count"] = Vectors(outer.A, outer.PerHead);
                break;
            case ElementwiseStep elementwise:
                model["operator"] = elementwise.Operator.ToString();
                model["b"] = _places[elementwise.B];
                model["shape"] = Shape(elementwise.A.Type);
                model["narrow"] = Shape(elementwise.B.Type);
                break;
            case SumToStep sum:
                model["shape"] = Shape(sum.X.Type);
                model["narrow"] = Shape(sum.Output.Type);
                break;
            case RepeatToStep repeat:
                model["shape"] = Shape(repeat.Output.Type);
                model["narrow"] = Shape(repeat.X.Type);
                break;
            case ActivationStep activation:
                model["function"] = activation.Activation.ToString();
                break;
            case ScaleStep scale:
                model["factor"] = ScalarType.Single.Literal(scale.Factor);
                break;
            case ReduceStep reduce:
                model["reduction"] = reduce.Reduction.ToString();
                model["width"] = reduce.X.Type.Channels.Text;
                model["epsilon"] = reduce.Reduction == Reduction.InverseRms ? ScalarType.Double.Literal(reduce.Epsilon) : "";
                break;
            case RmsNormStep norm:
                model["gain"] = _places[norm.Gain];
                model["width"] = norm.X.Type.Channels.Text;
                model["epsilon"] = ScalarType.Double.Literal(norm.Epsilon);
                model["one_plus"] = norm.OnePlus;
                break;
            case ConcatStep concat:
                model["width"] = Text(AxisParts.Width(concat.Output.Type, concat.Axis));
                model["parts"] = AxisParts.Of(concat.Inputs, concat.Axis).Select(p => new TemplateModel { ["x"] = _places[p.Part], ["from"] = p.From, ["size"] = p.Size }).ToArray();
                break;
            case SurroundStep surround:
                model["before"] = Text(surround.Before);
                model["behind"] = Text(surround.Rows - surround.Before);
                model["width"] = Text(surround.X.Type.ConstantElements);
                break;
            case RowsStep some:
                model["first"] = Text(some.First);
                model["left"] = Text(some.Left);
                model["width"] = Text(some.X.Type.ConstantElements);
                break;
            case TapsStep taps:
                model["length"] = Text(taps.Length);
                model["width"] = Text(taps.X.Type.ConstantElements);
                break;
            case UntapStep untap:
                model["length"] = Text(untap.Length);
                model["width"] = Text(untap.Output.Type.ConstantElements);
                break;
            case HistoryStep history:
                model["state"] = State(history);
                model["content"] = history.State.Content;
                break;
            case RopeStep rope:
                model["rotation"] = _rotations.Of(rope.Table);
                model["heads"] = rope.X.Type.Dims[2].Text;
                model["width"] = rope.X.Type.Channels.Text;
                model["inverse"] = rope.Inverse;
                model["keys"] = CpuPlaces.IsOverKeys(rope.X);
                break;
            default:
                throw new PlanException("the CPU has no model for " + step.Kind);
        }

        return model;
    }

    private string Appended(AppendStep append, StepRenderer renderer, string partial)
    {
        string stream = Number(append.Stream);
        _cached[append.Output] = stream;
        string declare = _places.IsGathered(append) ? _places.Declare(append.Output) : "";
        string y = declare.Length > 0 ? _places[append.Output] : "";
        return renderer.Render(
            partial,
            Identity(append, stream, _places[append.X], declare, y, append.Stream.Content),
            () => new TemplateModel { ["x"] = _places[append.X], ["stream"] = stream, ["content"] = append.Stream.Content, ["declare"] = declare, ["y"] = y });
    }

    private string Cut(SplitStep split, StepRenderer renderer, string partial)
    {
        string[] declarations = split.Outputs.Select(_places.Declare).ToArray();
        string[] names = [_places[split.X], .. declarations, .. split.Outputs.Select(o => _places[o])];
        return renderer.Render(partial, Identity(split, names), () => new TemplateModel
        {
            ["x"] = _places[split.X],
            ["width"] = Text(AxisParts.Width(split.X.Type, split.Axis)),
            ["parts"] = AxisParts.Of(split.Outputs, split.Axis)
                .Select((p, i) => new TemplateModel { ["declare"] = declarations[i], ["y"] = _places[p.Part], ["from"] = p.From, ["size"] = p.Size }).ToArray(),
        });
    }

    private string Reshaped(ReshapeStep step, StepRenderer renderer, string partial)
    {
        // Only the caller's own places cannot be renamed: what goes there is copied.
        if (!_places.IsDestination(step.Output))
        {
            _places.Alias(step.Output, step.X);
            return "";
        }

        string declare = _places.Declare(step.Output);
        return renderer.Render(
            partial,
            Identity(step, declare, _places[step.X], _places[step.Output]),
            () => new TemplateModel { ["declare"] = declare, ["x"] = _places[step.X], ["y"] = _places[step.Output] });
    }

    private string Attended(AttendStep step, StepRenderer renderer, string partial)
    {
        TemplateModel core = _cores.Of(step);
        string? viewed = null;
        bool cached = _cached.TryGetValue(step.K, out string? keys) && (step.Values is null ? _places.ReadsCache(step) : _cached.TryGetValue(step.Values, out viewed));
        bool prefix = step.Values is null;
        bool valuesCached = !cached && !prefix && _places.IsViewed(step, step.Values!) && _cached.TryGetValue(step.Values!, out viewed);
        string declare = _places.Declare(step.Output);
        string declareLse = _places.IsUsed(step.Lse) ? _places.Declare(step.Lse) : "";
        string lse = _places.IsUsed(step.Lse) ? _places[step.Lse] : "default";
        string k = cached ? keys! : _places[step.K];
        string v = prefix ? k : cached || valuesCached ? viewed! : _places[step.Values!];
        string keyType = cached ? StoredType(k) : "";
        string valueType = cached || valuesCached ? StoredType(v) : "";
        string sinks = step.Sink is { } sink ? _places[sink] : "default";
        (string geometry, string score, string mask) = ((string)core["geometry"]!, (string)core["score"]!, (string)core["mask"]!);
        StepIdentity identity = Identity(step, cached ? "cached" : _places.IsStrided ? "strided" : "", declare, declareLse, _places[step.Output], lse, _places[step.Q], k, v, keyType, valueType, sinks, geometry, score, mask);
        return renderer.Render(partial, identity, () => new TemplateModel
        {
            ["declare"] = declare,
            ["declare_lse"] = declareLse,
            ["y"] = _places[step.Output],
            ["lse"] = lse,
            ["q"] = _places[step.Q],
            ["cached"] = cached,
            ["values_cached"] = valuesCached,
            ["strided"] = _places.IsStrided,
            ["k"] = k,
            ["v"] = v,
            ["key_type"] = keyType,
            ["value_type"] = valueType,
            ["sinks"] = sinks,
            ["geometry"] = geometry,
            ["score"] = score,
            ["mask"] = mask,
            ["key_heads"] = Text(step.Settings.Key.Heads),
            ["value_heads"] = Text(prefix ? step.Settings.Key.Heads : step.Settings.Value.Heads),
            ["key_width"] = Text(step.KeyWidth),
            ["value_stride"] = Text(prefix ? step.KeyWidth : step.ValueWidth),
            ["key_tokens"] = step.K.Type.Dims[1] == Dim.S ? "rows.Keys" : "rows.Tokens",
        });
    }

    /// <summary>What the memory of a stream holds.</summary>
    private string StoredType(string stream) => _plan.Cache.ElementOf(_streams.Single(s => Number(s) == stream)) == CacheScalar.Float32 ? "float" : "ushort";

    private string Differentiated(AttendGradientStep step, StepRenderer renderer, string partial)
    {
        AttendStep forward = step.Forward;
        TemplateModel core = _cores.Of(forward);
        bool hasSink = forward.Sink is not null;
        string[] declarations = step.Outputs.Select(_places.Declare).ToArray();
        string declare = string.Join("\n", declarations.Where(d => d.Length > 0));
        string sinks = hasSink ? _places[forward.Sink!] : "default";
        string sinkGradient = hasSink ? _places[step.Outputs[3]] : "default";
        (string q, string k, string v) = (_places[forward.Q], _places[forward.K], _places[forward.Values!]);
        (string o, string lse, string dO) = (_places[forward.Output], _places[forward.Lse], _places[step.OutputGradient]);
        (string dq, string dk, string dv) = (_places[step.Outputs[0]], _places[step.Outputs[1]], _places[step.Outputs[2]]);
        (string geometry, string score, string mask) = ((string)core["geometry"]!, (string)core["score"]!, (string)core["mask"]!);
        return renderer.Render(partial, Identity(step, declare, q, k, v, sinks, o, lse, dO, geometry, score, mask, dq, dk, dv, sinkGradient), () => new TemplateModel
        {
            ["declare"] = declare,
            ["q"] = q,
            ["k"] = k,
            ["v"] = v,
            ["sinks"] = sinks,
            ["o"] = o,
            ["lse"] = lse,
            ["d_o"] = dO,
            ["geometry"] = geometry,
            ["score"] = score,
            ["mask"] = mask,
            ["dq"] = dq,
            ["dk"] = dk,
            ["dv"] = dv,
            ["d_sinks"] = sinkGradient,
        });
    }

    // A collection expression of constants alone allocates in a consumer's Debug build, which does not inline RuntimeHelpers.CreateSpan.
    /// <summary>Extents with the batch and token axes as one.</summary>
    private static string Shape(TensorType type) => type.Dims[0].IsConstant
        ? "stackalloc[] { " + string.Join(", ", type.Dims.Select(d => d.Text)) + " }"
        : "[" + CpuPlaces.Count(type) + ", " + string.Join(", ", type.Dims.Skip(2).Select(d => d.Text)) + "]";

    /// <summary>Vectors of a value that one matrix maps: those of all tokens, and of all heads unless each has its own.</summary>
    private static string Vectors(PlanValue x, bool perHead)
    {
        long each = x.Type.ConstantElements / x.Type.Channels.Size / (perHead ? x.Type.Dims[x.Type.Rank - 2].Size : 1);
        return CpuPlaces.Count(x.Type) + (each == 1 ? "" : " * " + Text(each));
    }

    private string State(HistoryStep history) => Text(_states.ToList().IndexOf(history.State));

    private string Number(CacheStreamSpec stream) => Text(_streams.ToList().IndexOf(stream));

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
