using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Steps;

namespace AttnDsl.Compiler.Emit.Cpu;

/// <summary>Where each value of a body lives: a parameter, a weight, the caller's output, a gradient tensor, or a part of the call's scratch.</summary>
internal sealed class CpuPlaces
{
    private readonly PlanBody _body;
    private readonly Dictionary<PlanValue, string> _names;
    private readonly Dictionary<PlanValue, string> _destinations = new();
    private readonly Identifiers _identifiers;

    public CpuPlaces(PlanBody body, Identifiers identifiers)
    {
        _identifiers = identifiers;
        _body = body;
        _names = new Dictionary<PlanValue, string>(2 * body.Steps.Count);
        IsStrided = body.Name == BodyNames.Core;
        foreach (PlanValue input in body.Inputs)
        {
            _names[input] = input.Name switch
            {
                "x" => "x",
                "q" => "query",
                "k" => IsStrided ? "keys" : "key",
                "v" => IsStrided ? "values" : "value",
                "o" => "output",
                "o_lse" => "lse",
                _ => "outputGradient",
            };
        }

        identifiers.Local("x");
        foreach (PlanValue weight in body.Weights)
        {
            _names[weight] = identifiers.Local(weight.Name);
        }

        Destinations(body);
    }

    /// <summary>True when the body's keys and values arrive at any strides, not as dense spans.</summary>
    public bool IsStrided { get; }

    /// <summary>Floats of scratch per token.</summary>
    public long FloatsPerToken { get; private set; }

    /// <summary>Floats of scratch per visible key.</summary>
    public long FloatsPerKey { get; private set; }

    /// <summary>Floats of scratch per row of the batch, whatever its tokens.</summary>
    public long FloatsPerRow { get; private set; }

    /// <summary>Floats of scratch whatever the call.</summary>
    public long Floats { get; private set; }

    /// <summary>Parts of scratch.</summary>
    public int Parts { get; private set; }

    /// <summary>True when the caller says where the value goes.</summary>
    public bool IsDestination(PlanValue value) => _destinations.ContainsKey(value);

    /// <summary>True when a step or the caller reads the value.</summary>
    public bool IsUsed(PlanValue value) => Fusions.Readers(_body, value) > 0;

    public string this[PlanValue value] => _names[value];

    /// <summary>Gives a value the place of another: a reshape moves nothing.</summary>
    public void Alias(PlanValue value, PlanValue of) => _names[value] = _names[of];

    /// <summary>True when rows of the value are visible keys, not new tokens.</summary>
    public static bool IsOverKeys(PlanValue value) => value.Type.Rank > 1 && value.Type.Dims[1] == Dim.S;

    /// <summary>Rows of time of a value, of all rows of the batch together, as generated code calls them.</summary>
    public static string Count(TensorType type) => type.Dims[1] == Dim.S ? "keyCount"
        : type.Dims[1].Kind == DimKind.Recent ? "rows.Batch * (rows.Tokens + " + Text(type.Dims[1].Length) + ")"
        : "count";

    /// <summary>Declares where a step's output goes and returns the declaration, empty when the place exists already.</summary>
    public string Declare(PlanValue value)
    {
        if (_destinations.TryGetValue(value, out string? destination))
        {
            if (!destination.Contains("."))
            {
                _names[value] = destination;
                return "";
            }

            _names[value] = _identifiers.Local(value.Name);
            return "global::System.Span<float> " + _names[value] + " = " + destination + ";";
        }

        long width = value.Type.ConstantElements;
        string name = _identifiers.Local(value.Name);
        _names[value] = name;
        Parts++;
        if (value.Type.Dims[0].IsConstant)
        {
            // Something on the way to a weight's gradient, or made from a weight alone.
            Floats += width;
            return "global::System.Span<float> " + name + " = scratch.Take(1, " + Text(width) + "); // " + value.Type;
        }

        Dim rows = value.Type.Dims[1];
        FloatsPerKey += rows == Dim.S ? width : 0;
        FloatsPerToken += rows == Dim.S ? 0 : width;
        FloatsPerRow += rows.Kind == DimKind.Recent ? rows.Length * width : 0;
        return "global::System.Span<float> " + name + " = scratch.Take(" + Count(value.Type) + ", " + Text(width) + "); // " + value.Type;
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>True when a core reads a cached stream where it lies; everything else needs the stream's tokens side by side.</summary>
    public bool IsGathered(AppendStep append) => _body.Steps.Any(s => s.Inputs.Contains(append.Output) && !(s is AttendStep core && (ReadsCache(core) || IsViewed(core, append.Output))));

    /// <summary>True when the core reads the values where the cache has them, beside keys that steps made of cached ones. Kernels weigh codes of values along a token alone.</summary>
    public bool IsViewed(AttendStep core, PlanValue values) =>
        core.Values == values && core.K != values && Appended(core.K) is null && Appended(values) is { Stream.Codes: not { Axis: CodeAxis.Channel } } && core.K.Type.Dims[1] == Dim.S;

    /// <summary>True when the core's keys and values are streams as they are. Of codes no kernel reads the first channels alone.</summary>
    public bool ReadsCache(AttendStep core) => Appended(core.K) is { } keys && (core.Values is { } values ? Appended(values) is not null : keys.Stream.Codes is null);

    private AppendStep? Appended(PlanValue value) => _body.Steps.OfType<AppendStep>().FirstOrDefault(a => a.Output == value);

    private void Destinations(PlanBody body)
    {
        bool gradient = body.Name.EndsWith(".gradient", StringComparison.Ordinal);
        bool backward = gradient || body.Name.EndsWith(".backward", StringComparison.Ordinal);
        if (!backward)
        {
            string[] outputs = ["output", "lse"];
            for (int i = 0; i < body.Outputs.Count; i++)
            {
                _destinations[body.Outputs[i]] = outputs[i];
            }

            return;
        }

        string[] inputs = body.Inputs.Count == 2 ? ["inputGradient"] : ["queryGradient", "keyGradient", "valueGradient"];
        for (int i = 0; i < inputs.Length; i++)
        {
            _destinations[body.Outputs[i]] = inputs[i];
        }

        foreach ((PlanValue weight, PlanValue result) in body.Weights.Zip(body.Outputs.Skip(inputs.Length), (w, g) => (w, g)))
        {
            _destinations[result] = gradient ? "logitGradient" : "gradients." + Identifiers.WeightProperty(weight.Name) + ".Data";
        }
    }
}
