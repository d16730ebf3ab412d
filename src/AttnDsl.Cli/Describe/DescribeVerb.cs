using System.Globalization;
using System.IO;
using System.Threading;
using AttnDsl.Cli.Check;
using AttnDsl.Cli.Output;
using AttnDsl.Cli.Stacks;
using Spectre.Console;

namespace AttnDsl.Cli.Describe;

/// <summary><c>attn describe</c>: what a stack is and costs, or why the compiler refuses it.</summary>
internal static class DescribeVerb
{
    /// <summary>Runs the verb; returns the exit code.</summary>
    /// <exception cref="UnusableInputException">A size is out of range.</exception>
    public static int Run(DescribeOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        Sizes.Positive("--tokens", options.Tokens);
        Sizes.Positive("--context", options.Context);
        StackResult result = StackCompiler.Compile(options.Stack, cancellationToken: cancellationToken);
        if (result.IsRefused)
        {
            Refusal.Write(result, options.Json, output);
            return ExitCodes.Miss;
        }

        Description description = Description.Of(result, options);
        if (options.Json)
        {
            JsonText.Write(output, description);
        }
        else
        {
            Write(new Terminal(output), result, description);
        }

        return ExitCodes.Ok;
    }

    private static void Write(Terminal terminal, StackResult result, Description description)
    {
        terminal.Diagnostics(result);
        terminal.Line(description.Stack);
        terminal.Line();
        foreach (string line in description.Formula)
        {
            terminal.Line("  " + line);
        }

        terminal.Line();

        DescriptionWidths w = description.Widths;
        Table widths = terminal.NewTable("Width", ">Value");
        foreach ((string name, int value) in new[]
                 {
                     ("dim", w.Dim), ("heads declared", w.Heads), ("query heads", w.QueryHeads), ("key heads", w.KeyHeads),
                     ("value heads", w.ValueHeads), ("score heads", w.ScoreHeads), ("head width declared", w.HeadDim),
                     ("key width", w.KeyWidth), ("value width", w.ValueWidth),
                 })
        {
            widths.AddRow(name, value.ToString(CultureInfo.InvariantCulture));
        }

        terminal.Write(widths);
        terminal.Line();

        Table weights = terminal.NewTable("Weight", "Shape", ">Parameters");
        foreach (DescriptionWeight weight in description.Weights)
        {
            weights.AddRow(Markup.Escape(weight.Name), Markup.Escape(Tensor.ShapeText([.. weight.Shape])), Terminal.Count(weight.Parameters));
        }

        terminal.Write(weights);
        terminal.Line();

        Table costs = terminal.NewTable("Cost", ">Value");
        costs.AddRow("parameters", Terminal.Count(description.Parameters));
        costs.AddRow("cache per token, scalars", Terminal.Count(description.Cache.ScalarsPerToken));
        costs.AddRow(description.Cache.Element is { } element ? $"cache per token, bytes at {element}" : "cache per token, bytes", Terminal.Count(description.Cache.BytesPerToken));
        costs.AddRow("constant state per sequence, scalars", Terminal.Count(description.ConstantStateScalars));
        costs.AddRow(string.Create(CultureInfo.InvariantCulture, $"prefill of {description.Prefill.Tokens} tokens, FLOPs"), Terminal.Count(description.Prefill.Flops));
        if (description.Decode is { } decode)
        {
            costs.AddRow(string.Create(CultureInfo.InvariantCulture, $"decode at context {decode.Context}, FLOPs"), Terminal.Count(decode.Flops));
            costs.AddRow(string.Create(CultureInfo.InvariantCulture, $"decode at context {decode.Context}, bytes read"), Terminal.Count(decode.Bytes));
        }
        else
        {
            costs.AddRow("decode", "none: needs [[Causal]], aligned bottom-right");
        }

        terminal.Write(costs);
    }
}
