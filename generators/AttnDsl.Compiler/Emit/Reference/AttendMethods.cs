using System.Collections.Generic;
using System.Globalization;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Scores;
using AttnDsl.Compiler.Plan.Steps;

namespace AttnDsl.Compiler.Emit.Reference;

/// <param name="Identity">Everything the model is made from.</param>
/// <param name="Model">What the method's template prints.</param>
internal sealed record AttendMethod(string Identity, TemplateModel Model);

/// <summary>The attention cores of a generated class: one private method per distinct core, shared by all bodies that run it.</summary>
internal sealed class AttendMethods(ScalarType scalar, ReferenceTables tables)
{
    private readonly Dictionary<string, string> _names = new();
    private readonly List<AttendMethod> _forwards = new();
    private readonly List<AttendMethod> _gradients = new();

    public IEnumerable<AttendMethod> Forwards => _forwards;

    public IEnumerable<AttendMethod> Gradients => _gradients;

    /// <summary>Name of the method that runs a step.</summary>
    public string Forward(AttendStep step)
    {
        string key = Key(step);
        if (!_names.TryGetValue(key, out string? name))
        {
            name = Numbered("Attend", _forwards.Count);
            _names.Add(key, name);
            TemplateModel model = Core(step);
            model["method"] = name;
            _forwards.Add(new AttendMethod(name + "\n" + key, model));
        }

        return name;
    }

    /// <summary>Name of the method that runs its gradient.</summary>
    public string Gradient(AttendGradientStep step)
    {
        string forward = Forward(step.Forward);
        string key = "gradient of " + forward;
        if (!_names.TryGetValue(key, out string? name))
        {
            name = Numbered("AttendGradient", _gradients.Count);
            _names.Add(key, name);
            TemplateModel model = Core(step.Forward);
            ScoreExpression derivative = step.ScoreDerivative;
            model["method"] = name;
            model["forward"] = forward;
            model["derivative"] = ScoreDerivative.IsOne(derivative) ? "" : " * (" + Scores.Write(derivative) + ")";
            _gradients.Add(new AttendMethod(name + "\n" + forward + "\n" + Key(step.Forward), model));
        }

        return name;
    }

    private ScoreWriter Scores => new(scalar, "z", tables.Buffer);

    private TemplateModel Core(AttendStep step)
    {
        AttendSettings s = step.Settings;
        string score = Scores.Write(s.Score);
        return new TemplateModel
        {
            ["score_heads"] = Text(s.ScoreHeads),
            ["query_heads"] = Text(s.Query.Heads),
            ["key_heads"] = Text(s.Key.Heads),
            ["value_heads"] = Text(step.Values is null ? s.Key.Heads : s.Value.Heads),
            ["key_width"] = Text(step.KeyWidth),
            ["value_width"] = Text(step.ValueWidth),
            ["value_stride"] = Text(step.Values is null ? step.KeyWidth : step.ValueWidth),
            ["prefix"] = step.Values is null && step.KeyWidth != step.ValueWidth,
            ["query_head"] = Head(s.Query),
            ["key_head"] = Head(s.Key),
            ["value_head"] = Head(step.Values is null ? s.Key : s.Value),
            ["scale"] = scalar.Literal(s.Scale),
            ["score"] = score == "z" ? "" : score,
            ["visible"] = MaskWriter.Condition(s.Mask, Scores) ?? "",
            ["keep"] = s.Selects ? Text(s.Keep) : "",
            ["has_sink"] = step.Sink is not null,
        };
    }

    /// <summary>Everything the text depends on. The head counts are apart because a map reads "h/2" for any number of heads.</summary>
    private static string Key(AttendStep step)
    {
        AttendSettings s = step.Settings;
        return string.Join(
            "|",
            step.DetailsText,
            Text(s.ScoreHeads),
            Text(s.Query.Heads),
            Text(s.Key.Heads),
            Text(s.Value.Heads),
            Text(step.KeyWidth),
            Text(step.ValueWidth),
            step.Sink is null ? "" : "sink",
            step.Values is null ? "" : "values");
    }

    private static string Numbered(string name, int count) => count == 0 ? name : name + Text(count + 1);

    private static string Head(HeadMap map) => map.Heads == map.ScoreHeads && map.Kind != HeadMapKind.Table
        ? "h"
        : map.Kind switch
        {
            HeadMapKind.Grouped => map.Heads == 1 ? "0" : "h / " + Text(map.ScoreHeads / map.Heads),
            HeadMapKind.Tiled => "h % " + Text(map.Heads),
            _ => throw new PlanException("the reference reads no head tables"),
        };

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
