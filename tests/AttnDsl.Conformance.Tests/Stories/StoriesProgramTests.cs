using System;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;
using global::Stories;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Stories;

/// <summary>The sample as its user starts it.</summary>
public sealed class StoriesProgramTests(ITestOutputHelper output) : IDisposable
{
    private readonly TinyFiles files = new();

    public void Dispose() => files.Dispose();

    [Theory]
    [InlineData("cpu")]
    [InlineData("reference")]
    public async Task It_tells_the_recorded_story_and_its_speed(string backend)
    {
        if (StoriesData.Find(StoriesData.Model, output) is not { } model || StoriesData.Find(StoriesData.Tokenizer, output) is not { } tokenizer)
        {
            return;
        }

        (int code, string story, string report) = await Run("--model", model, "--tokenizer", tokenizer, "--prompt", "Once upon a time", "--tokens", "39", "--backend", backend);
        Assert.Equal(0, code);
        Assert.Equal("Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball", story.TrimEnd());
        Assert.StartsWith("39 tokens after a prompt of 5", report, StringComparison.Ordinal);
        Assert.EndsWith(" tokens per second", report.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unusable_file_is_named_before_anything_is_told()
    {
        string model = files.Write("model.bin", TinyFiles.Checkpoint(TinyFiles.Header)[..^4]);
        string tokenizer = files.Write("tokens.bin", TinyFiles.Vocabulary(6, " "));
        (int code, string story, string report) = await Run("--model", model, "--tokenizer", tokenizer);
        Assert.Equal(2, code);
        Assert.Empty(story);
        Assert.Contains("model.bin: length: expected", report, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--tokens", "17", "Expected at most")]
    [InlineData("--tokens", "-1", "must be a non-negative")]
    [InlineData("--temperature", "-1", "Expected a finite temperature of at least 0")]
    [InlineData("--top-p", "0", "Expected a probability above 0 and at most 1")]
    public async Task A_setting_out_of_range_is_refused(string option, string value, string reason)
    {
        string model = files.Write("model.bin", TinyFiles.Checkpoint(TinyFiles.Header));
        string tokenizer = files.Write("tokens.bin", TinyFiles.Vocabulary(6, " "));
        (int code, string story, string report) = await Run("--model", model, "--tokenizer", tokenizer, "--prompt", "a", option, value);
        Assert.Equal(2, code);
        Assert.Empty(story);
        Assert.Contains(reason, report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backend_that_is_none_is_refused()
    {
        (int code, string story, string report) = await Run("--model", "model.bin", "--tokenizer", "tokens.bin", "--backend", "gpu");
        Assert.NotEqual(0, code);
        Assert.Contains("'cpu'", story + report, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Error)> Run(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(typeof(Tokenizer).Assembly.Location);
        Array.ForEach(arguments, start.ArgumentList.Add);
        using Process process = Process.Start(start)!;
        Task<string> text = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await text, await error);
    }
}
