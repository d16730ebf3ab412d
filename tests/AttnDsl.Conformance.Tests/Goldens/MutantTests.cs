using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using AttnDsl.Conformance.Tests.Layers;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Goldens;

/// <summary>References broken on purpose: the recordings must notice, or they prove nothing.</summary>
[Collection(GoldenTests.Name)]
public sealed class MutantTests(ITestOutputHelper output)
{
    /// <param name="File">The recording that must notice.</param>
    /// <param name="Pattern">What is broken, in the generated text.</param>
    /// <param name="Replacement">What takes its place.</param>
    private sealed record Mutant(string File, string Pattern, string Replacement);

    /// <summary>Namespace of the mutants, inside the vocabulary's.</summary>
    private const string Root = "AttnDsl.Mutants";

    private const string Llama = "gqa-llama3-rope-interleaved";
    private const string Qwen = "gqa-qwen3-qknorm-halfsplit-window";
    private const string GptOss = "gqa-gptoss-sink-yarn-window-bias";
    private const string Gemma = "gqa-gemma2-softcap";
    private const string Reverse = "sqa-rsqa";

    private static readonly IReadOnlyDictionary<string, Mutant> s_mutants = new Dictionary<string, Mutant>
    {
        ["none"] = new(Llama, "^", ""),
        ["CausalMissesTheOwnKey"] = new(Llama, @"j <= i", "j < i"),
        ["WindowOneTooLong"] = new(Qwen, @"i - j <= 6", "i - j <= 7"),
        ["HeadsInterleaved"] = new(Llama, @"h / 3", "h % 2"),
        ["QueriesGroupedInsteadOfTiled"] = new(Reverse, @"h % 2", "h / 2"),
        ["SinkTakesNothing"] = new(GptOss, @"sum /= share;", ""),
        ["SinkMissingFromGradients"] = new(GptOss, @" - mass\) \* share;", " - mass);"),
        ["SinkGradientOfTheKeys"] = new(GptOss, @"\(1 - share\) \* delta", "share * delta"),
        ["SoftmaxJacobianWithoutDelta"] = new(Llama, @"\(dp - delta\)", "dp"),
        ["ScoreGradientWithoutScale"] = new(Llama, @"(\(dp - delta\)) \* [0-9.]+;", "$1;"),
        ["CapWithoutDerivative"] = new(Gemma, @"\(dp - delta\) \* \(.*\) \* ", "(dp - delta) * "),
        ["NoCap"] = new(Gemma, @"p\[j\] = (.*Tanh.*);", "p[j] = z;"),
        ["KeyGradientOfOneQuery"] = new(Llama, @"\+= dz \* q", "= dz * q"),
        ["ValueGradientOfOneQuery"] = new(Llama, @"\+= p \* ", "= p * "),
        ["RotationTheWrongWayBack"] = new(Llama, @"Frequencies, -1, rows", "Frequencies, 1, rows"),
        ["PairsOfTheOtherLayout"] = new(Qwen, @"pair \+ half\]", "pair + half - 1]"),
        ["NormEpsilonTooLarge"] = new(Qwen, @"1E-06", "1E-03"),
        ["QueryPlaceWithoutPast"] = new(Llama, @"rows\.Past\(b\) \+ t", "t"),
        ["SlopesTooSteep"] = new(GoldenCases.Core, @"(AlibiSlopes\[h\]) \* ", "$1 * 2 * "),
    };

    private static readonly Lazy<Assembly> s_assembly = new(() => CompiledLayers.Compile(
        Root,
        s_mutants.Select(mutant => CompiledLayers.GoldenClass(GoldenCases.Layers[mutant.Value.File].Name, $"{Root}.{mutant.Key}")),
        (spec, reference) =>
        {
            Mutant mutant = s_mutants[spec.Target.Namespace[(Root.Length + 1)..]];
            Assert.Matches(mutant.Pattern, reference);
            return Regex.Replace(reference, mutant.Pattern, mutant.Replacement, RegexOptions.CultureInvariant);
        }));

    public static TheoryData<string> Mutants => [.. s_mutants.Keys];

    [Theory]
    [MemberData(nameof(Mutants))]
    public void The_recording_notices(string mutant)
    {
        string file = s_mutants[mutant].File;
        Type annotated = s_assembly.Value.GetType($"{Root}.{mutant}.{GoldenCases.Layers[file].Name}", throwOnError: true)!;
        using Golden? golden = Golden.Open(file, output, CompiledLayers.LayerOf(annotated));
        if (golden is null)
        {
            return;
        }

        double difference = file == GoldenCases.Core ? OfCore(golden) : OfLayer(golden);
        output.WriteLine(FormattableString.Invariant($"{mutant}: {difference:E1} from {file}"));
        Assert.Equal(mutant == "none", difference <= Tolerances.Golden);
    }

    private static double OfLayer(Golden golden)
    {
        AttentionWeights<double> gradients = golden.Reference.Zeros();
        double[] dx = golden.Reference.Backward(golden.Weights(), golden["x"], golden["g"], gradients, golden.Rows());
        return golden.Gradients().Select(weight => Numbers.Difference(weight.Gradient, gradients[weight.Weight].Data))
            .Append(Numbers.Difference(golden["grad.x"], dx))
            .Append(Numbers.Difference(golden["out"], golden.Reference.Forward(golden.Weights(), golden["x"], golden.Rows())))
            .Append(Numbers.Difference(golden["out"], Chunked.Run(golden.Reference, golden.Weights(), golden["x"], golden.Shape("x")[0], 3)))
            .Max();
    }

    private static double OfCore(Golden golden)
    {
        TokenRows rows = TokenRows.Core(golden.Shape("q")[0], golden.Shape("q")[1], golden.Shape("k")[1]);
        return Numbers.Difference(golden["out"], golden.Reference.Core(golden.Reference.Zeros(), golden["q"], golden["k"], golden["v"], rows).Output);
    }
}
