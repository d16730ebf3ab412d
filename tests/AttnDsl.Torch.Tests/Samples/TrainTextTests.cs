using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using AttnDsl.Conformance.Tests;
using AttnDsl.Conformance.Tests.Cli;
using TrainText;
using Xunit.Abstractions;

namespace AttnDsl.Torch.Tests.Samples;

using TemporaryFolder = global::AttnDsl.Conformance.Tests.Cli.TemporaryFolder;

/// <summary>The sample TrainText as its user starts it: killed, stopped, gone on with, refused.</summary>
public sealed class TrainTextTests(ITestOutputHelper output) : IDisposable
{
    private static readonly string[] Tiny = ["--layers", "1", "--batch", "2", "--context", "16", "--warm-up", "3", "--tokens", "10", "--seed", "3"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void It_trains_draws_and_writes()
    {
        (int code, string written, string error) = Run([Text(), .. Tiny, "--steps", "8", "--out", folder.PathOf("trained"), "--prompt", "the cat"]);
        Assert.True(code == 0, error);
        Assert.Contains("step      8   loss", written, StringComparison.Ordinal);
        string text = written.TrimEnd('\n', '\r');
        Assert.Equal("the cat".Length + 10, text[(text.LastIndexOf("the cat", StringComparison.Ordinal))..].Length);
        Assert.Equal(["loss.png", "loss.svg", "training.safetensors"], Directory.GetFiles(folder.PathOf("trained")).Select(Path.GetFileName).Order());
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(folder.PathOf("trained/loss.png"))[..4]);
        Assert.Equal(8, Losses("trained").Length);
    }

    [Fact]
    public async Task A_process_killed_at_any_moment_goes_on_with_the_same_losses()
    {
        const int Steps = 150;
        string[] arguments = [Text(), .. Tiny, "--steps", FormattableString.Invariant($"{Steps}")];

        // Saved once: that saving leaves no trace in the losses is part of what is shown.
        Assert.Equal(0, Run([.. arguments, "--save-every", FormattableString.Invariant($"{Steps}"), "--out", folder.PathOf("whole")]).Code);

        // Killed again and again, wherever it happens to be: most of its time goes into saving.
        string[] interrupted = [.. arguments, "--save-every", "1", "--out", folder.PathOf("killed")];
        int kills = 0;
        for (int i = 0; i < 3; i++)
        {
            int before = Directory.Exists(folder.PathOf("killed")) && File.Exists(folder.PathOf("killed/training.safetensors")) ? Losses("killed").Length : 0;
            using SampleProcess process = SampleProcess.Start("TrainText", i == 0 ? interrupted : [.. interrupted, "--resume"]);
            var patience = Stopwatch.StartNew();
            while (patience.Elapsed < TimeSpan.FromSeconds(60) && (!File.Exists(folder.PathOf("killed/training.safetensors")) || Losses("killed").Length < before + 5 + (11 * i)))
            {
                await Task.Delay(5);
            }

            process.Kill();
            (int code, _, _) = await process.End();
            kills += code == 0 ? 0 : 1;
            Assert.InRange(Losses("killed").Length, before + 1, Steps);
        }

        Assert.Equal(3, kills);
        (int last, _, string error) = Run([.. interrupted, "--resume"]);
        Assert.True(last == 0, error);
        Assert.Equal(Losses("whole"), Losses("killed"));
    }

    [Fact]
    public async Task Ctrl_C_saves_and_says_how_to_go_on()
    {
        string[] arguments = [Text(), .. Tiny, "--steps", "100000", "--save-every", "100000", "--out", folder.PathOf("stopped")];
        int steps;
        if (OperatingSystem.IsWindows())
        {
            // No signal can be sent to one process alone there: the same way, without the signal.
            using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            Assert.Equal(130, Run(arguments, stop.Token).Code);
        }
        else
        {
            using SampleProcess process = SampleProcess.Start("TrainText", arguments);

            // It trains when its folder is there; the signal comes in the middle of it.
            while (!Directory.Exists(folder.PathOf("stopped")))
            {
                await Task.Delay(20);
            }

            await Task.Delay(500);
            process.Interrupt();
            (int code, string written, string error) = await process.End();
            Assert.Equal((130, true), (code, error.Contains("--resume goes on", StringComparison.Ordinal)));
            Assert.Contains("loss.svg", written, StringComparison.Ordinal);
        }

        steps = Losses("stopped").Length;
        Assert.InRange(steps, 1, 99_999);

        // Already stopped when it goes on: it saves what it has.
        using var now = new CancellationTokenSource();
        now.Cancel();
        Assert.Equal(130, Run([.. arguments, "--resume"], now.Token).Code);
        Assert.Equal(steps, Losses("stopped").Length);
    }

    [Fact]
    public void What_cannot_be_used_is_refused_before_anything_is_written()
    {
        string text = Text(), empty = folder.PathOf("empty.txt"), bytes = folder.PathOf("bytes.txt");
        File.WriteAllText(empty, "");
        File.WriteAllBytes(bytes, [0x61, 0xff, 0x61]);
        Refused("absent.txt", folder.PathOf("absent.txt"));
        Refused("expected text, actual an empty file", empty);
        Refused("expected UTF-8 text", bytes);
        Refused("tokens: expected at least 100001", text, "--context", "100000");
        Refused("rate: expected a finite number above 0", text, "--rate", "0");
        Refused("steps: expected at least 1", text, "--steps", "0");
        Refused("clip: expected", text, "--clip", "-1");
        Refused("--layers: expected at least 1", text, "--layers", "0");
        Refused("--tokens: expected at least 0", text, "--tokens", "-1");
        Refused("--save-every: expected at least 1", text, "--save-every", "0");
        Refused("temperature", text, "--temperature", "-1");
        Refused("expected one of the", text, "--prompt", "Ω");
        Refused("--checkpoint: it needs its --tokenizer", text, "--checkpoint", "model.bin");
        Refused("--tokenizer: it belongs to a --checkpoint", text, "--tokenizer", "tokens.bin");
        Refused("--resume: ", text, "--resume");
        Refused("empty.txt: header: expected 28 bytes", text, "--checkpoint", empty, "--tokenizer", empty);

        void Refused(string reason, params string[] arguments)
        {
            (int code, string written, string error) = Run([.. arguments, "--out", folder.PathOf("none")]);
            Assert.Equal((2, ""), (code, written));
            Assert.Contains(reason, error, StringComparison.Ordinal);
            Assert.False(Directory.Exists(folder.PathOf("none")));
        }
    }

    [Fact]
    public void A_training_is_neither_overwritten_nor_mixed_up()
    {
        string[] arguments = [Text(), .. Tiny, "--steps", "4", "--out", folder.PathOf("kept")];
        Assert.Equal(0, Run(arguments).Code);
        byte[] kept = File.ReadAllBytes(folder.PathOf("kept/training.safetensors"));
        Refused("holds a training already", arguments);
        Refused("rate: expected 0.5", [.. arguments, "--resume", "--rate", "0.5"]);
        File.WriteAllBytes(folder.PathOf("kept/training.safetensors"), kept[..^1]);
        kept = kept[..^1];
        Refused("training.safetensors", [.. arguments, "--resume"]);

        void Refused(string reason, string[] arguments)
        {
            (int code, _, string error) = Run(arguments);
            Assert.Equal(2, code);
            Assert.Contains(reason, error, StringComparison.Ordinal);
            Assert.Equal(kept, File.ReadAllBytes(folder.PathOf("kept/training.safetensors")));
        }
    }

    [Fact]
    public void A_pretrained_model_goes_on_and_still_tells_its_story()
    {
        if (Shared.Find("models/stories260K.bin", output) is not { } model || Shared.Find("models/tok512.bin", output) is not { } tokenizer)
        {
            return;
        }

        const string Story = "Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball";
        string text = folder.Write("story.txt", Enumerable.Repeat(Story + ". She was happy.\n", 8).ToArray());
        (int code, string written, string error) = Run(
        [
            text, "--checkpoint", model, "--tokenizer", tokenizer, "--steps", "2", "--batch", "2", "--context", "32", "--rate", "1e-7",
            "--temperature", "0", "--tokens", "39", "--prompt", "Once upon a time", "--out", folder.PathOf("stories"),
        ]);
        Assert.True(code == 0, error);
        Assert.Equal(Story, written.TrimEnd().Split('\n')[^1]);

        // A model that knew nothing would begin at ln 512 = 6.2.
        Assert.InRange(Losses("stories")[0], 0.1f, 2f);
    }

    [Fact]
    public void Pieces_of_a_text_are_the_tokens_of_the_whole()
    {
        if (Shared.Find("models/tok512.bin", output) is not { } path)
        {
            return;
        }

        var vocabulary = new StoriesVocabulary(path, 512);
        string text = string.Join(' ', Enumerable.Repeat("Once upon a time there was a naïve girl,\nand she ran.", 12));
        int[] whole = [.. global::Stories.Tokenizer.Load(path, 512).Encode(text)];
        Assert.Equal(whole, vocabulary.Encode(text));
        Assert.Equal([.. whole, .. whole], vocabulary.Encode(text + "\n\n\n" + text));
        Assert.Equal([1], vocabulary.Encode(""));
        using var written = new StringWriter();
        vocabulary.Print(whole, written);
        Assert.Equal(text, written.ToString().TrimEnd());
    }

    [Fact]
    public void Characters_are_code_points()
    {
        CharacterVocabulary letters = CharacterVocabulary.Of("aé😀b a");
        Assert.Equal(5, letters.Count);
        Assert.Equal([4, 1, 2], letters.Encode("😀ab"));
        Assert.Throws<ArgumentException>(() => letters.Encode("abc"));
        using var written = new StringWriter();
        letters.Print([4, 0, 3], written);
        Assert.Equal("😀 é", written.ToString().TrimEnd());
    }

    private static (int Code, string Output, string Error) Run(string[] arguments, CancellationToken stop = default)
    {
        using var written = new StringWriter();
        using var error = new StringWriter();
        int code = TrainCommand.Run(arguments, written, error, stop);
        return (code, written.ToString(), error.ToString());
    }

    private string Text() => folder.Write("text.txt", Enumerable.Repeat("the cat sat on the mat, and the dog sat on the cat;", 20).ToArray());

    private float[] Losses(string name)
    {
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder.PathOf(name), "training.safetensors"));
        return file.ReadSingle("losses");
    }
}
