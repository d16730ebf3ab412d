using System;
using System.Collections.Generic;
using System.Linq;

namespace AttnDsl.Conformance.Tests.Weights;

public class WeightFileTests
{
    [Theory]
    [InlineData(SafetensorsDtype.Float64)]
    [InlineData(SafetensorsDtype.Float32)]
    [InlineData(SafetensorsDtype.Float16)]
    [InlineData(SafetensorsDtype.BFloat16)]
    public void RoundTrip(SafetensorsDtype dtype)
    {
        using var temporary = new TemporaryFile();
        var saved = new SampleWeights<double>(RopeLayout.HalfSplit);
        saved.Initialise(1);
        saved.Save(temporary.Path, new WeightFileOptions { Prefix = "model.layers.3.self_attn.", SaveAs = dtype });
        var loaded = new SampleWeights<double>(RopeLayout.HalfSplit);
        loaded.LoadFrom(temporary.Path, new WeightFileOptions { Prefix = "model.layers.3.self_attn." });
        double tolerance = dtype switch { SafetensorsDtype.Float64 => 0, SafetensorsDtype.Float32 => 1e-7, SafetensorsDtype.Float16 => 1e-3, _ => 1e-2 };
        foreach ((WeightTensor<double> expected, WeightTensor<double> actual) in saved.Tensors.Zip(loaded.Tensors))
        {
            Assert.All(expected.Data.Zip(actual.Data), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, tolerance));
        }
    }

    [Fact]
    public void OwnTypeByDefault()
    {
        using var temporary = new TemporaryFile();
        new SampleWeights<float>(null).Save(temporary.Path);
        using (SafetensorsFile file = SafetensorsFile.Open(temporary.Path))
        {
            Assert.All(file.Tensors.Values, t => Assert.Equal(SafetensorsDtype.Float32, t.Dtype));
            Assert.Empty(file.Metadata);
        }

        new SampleWeights<Half>(null).Save(temporary.Path);
        using (SafetensorsFile file = SafetensorsFile.Open(temporary.Path))
        {
            Assert.All(file.Tensors.Values, t => Assert.Equal(SafetensorsDtype.Float16, t.Dtype));
        }

        Assert.Throws<ArgumentException>(() => new SampleWeights<float>(null).Save(temporary.Path, new WeightFileOptions { SaveAs = SafetensorsDtype.Int32 }));
    }

    [Fact]
    public void NamesAreMappedBothWays()
    {
        using var temporary = new TemporaryFile();
        var options = new WeightFileOptions
        {
            Prefix = "layer.",
            Names = new Dictionary<string, string> { ["Wq"] = "q_proj.weight", ["bq"] = "q_proj.bias", ["Wo"] = "o_proj.weight" },
        };
        SampleWeights<double> saved = SampleWeights<double>.Counted(null);
        saved.Save(temporary.Path, options);
        using SafetensorsFile file = SafetensorsFile.Open(temporary.Path);
        Assert.Equal(["layer.Wq", "layer.bq", "layer.k_proj.weight", "layer.v_proj.weight", "layer.q_norm.weight"], file.Tensors.Keys);
        var loaded = new SampleWeights<float>(null);
        loaded.LoadFrom(file, options);
        Assert.Equal(saved["q_proj.weight"].Data.Select(v => (float)v), loaded["q_proj.weight"].Data);
    }

    [Fact]
    public void SavingUnderOneNameTwiceIsRefused()
    {
        using var temporary = new TemporaryFile();
        var twoNames = new WeightFileOptions { Names = new Dictionary<string, string> { ["a"] = "q_proj.weight", ["b"] = "q_proj.weight" } };
        var oneName = new WeightFileOptions { Names = new Dictionary<string, string> { ["k_proj.weight"] = "q_proj.weight" } };
        Assert.Contains("two names: 'a' and 'b'", Assert.Throws<ArgumentException>(() => new SampleWeights<float>(null).Save(temporary.Path, twoNames)).Message, StringComparison.Ordinal);
        Assert.Contains("both be saved as 'k_proj.weight'", Assert.Throws<ArgumentException>(() => new SampleWeights<float>(null).Save(temporary.Path, oneName)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AllProblemsAtOnceAndNothingWritten()
    {
        using var temporary = new TemporaryFile();
        new SafetensorsWriter()
            .Add("q_proj.weight", [3, 12], new float[36], SafetensorsDtype.Float32)
            .Add("Wk", [6, 3], new float[18], SafetensorsDtype.Float32)
            .Add("k_proj.weight", [6, 3], new float[18], SafetensorsDtype.Float32)
            .AddIntegers("v_proj.weight", [6, 3], new long[18])
            .Add("self_attn.q_norm.weight", [6], new float[6], SafetensorsDtype.Float32)
            .AddMetadata("attndsl.rope_layout", "diagonal")
            .Save(temporary.Path);
        SampleWeights<double> weights = SampleWeights<double>.Counted(RopeLayout.HalfSplit);
        var options = new WeightFileOptions { Names = new Dictionary<string, string> { ["Wk"] = "k_proj.weight" } };
        WeightFileException exception = Assert.Throws<WeightFileException>(() => weights.LoadFrom(temporary.Path, options));
        Assert.Equal(
            [
                (WeightProblemKind.Shape, "q_proj.weight"), (WeightProblemKind.Missing, "q_proj.bias"), (WeightProblemKind.Duplicate, "k_proj.weight"), (WeightProblemKind.Dtype, "v_proj.weight"),
                (WeightProblemKind.Missing, "q_norm.weight"), (WeightProblemKind.Extra, "self_attn.q_norm.weight"), (WeightProblemKind.Layout, "attndsl.rope_layout"),
            ],
            exception.Problems.Select(problem => (problem.Kind, problem.Name)));
        Assert.Equal(
            $"""
            {temporary.Path} does not fit the layer, 7 problems:
              wrong shape: q_proj.weight expected [12, 3], got 'q_proj.weight' F32 [3, 12]
              missing: q_proj.bias [12] (looked for 'q_proj.bias')
              duplicate: k_proj.weight is given by 'Wk' and 'k_proj.weight'
              wrong dtype: v_proj.weight expected F64, F32, F16 or BF16, got 'v_proj.weight' I64 [6, 3]
              missing: q_norm.weight [6] (looked for 'q_norm.weight'; the file has 'self_attn.q_norm.weight': Prefix 'self_attn.'?)
              extra: 'self_attn.q_norm.weight' F32 [6] is no weight of the layer (AllowExtra passes it over)
              unknown layout: metadata attndsl.rope_layout expected 'half-split' or 'interleaved', got 'diagonal' (CheckpointLayout overrules it)
            """.ReplaceLineEndings("\n"),
            exception.Message);
        SampleWeights<double> untouched = SampleWeights<double>.Counted(RopeLayout.HalfSplit);
        Assert.All(weights.Tensors.Zip(untouched.Tensors), pair => Assert.Equal(pair.Second.Data, pair.First.Data));
    }

    [Fact]
    public void ExtraTensorsOutsideThePrefixDoNotCount()
    {
        using var temporary = new TemporaryFile();
        var writer = new SafetensorsWriter().Add("lm_head.weight", [1], new float[1], SafetensorsDtype.Float32);
        foreach (WeightTensor<double> tensor in new SampleWeights<double>(null).Tensors)
        {
            writer.Add("layers.0." + tensor.Name, tensor.Shape.Select(size => (long)size).ToArray(), tensor.Data, SafetensorsDtype.Float32);
        }

        writer.Add("layers.0.rotary_emb.inv_freq", [2], new float[2], SafetensorsDtype.Float32).Save(temporary.Path);
        var weights = new SampleWeights<double>(null);
        WeightFileException exception = Assert.Throws<WeightFileException>(() => weights.LoadFrom(temporary.Path, new WeightFileOptions { Prefix = "layers.0." }));
        Assert.Equal("layers.0.rotary_emb.inv_freq", Assert.Single(exception.Problems).Name);
        weights.LoadFrom(temporary.Path, new WeightFileOptions { Prefix = "layers.0.", AllowExtra = true });
    }

    [Fact]
    public void FileThatEndsEarlyLeavesNoHalfLayer()
    {
        using var temporary = new TemporaryFile();
        SampleWeights<double>.Counted(null).Save(temporary.Path);
        using SafetensorsFile file = SafetensorsFile.Open(temporary.Path);
        using (var stream = new System.IO.FileStream(temporary.Path, System.IO.FileMode.Open, System.IO.FileAccess.Write, System.IO.FileShare.ReadWrite))
        {
            stream.SetLength(stream.Length - 1);
        }

        var weights = new SampleWeights<double>(null);
        Assert.Throws<SafetensorsException>(() => weights.LoadFrom(file));
        Assert.All(weights.Tensors, tensor => Assert.All(tensor.Data, value => Assert.Equal(0, value)));
    }
}
