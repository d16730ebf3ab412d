using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using AttnDsl.Space.Drawing;
using AttnDsl.Space.Numbers;
using AttnDsl.Space.Stacks;

namespace AttnDsl.Space.Running;

/// <summary>What became of stacks.</summary>
/// <param name="Legal">No error, and compiled by the generator.</param>
/// <param name="Refused">Refused by exactly their diagnostics.</param>
/// <param name="Run">Run on the reference and on the CPU backend.</param>
/// <param name="TooLarge">Compiled and their costs checked, not run.</param>
/// <param name="Extreme">Of those run: without gradients and float, whose range their numbers leave.</param>
/// <param name="Escapes">Everything that went wrong.</param>
internal sealed record Tally(int Legal, int Refused, int Run, int TooLarge, int Extreme, IReadOnlyList<Escape> Escapes)
{
    public static Tally Empty { get; } = new(0, 0, 0, 0, 0, []);

    public static Tally operator +(Tally a, Tally b) =>
        new(a.Legal + b.Legal, a.Refused + b.Refused, a.Run + b.Run, a.TooLarge + b.TooLarge, a.Extreme + b.Extreme, [.. a.Escapes, .. b.Escapes]);

    public override string ToString() => FormattableString.Invariant(
        $"{Legal + Refused} stacks: {Legal} legal, {Refused} refused; run on reference and CPU: {Run} ({Extreme} without gradients and float for extreme numbers), {TooLarge} too large to run; {Escapes.Count} disagreements and escapes");
}

/// <summary>Judges, compiles and runs stacks.</summary>
internal static class Runner
{
    /// <summary>Stacks per compilation: enough to share the fixed cost, few enough to spread over the cores.</summary>
    private const int BatchSize = 40;

    /// <summary>Layers of more parameters are compiled and their costs checked, not run.</summary>
    private const long MostParameters = 1_000_000;

    /// <param name="stacks">Any stacks.</param>
    /// <param name="seed">Of inputs and weights.</param>
    /// <param name="thorough">See <see cref="BatchCompiler.Compile"/>.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    public static Tally Run(IEnumerable<Stack> stacks, int seed, bool thorough, CancellationToken cancellationToken = default)
    {
        // Refused stacks never reach the generator, so they fill a compilation more slowly.
        Stack[] all = [.. stacks];
        IEnumerable<Stack[]> batches = all.Where(stack => !IsLegal(stack)).Chunk(10 * BatchSize).Concat(all.Where(IsLegal).Chunk(BatchSize));
        return batches
            .AsParallel()
            .WithDegreeOfParallelism(Environment.ProcessorCount)
            .WithMergeOptions(ParallelMergeOptions.NotBuffered)
            .Select(batch => BatchCompiler.Compile(batch, thorough, cancellationToken).Aggregate(Tally.Empty, (tally, trial) => tally + Finish(trial, seed, thorough)))
            .Aggregate(Tally.Empty, (a, b) => a + b);
    }

    /// <summary>The first escapes, each of the smallest stack that still has it, smallest first.</summary>
    public static string Report(IReadOnlyList<Escape> escapes, int seed)
    {
        IEnumerable<Escape> smallest = escapes
            .DistinctBy(escape => escape.Stack)
            .OrderBy(escape => escape.Stack.Text.Length)
            .Take(5)
            .Select(escape => Smallest(escape, seed))
            .DistinctBy(escape => escape.Stack)
            .OrderBy(escape => escape.Stack.Uses.Count)
            .ThenBy(escape => escape.Stack.Text.Length);
        return FormattableString.Invariant($"{escapes.Count} disagreements and escapes; the smallest (seed {seed}):\n\n") + string.Join('\n', smallest);
    }

    private static Escape Smallest(Escape escape, int seed)
    {
        Escape? Again(Stack stack) => Run([stack], seed, thorough: true).Escapes.FirstOrDefault(other => other.Kind == escape.Kind);
        Stack smallest = Shrinker.Shrink(escape.Stack, stack => Again(stack) is not null, tries: 40);
        return Again(smallest) ?? escape;
    }

    private static bool IsLegal(Stack stack) => Judge.IsLegal(Legality.Sheet.Faults(stack));

    private static Tally Finish(Trial trial, int seed, bool thorough)
    {
        if (Judge.Compare(trial.Stack) is { } disagreement)
        {
            trial.Escapes.Add(disagreement);
        }

        bool run = false;
        if (trial.Compiled is not null && trial.Escapes.Count == 0)
        {
            try
            {
                run = Numbers(trial, seed, thorough);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                trial.Escape(EscapeKind.Exception, exception.ToString());
            }
        }

        int legal = trial.IsLegal ? 1 : 0;
        int tooLarge = legal == 1 && !run && trial.Escapes.Count == 0 ? 1 : 0;
        return new Tally(legal, 1 - legal, run ? 1 : 0, tooLarge, run && new Facts(trial.Stack).IsExtreme ? 1 : 0, trial.Escapes);
    }

    private static bool Numbers(Trial trial, int seed, bool thorough)
    {
        foreach (string complaint in CostChecks.Run(trial.Stack, trial.Compiled!))
        {
            trial.Escape(EscapeKind.Numbers, complaint);
        }

        if (trial.Compiled!.Spec.ParameterCount > MostParameters)
        {
            return false;
        }

        foreach (string complaint in LayerChecks.Run(trial.Stack, trial.Compiled, seed, thorough))
        {
            trial.Escape(EscapeKind.Numbers, complaint);
        }

        return true;
    }
}
