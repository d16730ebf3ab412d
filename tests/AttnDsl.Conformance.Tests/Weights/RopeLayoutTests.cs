using System;
using System.Linq;

namespace AttnDsl.Conformance.Tests.Weights;

public class RopeLayoutTests
{
    // perm = [0, 2, 1, 3] within the 4 rotary rows of each head of 6; rows 4 and 5 stay.
    private static readonly int[] Permuted = [0, 2, 1, 3, 4, 5, 6, 8, 7, 9, 10, 11];

    [Fact]
    public void InterleavedFileIntoHalfSplitLayer()
    {
        using var temporary = new TemporaryFile();
        SampleWeights<double> interleaved = SampleWeights<double>.Counted(RopeLayout.Interleaved);
        interleaved.Save(temporary.Path);
        var halfSplit = new SampleWeights<double>(RopeLayout.HalfSplit);
        halfSplit.LoadFrom(temporary.Path);
        foreach (string name in new[] { "q_proj.weight", "q_proj.bias", "k_proj.weight", "q_norm.weight" })
        {
            Assert.Equal(Rows(interleaved[name], Permuted), halfSplit[name].Data);
        }

        Assert.Equal(interleaved["v_proj.weight"].Data, halfSplit["v_proj.weight"].Data);
    }

    [Theory]
    [InlineData(RopeLayout.HalfSplit)]
    [InlineData(RopeLayout.Interleaved)]
    public void ThereAndBack(RopeLayout own)
    {
        RopeLayout other = own == RopeLayout.HalfSplit ? RopeLayout.Interleaved : RopeLayout.HalfSplit;
        using var temporary = new TemporaryFile();
        SampleWeights<double> original = SampleWeights<double>.Counted(own);

        // Saved in the other layout: the metadata says so, and a layer of either layout reads it right.
        original.Save(temporary.Path, new WeightFileOptions { CheckpointLayout = other });
        using (SafetensorsFile file = SafetensorsFile.Open(temporary.Path))
        {
            Assert.Equal(other == RopeLayout.HalfSplit ? "half-split" : "interleaved", file.Metadata["attndsl.rope_layout"]);
        }

        var again = new SampleWeights<double>(own);
        again.LoadFrom(temporary.Path);
        Assert.All(original.Tensors.Zip(again.Tensors), pair => Assert.Equal(pair.First.Data, pair.Second.Data));

        var foreign = new SampleWeights<double>(other);
        foreign.LoadFrom(temporary.Path);
        Assert.NotEqual(original["q_proj.weight"].Data, foreign["q_proj.weight"].Data);
        foreign.Save(temporary.Path);
        again.LoadFrom(temporary.Path);
        Assert.All(original.Tensors.Zip(again.Tensors), pair => Assert.Equal(pair.First.Data, pair.Second.Data));
    }

    [Fact]
    public void OptionOverrulesMetadata()
    {
        using var temporary = new TemporaryFile();
        SampleWeights<double> original = SampleWeights<double>.Counted(RopeLayout.Interleaved);
        original.Save(temporary.Path);
        var loaded = new SampleWeights<double>(RopeLayout.HalfSplit);
        loaded.LoadFrom(temporary.Path, new WeightFileOptions { CheckpointLayout = RopeLayout.HalfSplit });
        Assert.Equal(original["q_proj.weight"].Data, loaded["q_proj.weight"].Data);
    }

    [Fact]
    public void WithoutMetadataTheLayersOwnLayoutIsAssumed()
    {
        using var temporary = new TemporaryFile();
        SampleWeights<double> plain = SampleWeights<double>.Counted(null);
        plain.Save(temporary.Path);
        var loaded = new SampleWeights<double>(RopeLayout.Interleaved);
        loaded.LoadFrom(temporary.Path);
        Assert.Equal(plain["q_proj.weight"].Data, loaded["q_proj.weight"].Data);
        loaded.LoadFrom(temporary.Path, new WeightFileOptions { CheckpointLayout = RopeLayout.HalfSplit });
        Assert.Equal(plain["q_proj.weight"].Data[6..9], loaded["q_proj.weight"].Data[3..6]);
    }

    [Fact]
    public void PermutedWeightsRotateToTheSameScores()
    {
        // The sheet's identity, half-split(x[perm]) = interleaved(x)[perm], through weights: both layers turn one input into the same scores.
        using var temporary = new TemporaryFile();
        var interleaved = new SampleWeights<double>(RopeLayout.Interleaved);
        interleaved.Initialise(3);
        interleaved.Save(temporary.Path);
        var halfSplit = new SampleWeights<double>(RopeLayout.HalfSplit);
        halfSplit.LoadFrom(temporary.Path);
        double[] x = [0.3, -1.2, 0.7];
        double[] y = [-0.4, 0.1, 1.1];
        Assert.Equal(Score(interleaved, RopeLayout.Interleaved, x, y), Score(halfSplit, RopeLayout.HalfSplit, x, y), 1e-12);
        Assert.NotEqual(Score(interleaved, RopeLayout.Interleaved, x, y), Score(interleaved, RopeLayout.HalfSplit, x, y), 1e-3);
    }

    private static double Score(SampleWeights<double> weights, RopeLayout layout, double[] x, double[] y)
    {
        double[] q = Rotate(Multiply(weights["q_proj.weight"], 6, x), 5, layout);
        double[] k = Rotate(Multiply(weights["k_proj.weight"], 0, y), 2, layout);
        return q.Zip(k, (a, b) => a * b).Sum();
    }

    private static double[] Multiply(WeightTensor<double> weight, int firstRow, double[] x) =>
        [.. Enumerable.Range(firstRow, 6).Select(row => x.Select((value, column) => value * weight.Data[(row * 3) + column]).Sum())];

    private static double[] Rotate(double[] head, int position, RopeLayout layout)
    {
        double[] turned = [.. head];
        for (int i = 0; i < 2; i++)
        {
            (int a, int b) = layout == RopeLayout.HalfSplit ? (i, i + 2) : (2 * i, (2 * i) + 1);
            double angle = position * Math.Pow(10000, -2.0 * i / 4);
            turned[a] = (head[a] * Math.Cos(angle)) - (head[b] * Math.Sin(angle));
            turned[b] = (head[a] * Math.Sin(angle)) + (head[b] * Math.Cos(angle));
        }

        return turned;
    }

    private static double[] Rows(WeightTensor<double> tensor, int[] order)
    {
        int width = tensor.Data.Length / tensor.Shape[0];
        return [.. order.Take(tensor.Shape[0]).SelectMany(row => tensor.Data.Skip(row * width).Take(width))];
    }
}
