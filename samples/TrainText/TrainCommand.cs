using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Threading;
using AttnDsl.LibTorch;
using Stories;
using TorchSharp;

namespace TrainText;

/// <summary>The sample's command line.</summary>
public static class TrainCommand
{
    /// <summary>Name of the file that a training is kept in.</summary>
    public const string FileName = "training.safetensors";

    private const int Unusable = 2, Stopped = 130;
    private const int Lines = 20;

    // Time to finish a step and to write a file after Ctrl-C, before the process is ended.
    private static readonly TimeSpan TimeToSave = TimeSpan.FromMinutes(1);
    private static readonly TrainingSettings Default = new();

    /// <summary>Runs the sample; returns its exit code: 0, 2 for input that cannot be used or a libtorch that cannot be loaded, 130 when it was stopped and has saved.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="output">Where losses and text go.</param>
    /// <param name="error">Where refusals go.</param>
    /// <param name="cancellationToken">Stops it as Ctrl-C does.</param>
    public static int Run(IReadOnlyList<string> arguments, TextWriter output, TextWriter error, CancellationToken cancellationToken = default)
    {
        var text = new Argument<string>("TEXT") { Description = "The text to learn, UTF-8." };
        var checkpoint = new Option<string?>("--checkpoint") { Description = "Go on from this llama2.c checkpoint (stories260K.bin) instead of learning characters from nothing.", HelpName = "file" };
        var tokenizer = new Option<string?>("--tokenizer") { Description = "Its tokenizer (tok512.bin).", HelpName = "file" };
        var folder = new Option<string>("--out") { Description = $"Folder of the training ({FileName}) and of the picture of its losses.", HelpName = "folder", DefaultValueFactory = _ => "trained" };
        var resume = new Option<bool>("--resume") { Description = "Go on with the training in that folder; text, model and settings must be those it began with." };
        var layers = Number("--layers", "Blocks of the character model.", 4);
        var steps = Number("--steps", "Steps of the whole training.", Default.Steps);
        var batch = Number("--batch", "Sequences of a step.", Default.Batch);
        var context = Number("--context", "Tokens of a sequence.", Default.Context);
        var rate = Real("--rate", "Highest learning rate.", Default.LearningRate);
        var warmUp = Number("--warm-up", "Steps over which the rate rises to it; then it falls along a cosine to a tenth.", Default.WarmUp);
        var decay = Real("--decay", "AdamW's weight decay.", Default.WeightDecay);
        var clip = Real("--clip", "Longest gradient, all parameters together.", Default.Clip);
        var seed = Number("--seed", "Equal seeds give equal losses on the same machine, and equal texts.", Default.Seed);
        var every = Number("--save-every", "Steps between two saves.", 100);
        var threads = Number("--threads", "Threads of libtorch's own operations; 0 for one per processor.", 0);
        var prompt = new Option<string?>("--prompt") { Description = "How the text begins that is written after the training. [default: the first characters of TEXT]", HelpName = "text" };
        var tokens = Number("--tokens", "Most tokens to write after the training.", 200);
        var temperature = Real("--temperature", "0 takes the likeliest token each time; 1 draws as the model says.", 0.8);
        var command = new RootCommand("Trains a small language model on a text, keeps it so that it can go on after any interruption, and lets it write.")
        {
            text, checkpoint, tokenizer, folder, resume, layers, steps, batch, context, rate, warmUp, decay, clip, seed, every, threads, prompt, tokens, temperature,
        };
        command.SetAction((parsed, stop) => System.Threading.Tasks.Task.Run(() =>
        {
            try
            {
                using var stopped = CancellationTokenSource.CreateLinkedTokenSource(stop, cancellationToken);
                var settings = new TrainingSettings
                {
                    Steps = parsed.GetValue(steps),
                    Batch = parsed.GetValue(batch),
                    Context = parsed.GetValue(context),
                    LearningRate = parsed.GetValue(rate),
                    WarmUp = parsed.GetValue(warmUp),
                    WeightDecay = parsed.GetValue(decay),
                    Clip = parsed.GetValue(clip),
                    Seed = parsed.GetValue(seed),
                };
                settings.Check();
                Positive("--layers", parsed.GetValue(layers));
                Positive("--save-every", parsed.GetValue(every));
                Check(parsed.GetValue(threads) >= 0, "--threads", "at least 0", parsed.GetValue(threads));
                Check(parsed.GetValue(tokens) >= 0, "--tokens", "at least 0", parsed.GetValue(tokens));
                var sampler = new Sampler(parsed.GetValue(temperature), 1, parsed.GetValue(seed));

                TextFile file = TextFile.Read(parsed.GetRequiredValue(text));
                (ModelShape shape, IVocabulary vocabulary, Checkpoint<float>? start, string origin) = Model(
                    parsed.GetValue(checkpoint), parsed.GetValue(tokenizer), file, parsed.GetValue(layers), settings);
                int[] learned = vocabulary.Encode(file.Text);
                int[] begin = vocabulary.Encode(parsed.GetValue(prompt) ?? FirstWords(file.Text));
                if (begin.Length > shape.Positions)
                {
                    throw new ArgumentException(FormattableString.Invariant($"--prompt: expected at most {shape.Positions} tokens, the positions of the model, actual {begin.Length}"));
                }

                string place = Path.GetFullPath(parsed.GetRequiredValue(folder)), path = Path.Combine(place, FileName);
                bool goOn = parsed.GetValue(resume);
                if (goOn != File.Exists(path))
                {
                    throw new IOException(goOn
                        ? $"--resume: '{path}' is missing; there is no training to go on with"
                        : $"'{path}' holds a training already: go on with it by --resume, or choose another folder by --out");
                }

                LibTorchSupport.EnsureLoaded();
                if (parsed.GetValue(threads) is > 0 and int count)
                {
                    torch.set_num_threads(count);
                }

                using var model = new LanguageModel(shape, settings.Seed);
                if (start is not null)
                {
                    model.Take(start);
                }

                using var trainer = new TextTrainer(model, learned, settings);
                var identity = new TextIdentity(file.Hash, vocabulary.Identity, origin);
                if (goOn)
                {
                    TrainingFile.Load(trainer, identity, path);
                }

                Directory.CreateDirectory(place);
                output.WriteLine(FormattableString.Invariant(
                    $"{model.ParameterCount:N0} parameters, {learned.Length:N0} tokens of text, {vocabulary.Count} of them different; {(goOn ? "after" : "from")} step {trainer.Step} of {settings.Steps}"));
                bool finished = Train(trainer, () => TrainingFile.Save(trainer, identity, path), parsed.GetValue(every), output, stopped.Token);
                if (trainer.Step > 0)
                {
                    IReadOnlyList<string> pictures = LossPicture.Save(trainer.Losses, place);
                    output.WriteLine(string.Join(Environment.NewLine, pictures.Prepend(path)));
                }

                if (!finished)
                {
                    error.WriteLine(FormattableString.Invariant($"Stopped after step {trainer.Step} and saved; the same command with --resume goes on."));
                    return Stopped;
                }

                output.WriteLine();
                vocabulary.Print(begin.Concat(TextGenerator.Continue(model, begin, parsed.GetValue(tokens), sampler, vocabulary.End)), output);
                return 0;
            }
            catch (Exception e) when (e is ArgumentException or IOException or InvalidDataException or UnauthorizedAccessException or DllNotFoundException)
            {
                error.WriteLine(e.Message);
                return Unusable;
            }
        }, CancellationToken.None));
        return command.Parse(arguments).Invoke(new InvocationConfiguration { Output = output, Error = error, ProcessTerminationTimeout = TimeToSave });
    }

    /// <summary>Trains to the end or until stopped, and saves on the way and at the end; false when stopped.</summary>
    private static bool Train(TextTrainer trainer, Action save, int every, TextWriter output, CancellationToken cancellationToken)
    {
        int report = Math.Max(1, trainer.Settings.Steps / Lines);
        while (!trainer.IsOver)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                save();
                return false;
            }

            float loss = trainer.Advance();
            if (trainer.Step % report == 0 || trainer.IsOver)
            {
                output.WriteLine(FormattableString.Invariant($"step {trainer.Step,6}   loss {loss:F4}   rate {trainer.Settings.RateOf(trainer.Step - 1):0.0e+0}"));
                output.Flush();
            }

            if (trainer.Step % every == 0 || trainer.IsOver)
            {
                save();
            }
        }

        return true;
    }

    private static (ModelShape Shape, IVocabulary Vocabulary, Checkpoint<float>? Start, string Origin) Model(
        string? checkpoint, string? tokenizer, TextFile file, int layers, TrainingSettings settings)
    {
        if (checkpoint is null)
        {
            if (tokenizer is not null)
            {
                throw new ArgumentException("--tokenizer: it belongs to a --checkpoint; a model that learns characters has none");
            }

            CharacterVocabulary characters = CharacterVocabulary.Of(file.Text);

            // Rotation has no last position; a text may become a few times as long as what was learnt.
            return (ModelShape.OfCharacters(characters.Count, layers, 4 * settings.Context), characters, null, "fresh");
        }

        if (tokenizer is null)
        {
            throw new ArgumentException("--checkpoint: it needs its --tokenizer");
        }

        Checkpoint<float> start = Checkpoint<float>.Load(checkpoint, StoriesAttention.Reference.Shape);
        ModelShape shape = ModelShape.OfStories(start.Header, checkpoint);
        using FileStream bytes = File.OpenRead(checkpoint);
        return (shape, new StoriesVocabulary(tokenizer, start.Header.VocabSize), start, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    private static string FirstWords(string text)
    {
        const int Most = 20;
        string line = text.TrimStart().Split('\n')[0];
        int end = line.Length <= Most ? line.Length : line.LastIndexOf(' ', Most) is > 0 and int space ? space : Most;

        // Not through the middle of a character that takes two.
        return line.Length == 0 ? text : line[..(end < line.Length && char.IsLowSurrogate(line[end]) ? end + 1 : end)];
    }

    private static void Positive(string name, int value) => Check(value >= 1, name, "at least 1", value);

    private static void Check(bool holds, string name, string expected, int actual)
    {
        if (!holds)
        {
            throw new ArgumentException(FormattableString.Invariant($"{name}: expected {expected}, actual {actual}"));
        }
    }

    private static Option<int> Number(string name, string description, int value) =>
        new(name) { Description = description, HelpName = "number", DefaultValueFactory = _ => value };

    private static Option<double> Real(string name, string description, double value) =>
        new(name) { Description = description, HelpName = "number", DefaultValueFactory = _ => value };
}
