using System;
using System.Collections.Generic;
using System.Linq;
using Serving;
using Stories;
using Xunit.Abstractions;

namespace AttnDsl.Conformance.Tests.Stories;

/// <summary>Many prompts over one paged cache make the stories that each prompt makes alone.</summary>
public sealed class ServingTests(ITestOutputHelper output)
{
    private static readonly string[] s_prompts =
    [
        "Once upon a time, there was a little girl named Lily. She loved to play outside in the sunshine with her friends. One day, it rained",
        "Once upon a time, there was a little girl named Lily. She loved to play outside in the sunshine with her friends. One day, she saw",
        "Tom",
        "Once upon a time, there was a little girl named Lily. She loved to",
        "The sun was hot. The sun was hot. The sun was",
        "Max had a ball.",
    ];

    [Theory]
    [InlineData(1, null, 0)]
    [InlineData(4, null, 0)]
    [InlineData(4, null, 5)]
    [InlineData(3, 34, 3)]
    [InlineData(6, 34, 0)]
    public void The_same_stories_as_one_by_one(int rows, int? pages, int guesses)
    {
        string? model = Shared.Find("models/stories260K.bin", output);
        string? vocabulary = Shared.Find("models/tok512.bin", output);
        if (model is null || vocabulary is null)
        {
            return;
        }

        const int Made = 90;
        CpuModel alone = CpuModel.Load(model);
        Tokenizer tokenizer = Tokenizer.Load(vocabulary, alone.VocabSize);
        List<Request> requests = [.. s_prompts.Select((prompt, i) => new Request(i, tokenizer.Encode(prompt), Made))];
        ServerFigures figures = new Server(ServingModel.Load(model), new ServerOptions { Rows = rows, Pages = pages, Guesses = guesses, Chunk = 10 }).Run(requests);
        foreach (Request request in requests)
        {
            int[] prompt = [.. tokenizer.Encode(s_prompts[request.Number])];
            Assert.Equal([.. prompt, .. alone.Continue(prompt, new Sampler(), Made)], request.Tokens);
        }

        output.WriteLine(FormattableString.Invariant(
            $"{figures.Made} tokens in {figures.Steps} steps, {figures.Reused} found, {figures.Accepted} of {figures.Guessed} guesses right, {figures.MostPages} pages, {figures.MostSaved} saved, {figures.Evictions} gave theirs back"));
        Assert.Equal(requests.Sum(request => request.Made), figures.Made);
        Assert.True(rows == 1 || figures.MostRows > 1);
        Assert.True(rows == 1 || figures.MostSaved > 0, "no page was shared");
        Assert.True(guesses == 0 || figures.Accepted > 0, "no guess was right");
        Assert.True(pages is not { } limit || figures.MostPages <= limit);
    }

    [Fact]
    public void What_cannot_be_served_is_refused()
    {
        string? path = Shared.Find("models/stories260K.bin", output);
        if (path is null)
        {
            return;
        }

        ServingModel model = ServingModel.Load(path);
        Assert.Throws<ArgumentOutOfRangeException>("Rows", () => new Server(model, new ServerOptions { Rows = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>("Chunk", () => new Server(model, new ServerOptions { Chunk = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>("Guesses", () => new Server(model, new ServerOptions { Guesses = -1 }));
        Assert.Throws<ArgumentOutOfRangeException>("Pages", () => new Server(model, new ServerOptions { Pages = 5 }));
        Assert.Throws<ArgumentException>("requests", () => new Server(model, new ServerOptions()).Run([new Request(0, [1], model.SequenceLength)]));
        Assert.Throws<ArgumentException>("prompt", () => new Request(0, [], 1));
        Assert.Throws<ArgumentOutOfRangeException>("count", () => new Request(0, [1], 0));
    }

    [Fact]
    public void Guesses_are_what_followed_before()
    {
        Assert.Equal([4, 5, 6], Drafting.Guess([1, 2, 3, 4, 5, 6, 1, 2, 3], 3));
        Assert.Equal([9, 7], Drafting.Guess([7, 9, 7], 5));
        Assert.Empty(Drafting.Guess([1, 2, 3], 4));
        Assert.Empty(Drafting.Guess([1], 4));
        Assert.Empty(Drafting.Guess([1, 1], 0));
    }
}
