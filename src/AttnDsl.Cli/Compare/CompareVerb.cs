using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using AttnDsl.Cli.Check;
using AttnDsl.Cli.Describe;
using AttnDsl.Cli.Output;
using AttnDsl.Cli.Stacks;
using Spectre.Console;

namespace AttnDsl.Cli.Compare;

/// <summary><c>attn compare</c>: what several stacks cost, side by side.</summary>
internal static class CompareVerb
{
    /// <summary>Runs the verb; returns the exit code.</summary>
    /// <exception cref="UnusableInputException">A size is out of range, or there is nothing to compare.</exception>
    public static int Run(ComparedStacks options, TextWriter output, CancellationToken cancellationToken)
    {
        Sizes.Positive("--tokens", options.Tokens);
        Sizes.Positive("--context", options.Context);
        if (options.Stacks.Count < 2)
        {
            throw new UnusableInputException(string.Create(CultureInfo.InvariantCulture, $"--stack: expected at least 2 stacks, each after a --stack of its own, got {options.Stacks.Count}"));
        }

        StackResult[] results = [.. options.Stacks.Select(stack => StackCompiler.Compile(stack, cancellationToken: cancellationToken))];
        bool refused = results.Any(r => r.IsRefused);
        Description[] accepted = [.. results.Where(r => !r.IsRefused).Select(r => Description.Of(r, new DescribeOptions(r.Text, options.Tokens, options.Context, options.Json)))];
        if (options.Json)
        {
            var next = new Queue<Description>(accepted);
            JsonText.Write(output, new ComparisonJson(!refused, options.Tokens, options.Context, [.. results.Select(r => r.IsRefused ? (object)RefusalJson.Of(r) : next.Dequeue())]));
        }
        else
        {
            Write(new Terminal(output), results, refused ? null : accepted);
        }

        return refused ? ExitCodes.Miss : ExitCodes.Ok;
    }

    private static void Write(Terminal terminal, StackResult[] results, Description[]? stacks)
    {
        for (int i = 0; i < results.Length; i++)
        {
            terminal.Line(Letter(i) + "  " + results[i].Text);
            terminal.Diagnostics(results[i]);
        }

        if (stacks is null)
        {
            return;
        }

        terminal.Line();
        Table table = terminal.NewTable([.. stacks.Select((_, i) => ">" + Letter(i)).Prepend("Cost")]);
        Add(table, "query heads", stacks, d => d.Widths.QueryHeads, relative: false);
        Add(table, "key heads", stacks, d => d.Widths.KeyHeads, relative: false);
        Add(table, "value heads", stacks, d => d.Widths.ValueHeads, relative: false);
        Add(table, "parameters", stacks, d => d.Parameters);
        Add(table, "cache per token, scalars", stacks, d => d.Cache.Element is null ? null : d.Cache.ScalarsPerToken);
        Add(table, "cache per token, bytes", stacks, d => d.Cache.Element is null ? null : d.Cache.BytesPerToken);
        Add(table, "constant state per sequence, scalars", stacks, d => d.ConstantStateScalars);
        Add(table, string.Create(CultureInfo.InvariantCulture, $"prefill of {stacks[0].Prefill.Tokens} tokens, FLOPs"), stacks, d => d.Prefill.Flops);
        long context = stacks.Select(d => d.Decode?.Context).FirstOrDefault(c => c is not null) ?? 0;
        if (context > 0)
        {
            Add(table, string.Create(CultureInfo.InvariantCulture, $"decode at context {context}, FLOPs"), stacks, d => d.Decode?.Flops);
            Add(table, string.Create(CultureInfo.InvariantCulture, $"decode at context {context}, bytes read"), stacks, d => d.Decode?.Bytes);
        }

        terminal.Write(table);
        if (stacks.Any(d => d.Decode is null))
        {
            terminal.Line();
            terminal.Line("none: no step-by-step form, which needs [Causal], aligned bottom-right");
        }
    }

    /// <summary>One quantity of every stack, and how it relates to the first one's.</summary>
    private static void Add(Table table, string name, Description[] stacks, Func<Description, long?> quantity, bool relative = true)
    {
        long? first = quantity(stacks[0]);
        table.AddRow([.. stacks.Select((stack, i) => quantity(stack) is not { } value ? "none"
            : relative && i > 0 && first > 0 ? string.Create(CultureInfo.InvariantCulture, $"{Terminal.Count(value)}, {(double)value / first.Value:0.000}x")
            : Terminal.Count(value)).Prepend(name)]);
    }

    // A to Z, then numbers.
    private static string Letter(int index) => index < 26 ? ((char)('A' + index)).ToString() : (index + 1).ToString(CultureInfo.InvariantCulture);

    /// <summary>What is printed as JSON.</summary>
    /// <param name="Accepted">Whether the compiler refuses none.</param>
    /// <param name="Tokens">Tokens of the prefill.</param>
    /// <param name="Context">Tokens that the decoded one sees.</param>
    /// <param name="Stacks">Of each stack what <c>attn describe</c> prints.</param>
    private sealed record ComparisonJson(bool Accepted, long Tokens, long Context, IReadOnlyList<object> Stacks);
}
