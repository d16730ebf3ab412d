using AttnDsl.Compiler.Plan;
using AttnDsl.Compiler.Plan.Scores;
using AttnDsl.Compiler.Plan.Steps;

namespace AttnDsl.Compiler.Tests.Plans.PaperPlans;

/// <summary>What every paper plan needs.</summary>
internal static class Parts
{
    public static Mask Causal { get; } = Mask.Everything.And(new CausalAtom());

    /// <summary>Half-split or interleaved rotation of all channels.</summary>
    public static RotaryTable Rotation(PairLayout layout, long width, double theta = 10000) =>
        new(layout, width, RotaryTable.Geometric(theta, width, 1), 1, $"f_i = {theta}^(−2i/{width})");

    public static PlanWeight Matrix(string name, long rows, long columns) => new(name, TensorType.Constant(rows, columns));

    public static PlanWeight Gain(string name, long width) => new(name, TensorType.Constant(width), WeightInit.Ones, 0);

    public static PlanWeight Bias(string name, long width) => new(name, TensorType.Constant(width), WeightInit.Zeros, 0);

    public static PlanValue X(BodyBuilder body, long dim, string name = "x") => body.Input(name, TensorType.Of(Dim.B, Dim.T, Dim.Of(dim)));

    /// <summary>x Wᵀ cut into heads.</summary>
    public static PlanValue Heads(BodyBuilder body, PlanValue x, PlanWeight weight, long heads, string name) =>
        body.SplitHeads(body.Linear(x, body.Weight(weight), name + "_flat"), heads, name);

    /// <summary>Grouped heads and the usual scale.</summary>
    public static AttendSettings Grouped(long heads, long kvHeads, long width, Mask mask) => new(
        HeadMap.Grouped(heads, heads), HeadMap.Grouped(kvHeads, heads), HeadMap.Grouped(kvHeads, heads), 1 / System.Math.Sqrt(width), TheScore.Instance, mask);

    /// <summary>Every head through o_proj.</summary>
    public static PlanValue Output(BodyBuilder body, PlanValue o, PlanWeight weight, string name = "output") =>
        body.Linear(body.JoinHeads(o, o.Name + "_flat"), body.Weight(weight), name);

    public static CacheStreamSpec Stream(string name, long heads, long width, string content) => new(name, "tokens", heads, width, 1, FullStorage.Instance, content);
}
