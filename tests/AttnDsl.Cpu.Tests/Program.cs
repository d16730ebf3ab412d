using System;
using AttnDsl.Cpu.Tests.Attention;
using AttnDsl.Cpu.Tests.Decode;
using AttnDsl.Cpu.Tests.Linear;

namespace AttnDsl.Cpu.Tests;

/// <summary>The kernels on the path that this process detects; started by <see cref="SwitchTests"/>.</summary>
internal static class Program
{
    public static int Main()
    {
        Console.WriteLine(Simd.Detected);
        AttentionCase attention = AttentionCase.Create(TokenRows.Core(1, 70, 90), 2, 1, 24, 20);
        attention.Visible = (row, key) => key <= row;
        attention.Check(default(IdentityScore), Masks.Causal, "causal");
        attention.Score = (s, _, _, _) => CappedScore.Cap * Math.Tanh(s / CappedScore.Cap);
        attention.Check(default(CappedScore), Masks.Causal, "capped");
        AttentionCase decoding = DecodeCase.Rounded(AttentionCase.Create(TokenRows.Core(1, 3, 700), 6, 2, 72, 40));
        decoding.Visible = (row, key) => key <= row;
        DecodeCase.Check(decoding, default(IdentityScore), Masks.Causal, "decoding");
        var linear = new LinearTests();
        linear.Apply(65, 257, 97);
        linear.Apply(3, 7, 9);
        linear.OuterSum(33, 20, 26);
        new Steps.StepTests().RmsNorms(17, 129, true);
        new Steps.StepTests().Rotations(RopeLayout.Interleaved, 37, 34);
        Console.WriteLine("right");
        return 0;
    }
}
