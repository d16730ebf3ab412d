using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Threading;
using AttnDsl.Cli.Output;
using AttnDsl.Cli.Stacks;

namespace AttnDsl.Cli.Check;

/// <summary><c>attn check</c>: whether a stack computes what was recorded from another implementation.</summary>
internal static class CheckVerb
{
    /// <summary>Runs the verb; returns the exit code.</summary>
    /// <exception cref="UnusableInputException">The file or the options cannot be used.</exception>
    public static int Run(CheckOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        if (options.Tolerance is { } tolerance && !(double.IsFinite(tolerance) && tolerance >= 0))
        {
            throw new UnusableInputException("--tolerance: expected a finite number of at least 0");
        }

        if (options.Threads is < 0 or > CheckOptions.MostThreads)
        {
            throw new UnusableInputException(
                string.Create(CultureInfo.InvariantCulture, $"--threads: expected 1 to {CheckOptions.MostThreads}, or 0 for one per processor, got {options.Threads}"));
        }

        // Files first: they are quick to refuse, a compilation is not.
        using Recording recording = Recording.Open(options.File);
        WeightMap map = options.Map is null ? WeightMap.Empty : WeightMap.Read(options.Map);
        bool torch = CheckBackends.NeedTorch(options.Backends);
        if (torch)
        {
            TorchBackend.Load(options.LibTorch);
        }

        StackResult result = StackCompiler.Compile(options.Stack, torch, cancellationToken);
        if (result.IsRefused)
        {
            Refusal.Write(result, options.Json, output);
            return ExitCodes.Miss;
        }

        CompiledStack stack = result.Require();
        CheckReport report;
        try
        {
            CheckCase check = CaseReader.Read(recording, map, options, stack.Reference);
            IReadOnlyList<CheckRow> rows = CheckRunner.Run(
                stack,
                check,
                CheckBackends.On(options.Threads),
                options.Backends,
                options.Dtype,
                options.Tolerance,
                recording.WentThroughFloat32,
                cancellationToken);
            if (options.Gradients && stack.Reference.Shape.NoGradient is { } reason)
            {
                rows = [.. rows, new CheckRow("-", "-", Quantities.Gradients, "-", null, null, true, "skipped: the layer has no gradient: " + reason)];
            }

            report = CheckReport.Of(options.File, result, check.Mode, rows);
        }
        catch (Exception e) when (e is OutOfMemoryException or OverflowException)
        {
            throw new UnusableInputException($"the stack is too large to be checked on this machine: {e.Message}", e);
        }
        catch (ArgumentException e)
        {
            // Every generated entry point checks its arguments and says what it expected.
            throw new UnusableInputException($"a backend refuses '{options.File}': {e.Message}", e);
        }

        if (options.Json)
        {
            JsonText.Write(output, report);
        }
        else
        {
            report.Write(result, output);
        }

        return report.Ok ? ExitCodes.Ok : ExitCodes.Miss;
    }
}
