using System;
using AttnDsl.Compiler.Lowering;
using AttnDsl.Compiler.Plan.Scores;
using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Compiler.Mechanisms;

/// <summary>A linear penalty on distance, one slope per score head.</summary>
public sealed class AlibiMechanism : Mechanism
{
    public override string Name => "Alibi";

    public override int Rank => Ranks.Position + 2;

    public override void Check(RuleContext context, AttributeSpec attribute)
    {
        if (context.QueryHeads is { } queryHeads && context.KeyHeads is { } keyHeads)
        {
            context.Table(attribute, null, Math.Max(queryHeads, keyHeads), "score head");
        }
    }

    /// <summary>The published slopes: a geometric series for the largest power of two, then every other slope of twice that many heads.</summary>
    public static double[] Slopes(int heads)
    {
        int power = 1;
        while (power <= heads / 2)
        {
            power *= 2;
        }

        var slopes = new double[heads];
        for (int head = 0; head < heads; head++)
        {
            slopes[head] = head < power
                ? Math.Pow(2, -8.0 * (head + 1) / power)
                : Math.Pow(2, -8.0 * ((2 * (head - power)) + 1) / (2.0 * power));
        }

        return slopes;
    }

    public override void Lower(LayerDraft draft, AttributeSpec attribute)
    {
        const string Buffer = "alibi_slopes";
        draft.Buffer(new PlanBuffer(Buffer, Slopes((int)draft.Widths.ScoreHeads).ToEquatableArray(), "m_h = 2^(−8(h+1)/n), n the largest power of two up to the heads; then every other slope of 2n"));
        ScoreExpression distance = ScoreExpression.Abs(IndexScore.Row - IndexScore.Column);
        draft.ScoreOperation(ScoreOrder.Bias, s => s - (new CapturedScore(Buffer, IndexKind.Head) * distance));
        draft.Explain(FormulaOrder.Bias, "s_ij ← s_ij − m_h |i − j|, slopes m_h per score head (ALiBi)");
    }
}
