using System;
using System.Linq;
using AttnDsl.Compiler.Mechanisms;
using AttnDsl.Compiler.Rules;
using AttnDsl.Compiler.Spec;
using CsCheck;
using Xunit;

namespace AttnDsl.Compiler.Tests.Rules;

/// <summary>The rules and the head layout are total: any attributes with any arguments.</summary>
public sealed class AnySpecTests
{
    private static readonly string[] s_attributes = [.. MechanismTable.ByRank.Select(mechanism => mechanism.Name), "Unknown"];

    private static readonly string[] s_arguments =
    [
        "dim", "heads", "headDim", "HeadDim", "Bias", "kv", "ratio", "Heads", "theta", "layout", "rotaryDim", "RotaryDim", "FrequencyStride",
        "factor", "originalLength", "betaFast", "betaSlow", "mscale", "Rounded", "ScaleOn", "align", "size", "left", "right",
        "preAttnScalar", "Scale", "cap", "Form", "Eps",
    ];

    private static readonly Gen<ArgumentValue> s_value = Gen.Frequency(
        (6, Gen.Int[1, 64].Select(value => ArgumentValue.Of((long)value))),
        (2, OneOf<long>(int.MinValue, int.MaxValue, 0, -1, long.MinValue, long.MaxValue, 65536).Select(ArgumentValue.Of)),
        (2, OneOf(double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0, -0.0, 1, 0.5, 1e4, 1e300, 1e-300, double.Epsilon).Select(ArgumentValue.Of)),
        (1, OneOf(true, false).Select(ArgumentValue.Of)),
        (2, OneOf("HalfSplit", "Interleaved", "TopLeft", "OnePlus", "Softmax", "99").Select(text => ArgumentValue.OfEnum(text, 0))),
        (1, OneOf(ArgumentKind.Invalid, ArgumentKind.String, ArgumentKind.IntArray, ArgumentKind.Type).Select(kind => new ArgumentValue(kind, "", 0))));

    private static readonly Gen<(string Name, object Value)> s_argument = Gen.Select(OneOf(s_arguments), s_value, (name, value) => (name, (object)value));

    private static readonly Gen<ArgumentValue> s_small = Gen.Int[1, 8].Select(value => ArgumentValue.Of((long)value));

    // Arguments that fit their attribute are likelier to get past the first checks.
    private static readonly Gen<(string Name, (string Name, object Value)[] Arguments)> s_fitting = Fitting(s_value);

    private static readonly Gen<(string Name, (string Name, object Value)[] Arguments)> s_any =
        Gen.Select(OneOf(s_attributes), s_argument.Array[0, 5]);

    private static readonly Gen<Stack> s_stack = Gen.Select(
        Filled(s_value, "Attention", "dim", "heads"),
        Gen.OneOf(s_fitting, s_any).Array[0, 7],
        Gen.Bool,
        (root, others, rooted) => (rooted ? others.Prepend(root) : others).Aggregate(new Stack(), (stack, attribute) => stack.And(attribute.Name, attribute.Arguments)));

    private static readonly Gen<Stack> s_modest = Gen.Select(
        Filled(s_small, "Attention", "dim", "heads", "headDim"),
        Fitting(s_small).Array[0, 3],
        (root, others) => others.Prepend(root).Aggregate(new Stack(), (stack, attribute) => stack.And(attribute.Name, attribute.Arguments)));

    [Fact]
    public void Rules_never_throw_and_keep_their_promises() =>
        s_stack.Sample(stack => Invariants.Hold(stack.Build(), stack.Check()), iter: 5_000, threads: 1);

    [Fact]
    public void A_stack_without_errors_has_a_sound_head_layout()
    {
        int sound = 0;
        Gen.OneOf(s_modest, s_stack).Sample(stack =>
        {
            AttentionSpec spec = stack.Build();
            HeadLayout heads = HeadLayout.Of(spec);
            if (!spec.Has("Attention") || stack.Check().Any(violation => violation.Rule.Severity == RuleSeverity.Error))
            {
                return;
            }

            sound++;
            Assert.True(heads.Dim >= 1 && heads.HeadDim >= 1 && heads.QueryHeads >= 1 && heads.KeyHeads >= 1 && heads.ValueHeads >= 1);
            Assert.True(heads.QueryHeads % heads.KeyHeads == 0 || heads.KeyHeads % heads.QueryHeads == 0);
            Assert.True(heads.ScoreHeads <= heads.DeclaredHeads);
            Assert.True(heads.Dim * Math.Max(heads.QueryFeatures, heads.OutputFeatures) <= Array.MaxLength);
        }, iter: 20_000, threads: 1);
        Assert.True(sound >= 1000, $"only {sound} of the random stacks were legal");
    }

    private static Gen<T> OneOf<T>(params T[] constants) => Gen.Int[0, constants.Length - 1].Select(index => constants[index]);

    private static Gen<(string Name, (string Name, object Value)[] Arguments)> Fitting(Gen<ArgumentValue> value) => Gen.OneOf(
        Filled(value, "GroupedQuery", "kv"),
        Filled(value, "MultiQuery"),
        Filled(value, "SparseQuery", "ratio"),
        Filled(value, "SparseQuery", "Heads"),
        Filled(value, "SymmetricSparseQuery"),
        Filled(value, "ExtremeSparseQuery", "ratio"),
        Filled(value, "ReverseSparseQuery", "heads", "kv"),
        Filled(value, "Rope", "theta", "rotaryDim"),
        Filled(value, "Yarn", "factor", "originalLength"),
        Filled(value, "SlidingWindow", "left", "right"),
        Filled(value, "SlidingWindow", "size"),
        Filled(value, "QueryScale", "Scale"),
        Filled(value, "LogitSoftCap", "cap"));

    private static Gen<(string Name, (string Name, object Value)[] Arguments)> Filled(Gen<ArgumentValue> value, string name, params string[] arguments) =>
        value.Array[arguments.Length].Select(values => (name, arguments.Zip(values, (argument, value) => (argument, (object)value)).ToArray()));
}
