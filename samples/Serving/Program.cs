using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Text;
using Serving;
using Spectre.Console;
using Stories;

const int UnusableInput = 2;

var modelOption = new Option<string>("--model") { Description = "The checkpoint, in llama2.c format (stories260K.bin).", HelpName = "file", Required = true };
var tokenizerOption = new Option<string>("--tokenizer") { Description = "Its tokenizer, in llama2.c format (tok512.bin).", HelpName = "file", Required = true };
var promptsOption = new Option<string>("--prompts") { Description = "A file with one prompt per line; without it, 24 beginnings of stories, many of which begin alike.", HelpName = "file" };
var tokensOption = new Option<int>("--tokens") { Description = "Tokens to make per prompt at most.", HelpName = "count", DefaultValueFactory = _ => 200 };
var rowsOption = new Option<int>("--rows") { Description = "Prompts at a time.", HelpName = "count", DefaultValueFactory = _ => 8 };
var pagesOption = new Option<int?>("--pages") { Description = "Pages of the cache; without it, as many as it takes.", HelpName = "count" };
var guessesOption = new Option<int>("--guesses") { Description = "Tokens to guess ahead at most; 0 for none.", HelpName = "count", DefaultValueFactory = _ => 4 };
var quietOption = new Option<bool>("--quiet") { Description = "Only the figures, without the stories." };
var command = new RootCommand("Serves many prompts at once over one paged cache, and the same one after another.")
{
    modelOption, tokenizerOption, promptsOption, tokensOption, rowsOption, pagesOption, guessesOption, quietOption,
};
command.SetAction(arguments =>
{
    try
    {
        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        ServingModel model = ServingModel.Load(arguments.GetRequiredValue(modelOption));
        Tokenizer tokenizer = Tokenizer.Load(arguments.GetRequiredValue(tokenizerOption), model.VocabSize);
        string[] prompts = arguments.GetValue(promptsOption) is { } file ? [.. File.ReadAllLines(file).Where(line => line.Length > 0)] : Prompts.All;
        var options = new ServerOptions { Rows = arguments.GetValue(rowsOption), Pages = arguments.GetValue(pagesOption), Guesses = arguments.GetValue(guessesOption) };
        List<Request> Requests() => [.. prompts.Select((prompt, i) =>
        {
            List<int> tokens = tokenizer.Encode(prompt);
            return new Request(i, tokens, Math.Min(arguments.GetValue(tokensOption), model.SequenceLength - tokens.Count));
        })];

        // Once for the just-in-time compiler.
        new Server(model, options).Run(Requests().Take(2));
        List<Request> alone = Requests(), together = Requests(), guessing = Requests();
        ServerFigures one = new Server(model, options with { Rows = 1, Guesses = 0 }).Run(alone);
        ServerFigures batched = new Server(model, options with { Guesses = 0 }).Run(together);
        ServerFigures guessed = new Server(model, options).Run(guessing);
        if (!arguments.GetValue(quietOption))
        {
            foreach (Request request in together)
            {
                var printer = new StoryPrinter(tokenizer, Console.Out);
                request.Tokens.ForEach(printer.Write);
                printer.End();
                Console.WriteLine();
            }
        }

        Report.Write(AnsiConsole.Console, [("one after another", one), ("together", batched), ("together, guessing ahead", guessed)], Same(alone, together) && Same(alone, guessing));
        return 0;
    }
    catch (Exception error) when (error is IOException or InvalidDataException or UnauthorizedAccessException or ArgumentException)
    {
        Console.Error.WriteLine(error.Message);
        return UnusableInput;
    }
});
return command.Parse(args).Invoke();

static bool Same(List<Request> some, List<Request> others) => some.Zip(others, (a, b) => a.Tokens.SequenceEqual(b.Tokens)).All(same => same);
