using System.Globalization;
using System.Linq;
using System.Text;

namespace AttnDsl.Compiler.Plan;

/// <summary>A plan as text, for tests, bug reports and people.</summary>
public static class PlanDump
{
    public static string Of(AttentionPlan plan)
    {
        var text = new StringBuilder();
        foreach (string line in plan.Formula)
        {
            text.Append("# ").Append(line).Append('\n');
        }

        text.Append("weights\n");
        foreach (PlanWeight w in plan.Weights)
        {
            text.Append("  ").Append(w.Name).Append(' ').Append(w.Type);
            text.Append(w.Derivation is { } derivation ? " = " + derivation : " " + Start(w));
            text.Append(w.Rotated is { } r ? string.Format(CultureInfo.InvariantCulture, " rotated {0}x{1}/{2}{3}", r.Heads, r.RotaryDim, r.HeadWidth, r.From > 0 ? " from " + r.From.ToString(CultureInfo.InvariantCulture) : "") : "").Append('\n');
        }

        foreach (PlanBuffer b in plan.Buffers)
        {
            text.Append("buffer ").Append(b.Name).Append(" [").Append(b.Values.Count.ToString(CultureInfo.InvariantCulture)).Append("] ").Append(b.Formula).Append('\n');
        }

        text.Append("cache ").Append(plan.Cache.ScalarsPerToken.ToString("R", CultureInfo.InvariantCulture)).Append(" scalars per token, ")
            .Append(plan.Cache.ConstantScalars.ToString(CultureInfo.InvariantCulture)).Append(" constant\n");
        foreach (CacheStreamSpec stream in plan.Cache.Streams)
        {
            text.Append("  ").Append(stream).Append('\n');
        }

        foreach (CacheStateSpec state in plan.Cache.States)
        {
            text.Append("  state ").Append(state.Name).Append(' ').Append(state.Scalars.ToString(CultureInfo.InvariantCulture)).Append(": ").Append(state.Content).Append('\n');
        }

        foreach (AuxiliaryOutput a in plan.Auxiliaries)
        {
            text.Append("auxiliary ").Append(a.Name).Append(" = ").Append(a.Body).Append('[').Append(a.Output.ToString(CultureInfo.InvariantCulture)).Append(']')
                .Append(a.LossWeight is { } weight ? ", loss weight " + weight.ToString("R", CultureInfo.InvariantCulture) : "").Append(": ").Append(a.Content).Append('\n');
        }

        foreach (PlanBody body in plan.Bodies.Values.OrderBy(b => b.Name, System.StringComparer.Ordinal))
        {
            Write(text, body);
        }

        return text.ToString();
    }

    private static void Write(StringBuilder text, PlanBody body)
    {
        text.Append("body ").Append(body.Name).Append('(').Append(string.Join(", ", body.Inputs.Select(i => i.ToString()))).Append(")\n");
        foreach (PlanStep step in body.Steps)
        {
            text.Append("  ").Append(string.Join(", ", step.Outputs.Select(o => o.ToString()))).Append(" = ").Append(step.Kind)
                .Append('(').Append(string.Join(", ", step.Inputs.Select(i => i.Name))).Append(')')
                .Append(step.Details.Length > 0 ? " {" + step.Details.Trim() + "}" : "").Append('\n');
        }

        text.Append("  return ").Append(string.Join(", ", body.Outputs.Select(o => o.Name))).Append("\n  multiply-adds ").Append(body.Cost).Append('\n');
    }

    private static string Start(PlanWeight w) => w.Init switch
    {
        WeightInit.Ones => "ones",
        WeightInit.Zeros => "zeros",
        _ => "normal(" + w.Deviation.ToString("R", CultureInfo.InvariantCulture) + ")",
    };
}
