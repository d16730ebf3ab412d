using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Text;
using Stories;
using ReferenceModel = Stories.ReferenceModel<Stories.StoriesAttention.Reference, Stories.StoriesAttention.Weights<double>>;

const int UnusableInput = 2;
const int DefaultTokens = 256;
const string Cpu = "cpu", Reference = "reference";

var modelOption = new Option<string>("--model") { Description = "The checkpoint, in llama2.c format (stories260K.bin).", HelpName = "file", Required = true };
var tokenizerOption = new Option<string>("--tokenizer") { Description = "Its tokenizer, in llama2.c format (tok512.bin).", HelpName = "file", Required = true };
var promptOption = new Option<string>("--prompt")
{
    Description = "How the story begins.",
    HelpName = "text",
    DefaultValueFactory = _ => "Once upon a time",
};
var tokensOption = new Option<int>("--tokens")
{
    Description = "Largest number of tokens after the prompt. [default: 256, or as many as the model has positions for]",
    HelpName = "count",
};
var temperatureOption = new Option<double>("--temperature")
{
    Description = "0 takes the likeliest token each time; 1 draws as the model says; above, more freely.",
    HelpName = "number",
    DefaultValueFactory = _ => 0,
};
var topPOption = new Option<double>("--top-p")
{
    Description = "Draw only among the likeliest tokens that together hold this probability; 1 for all. Needs a temperature.",
    HelpName = "probability",
    DefaultValueFactory = _ => 1,
};
var seedOption = new Option<int>("--seed") { Description = "Equal seeds draw equal stories.", HelpName = "number", DefaultValueFactory = _ => 0 };
var backendOption = new Option<string>("--backend")
{
    Description = "What the model runs on: cpu, fused and in single precision, or reference, plain and in double precision.",
    HelpName = "name",
    DefaultValueFactory = _ => Cpu,
}.AcceptOnlyFromAmong(Cpu, Reference);

var command = new RootCommand("Tells a story with a small pretrained language model whose attention is written by AttnDsl.")
{
    modelOption, tokenizerOption, promptOption, tokensOption, temperatureOption, topPOption, seedOption, backendOption,
};
command.SetAction(arguments =>
{
    try
    {
        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        var sampler = new Sampler(arguments.GetValue(temperatureOption), arguments.GetValue(topPOption), arguments.GetValue(seedOption));
        string path = arguments.GetRequiredValue(modelOption);
        IStoryteller model = arguments.GetRequiredValue(backendOption) == Cpu ? CpuModel.Load(path) : ReferenceModel.Load(path);
        Tokenizer tokenizer = Tokenizer.Load(arguments.GetRequiredValue(tokenizerOption), model.VocabSize);
        List<int> prompt = tokenizer.Encode(arguments.GetRequiredValue(promptOption));
        int count = arguments.GetResult(tokensOption) is null
            ? Math.Clamp(model.SequenceLength - prompt.Count, 0, DefaultTokens)
            : arguments.GetValue(tokensOption);
        Tell(prompt, model.Continue(prompt, sampler, count), new StoryPrinter(tokenizer, Console.Out));
        return 0;
    }
    catch (Exception error) when (error is IOException or InvalidDataException or UnauthorizedAccessException or ArgumentException)
    {
        Console.Error.WriteLine(error.Message);
        return UnusableInput;
    }
});
return command.Parse(args).Invoke();

static void Tell(List<int> prompt, IEnumerable<int> story, StoryPrinter printer)
{
    prompt.ForEach(printer.Write);
    var speed = new Speed();
    foreach (int token in story)
    {
        printer.Write(token);
        speed.Count();
    }

    string report = speed.Report();
    printer.End();

    // On the error stream, so that the story alone can be redirected.
    Console.Error.WriteLine(FormattableString.Invariant($"{speed.Tokens} tokens after a prompt of {prompt.Count}: {report}"));
}
