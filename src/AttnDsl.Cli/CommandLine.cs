using System;
using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using AttnDsl.Cli.Check;
using AttnDsl.Cli.Compare;
using AttnDsl.Cli.Describe;
using AttnDsl.LibTorch;

namespace AttnDsl.Cli;

/// <summary>The verbs, their options, and their help.</summary>
internal static class CommandLine
{
    private const long DefaultTokens = 2048;

    /// <summary>The root command; verbs print to <paramref name="output"/>.</summary>
    public static RootCommand Create(TextWriter output)
    {
        RootCommand root = new("AttnDsl's tool: compiles an attention stack given as text with the real generator and analyzer, and works with the result.")
        {
            Describe(output),
            Compare(output),
            Check(output),
        };
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }

    private static Option<string> Stack() => new("--stack")
    {
        Description = "The stack: the attributes of the class exactly as in C#, and nothing else.",
        Required = true,
        HelpName = "ATTRIBUTES",
    };

    private static Option<bool> Json() => new("--json") { Description = "Print one JSON document instead of text." };

    private static Option<long> Tokens() => new("--tokens")
    {
        Description = "Tokens of the prefill whose FLOPs are shown.",
        HelpName = "N",
        DefaultValueFactory = _ => DefaultTokens,
    };

    private static Option<long> Context() => new("--context")
    {
        Description = "Tokens that the decoded one sees, itself included.",
        HelpName = "N",
        DefaultValueFactory = _ => DefaultTokens,
    };

    private static Command Describe(TextWriter output)
    {
        Option<string> stack = Stack();
        Option<bool> json = Json();
        Option<long> tokens = Tokens();
        Option<long> context = Context();
        Command command = new(
            "describe",
            "Shows what a stack is and costs: widths, weights, cache, parameters, FLOPs and bytes. Exit code 0, or 1 with the compiler's diagnostics when it refuses the stack.")
        {
            stack, tokens, context, json,
        };
        command.SetAction(result => DescribeVerb.Run(
            new DescribeOptions(result.GetValue(stack)!, result.GetValue(tokens), result.GetValue(context), result.GetValue(json)),
            output,
            CancellationToken.None));
        return command;
    }

    private static Command Compare(TextWriter output)
    {
        Option<string[]> stacks = new("--stack")
        {
            Description = "A stack: the attributes of the class exactly as in C#, and nothing else. Twice at least; the others are measured by the first.",
            Required = true,
            HelpName = "ATTRIBUTES",
        };
        Option<bool> json = Json();
        Option<long> tokens = Tokens();
        Option<long> context = Context();
        Command command = new(
            "compare",
            "Shows what several stacks cost, side by side: parameters, cache, FLOPs and bytes. Exit code 0, or 1 with the compiler's diagnostics when it refuses one of them.")
        {
            stacks, tokens, context, json,
        };
        command.SetAction(result => CompareVerb.Run(
            new ComparedStacks(result.GetValue(stacks)!, result.GetValue(tokens), result.GetValue(context), result.GetValue(json)),
            output,
            CancellationToken.None));
        return command;
    }

    private static Command Check(TextWriter output)
    {
        Argument<string> file = new("FILE.safetensors") { Description = "The recording: inputs, weights and results of the module." };
        Option<string> stack = Stack();
        Option<string?> map = new("--map")
        {
            Description = "Text file with one 'name-in-file = weight-name' per line; # starts a comment. A name that already equals the weight's needs no line; lines for weights the stack lacks are ignored.",
            HelpName = "map.txt",
        };
        Option<string?> input = new("--input")
        {
            Description = "Name of the input tensor [batch, tokens, dim]. Default: x, or the core's q, k and v where the file holds those instead.",
            HelpName = "NAME",
        };
        Option<string> recorded = new("--output")
        {
            Description = "Name of the recorded output.",
            HelpName = "NAME",
            DefaultValueFactory = _ => CheckOptions.DefaultOutput,
        };
        Option<string[]> backends = new("--backends")
        {
            Description = "Backends to run, separated by commas: " + string.Join(", ", CheckBackends.Names) + ". One that does not exist here, or cannot do what was asked for, counts as a miss.",
            HelpName = "NAMES",
            DefaultValueFactory = _ => [CheckBackends.DefaultName],
            CustomParser = result => [.. result.Tokens.SelectMany(t => t.Value.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries))],
        };
        Option<bool> gradients = new("--gradients")
        {
            Description = "Compare gradients too: with the gradient of the output in the tensor 'g', those of each input and weight in 'grad.NAME' under its name in the file.",
        };
        Option<int?> decode = new("--decode")
        {
            Description = "Also prefill FROM tokens, take the rest one by one through the cache, and compare with the recorded output.",
            HelpName = "FROM",
        };
        Option<string?> next = new("--next")
        {
            Description = "Also prefill all tokens, take one more from the tensor IN, and compare with the tensor OUT.",
            HelpName = "IN=OUT",
        };
        Option<string> layout = new("--layout")
        {
            Description = "Order of the dimensions of a core's q, k, v and output: batch, tokens, heads, width, or heads before tokens.",
            HelpName = string.Join('|', Enum.GetNames<HeadLayout>()),
            DefaultValueFactory = _ => nameof(HeadLayout.BTHD),
        };
        Option<string?> dtype = new("--dtype")
        {
            Description = "Number type of the backends; each one's own by default. The double reference runs in any case.",
            HelpName = string.Join('|', ScalarKinds.Names),
        };
        Option<int> threads = new("--threads")
        {
            Description = "Threads of the backends that use several; 0 for one per processor.",
            HelpName = "N",
            DefaultValueFactory = _ => 0,
        };
        Option<string?> libtorch = new("--libtorch")
        {
            Description = "Folder of the native libtorch 2.10.0 for the torch backends, where this attn was built without one. Default: the environment variable " + LibTorchSupport.FolderVariable + ".",
            HelpName = "DIR",
        };
        Option<double?> tolerance = new("--tolerance")
        {
            Description = "Largest absolute error allowed in any row, instead of the limits below.",
            HelpName = "E",
            CustomParser = ParseTolerance,
        };
        Option<bool> json = Json();
        Command command = new(
            "check",
            "Proves that a stack computes what another implementation computed: runs it on the recorded inputs and weights, and compares. Exit code 0 when all rows are within their limits, 1 on a miss or a refused stack, 2 when the input cannot be used.")
        {
            file, stack, map, input, recorded, backends, gradients, decode, next, layout, dtype, threads, libtorch, tolerance, json,
        };
        command.SetAction(result => CheckVerb.Run(
            new CheckOptions
            {
                File = result.GetValue(file)!,
                Stack = result.GetValue(stack)!,
                Map = result.GetValue(map),
                Input = result.GetValue(input),
                Output = result.GetValue(recorded)!,
                Backends = result.GetValue(backends)!,
                Gradients = result.GetValue(gradients),
                DecodeFrom = result.GetValue(decode),
                Next = ParseNext(result.GetValue(next)),
                Layout = ParseLayout(result.GetValue(layout)!),
                Dtype = result.GetValue(dtype) is { } kind ? ScalarKinds.Parse(kind) : null,
                Threads = result.GetValue(threads),
                LibTorch = result.GetValue(libtorch),
                Tolerance = result.GetValue(tolerance),
                Json = result.GetValue(json),
            },
            output,
            CancellationToken.None));
        return command;
    }

    private static double? ParseTolerance(ArgumentResult result)
    {
        string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
        {
            return value;
        }

        result.AddError($"--tolerance: expected a number such as 1e-6, got '{text}'");
        return null;
    }

    // Enum.Parse would take numbers too.
    private static HeadLayout ParseLayout(string text) => Enum.GetNames<HeadLayout>().Contains(text)
        ? Enum.Parse<HeadLayout>(text)
        : throw new UnusableInputException($"--layout: expected {string.Join(" or ", Enum.GetNames<HeadLayout>())}, got '{text}'");

    private static (string Input, string Output)? ParseNext(string? text)
    {
        if (text is null)
        {
            return null;
        }

        string[] sides = text.Split('=');
        return sides.Length == 2 && sides[0].Length > 0 && sides[1].Length > 0
            ? (sides[0], sides[1])
            : throw new UnusableInputException($"--next: expected IN=OUT, the names of two tensors, got '{text}'");
    }
}
