using System;
using System.IO;
using System.Linq;
using AttnDsl.Conformance.Tests.Cli;
using TorchSharp;
using TrainText;

namespace AttnDsl.Torch.Tests.Samples;

using TemporaryFolder = global::AttnDsl.Conformance.Tests.Cli.TemporaryFolder;

/// <summary>Trainings of the sample TrainText: equal losses, also after an interruption, and files that are what they should be or refused.</summary>
public sealed class TrainingTests : IDisposable
{
    private const string Text = "the cat sat on the mat, and the dog sat on the cat; ";
    private static readonly TrainingSettings Settings = new() { Steps = 12, Batch = 3, Context = 16, WarmUp = 4, Seed = 7 };
    private static readonly TextIdentity Identity = new("hash", "letters", "fresh");
    private static readonly CharacterVocabulary Letters = CharacterVocabulary.Of(Text);
    private static readonly int[] Tokens = Letters.Encode(string.Concat(Enumerable.Repeat(Text, 5)));

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Equal_seeds_give_equal_losses()
    {
        float[] losses = Train(Settings);
        Assert.Equal(12, losses.Length);
        Assert.Equal(losses, Train(Settings));
        Assert.NotEqual(losses, Train(Settings with { Seed = 8 }));
        Assert.True(losses[^1] < losses[0], string.Join(", ", losses));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(12)]
    public void A_training_that_goes_on_gives_the_losses_of_one_that_never_stopped(int stop)
    {
        string path = folder.PathOf("half.safetensors");
        using (LanguageModel model = Model())
        using (var trainer = new TextTrainer(model, Tokens, Settings))
        {
            while (trainer.Step < stop)
            {
                trainer.Advance();
            }

            TrainingFile.Save(trainer, Identity, path);
        }

        // Another seed of weights: nothing but the file may matter.
        using var other = new LanguageModel(ModelShape.OfCharacters(Letters.Count, 1, 64), seed: 99);
        using var resumed = new TextTrainer(other, Tokens, Settings);
        TrainingFile.Load(resumed, Identity, path);
        Assert.Equal(stop, resumed.Step);
        while (!resumed.IsOver)
        {
            resumed.Advance();
        }

        Assert.Equal(Train(Settings), resumed.Losses);
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused_and_changes_nothing()
    {
        string path = folder.PathOf("whole.safetensors"), cut = folder.PathOf("cut.safetensors");
        using LanguageModel model = Model();
        using var trainer = new TextTrainer(model, Tokens, Settings);
        trainer.Advance();
        TrainingFile.Save(trainer, Identity, path);
        byte[] whole = File.ReadAllBytes(path);
        double before = Sum(model);
        foreach (int length in (int[])[0, 4, 8, 100, whole.Length / 2, whole.Length - 1])
        {
            File.WriteAllBytes(cut, whole[..length]);
            Assert.Throws<InvalidDataException>(() => TrainingFile.Load(trainer, Identity, cut));
        }

        File.WriteAllText(cut, "no training at all, but long enough to hold a length");
        Assert.Throws<InvalidDataException>(() => TrainingFile.Load(trainer, Identity, cut));
        Assert.Throws<FileNotFoundException>(() => TrainingFile.Load(trainer, Identity, folder.PathOf("absent")));
        Assert.Equal(before, Sum(model));
        Assert.Equal(1, trainer.Step);
    }

    [Fact]
    public void Numbers_that_are_none_are_refused_and_change_nothing()
    {
        string path = folder.PathOf("nan.safetensors");
        using LanguageModel model = Model();
        using var trainer = new TextTrainer(model, Tokens, Settings);
        trainer.Advance();
        TrainingFile.Save(trainer, Identity, path);
        byte[] bytes = File.ReadAllBytes(path);

        // The last number of the file.
        BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - 4), float.NaN);
        File.WriteAllBytes(path, bytes);
        double before = Sum(model);
        InvalidDataException refusal = Assert.Throws<InvalidDataException>(() => TrainingFile.Load(trainer, Identity, path));
        Assert.Contains("expected finite numbers", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(before, Sum(model));
    }

    [Fact]
    public void A_training_of_something_else_is_refused_and_named()
    {
        string path = folder.PathOf("other.safetensors");
        using LanguageModel model = Model();
        using (var trainer = new TextTrainer(model, Tokens, Settings))
        {
            TrainingFile.Save(trainer, Identity, path);
        }

        Refused("rate", Settings with { LearningRate = 1e-4 }, Identity, 1);
        Refused("steps", Settings with { Steps = 13 }, Identity, 1);
        Refused("seed", Settings with { Seed = 1 }, Identity, 1);
        Refused("text", Settings, Identity with { Hash = "another" }, 1);
        Refused("vocabulary", Settings, Identity with { Vocabulary = "another" }, 1);
        Refused("start", Settings, Identity with { Start = "another" }, 1);
        Refused("model", Settings, Identity, 2);
        new SafetensorsWriter().Add("x", [1], [1f], SafetensorsDtype.Float32).Save(path);
        Refused("format", Settings, Identity, 1);

        void Refused(string what, TrainingSettings settings, TextIdentity identity, int layers)
        {
            using var other = new LanguageModel(ModelShape.OfCharacters(Letters.Count, layers, 64), seed: 1);
            using var trainer = new TextTrainer(other, Tokens, settings);
            Assert.Contains(what, Assert.Throws<InvalidDataException>(() => TrainingFile.Load(trainer, identity, path)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Saving_leaves_no_other_file_and_removes_what_a_killed_process_left()
    {
        string path = folder.PathOf("only.safetensors");
        File.WriteAllText(path + ".0123.tmp", "half");
        using LanguageModel model = Model();
        using var trainer = new TextTrainer(model, Tokens, Settings);
        TrainingFile.Save(trainer, Identity, path);
        TrainingFile.Save(trainer, Identity, path);
        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public void The_rate_rises_and_falls()
    {
        var settings = new TrainingSettings { Steps = 110, WarmUp = 10, LearningRate = 2 };
        Assert.Equal(0.2, settings.RateOf(0), 1e-12);
        Assert.Equal(2, settings.RateOf(9), 1e-12);
        Assert.Equal(2, settings.RateOf(10), 1e-12);
        Assert.Equal(1.1, settings.RateOf(60), 1e-12);
        Assert.Equal(0.2, settings.RateOf(110), 1e-12);
        Assert.All(Enumerable.Range(10, 100), step => Assert.True(settings.RateOf(step + 1) < settings.RateOf(step)));
        Assert.Equal(2, new TrainingSettings { Steps = 5, WarmUp = 0, LearningRate = 2 }.RateOf(0), 1e-12);
    }

    [Fact]
    public void A_batch_is_text_and_what_follows_it()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        var batches = new TextBatches(Tokens, Settings);
        (torch.Tensor inputs, torch.Tensor answers) = batches.Of(3);
        (torch.Tensor again, _) = batches.Of(3);
        (torch.Tensor next, _) = batches.Of(4);
        Assert.Equal([3, 16], inputs.shape);
        Assert.Equal(inputs.data<long>().ToArray(), again.data<long>().ToArray());
        Assert.NotEqual(inputs.data<long>().ToArray(), next.data<long>().ToArray());
        string text = string.Concat(Enumerable.Repeat(Text, 5));
        for (int row = 0; row < 3; row++)
        {
            string read = Decode(inputs[row]), after = Decode(answers[row]);
            Assert.Contains(read + after[^1], text, StringComparison.Ordinal);
            Assert.Equal(read[1..], after[..^1]);
        }

        Assert.Throws<ArgumentException>(() => new TextBatches(Tokens[..16], Settings));
        Assert.Equal([1, 16], new TextBatches(Tokens[..17], Settings with { Batch = 1 }).Of(0).Inputs.shape);

        static string Decode(torch.Tensor row)
        {
            using var writer = new StringWriter { NewLine = "" };
            Letters.Print(row.data<long>().ToArray().Select(token => (int)token), writer);
            return writer.ToString();
        }
    }

    private static LanguageModel Model() => new(ModelShape.OfCharacters(Letters.Count, 1, 64), Settings.Seed);

    private static float[] Train(TrainingSettings settings)
    {
        using var model = new LanguageModel(ModelShape.OfCharacters(Letters.Count, 1, 64), settings.Seed);
        using var trainer = new TextTrainer(model, Tokens, settings);
        while (!trainer.IsOver)
        {
            trainer.Advance();
        }

        return [.. trainer.Losses];
    }

    private static double Sum(LanguageModel model)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        return model.parameters().Sum(parameter => parameter.abs().sum().item<float>());
    }
}
