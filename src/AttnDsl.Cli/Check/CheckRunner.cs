using System.Collections.Generic;
using System.Linq;
using System.Threading;
using AttnDsl.Cli.Stacks;

namespace AttnDsl.Cli.Check;

/// <summary>Runs the backends on a case and compares: the double reference with the recording, every other run with the double reference.</summary>
internal static class CheckRunner
{
    /// <summary>One row per run and quantity, the double reference first whatever was asked for: the other rows rest on it.</summary>
    /// <param name="stack">The layer.</param>
    /// <param name="check">Inputs and recordings.</param>
    /// <param name="backends">Those to choose from.</param>
    /// <param name="names">Names as asked for.</param>
    /// <param name="dtype">Number type asked for; null leaves it to each backend.</param>
    /// <param name="tolerance">Limit of every row, instead of the built-in ones.</param>
    /// <param name="throughFloat32">The recording went through float32 arithmetic.</param>
    /// <param name="cancellationToken">Stops between and within runs.</param>
    public static IReadOnlyList<CheckRow> Run(
        CompiledStack stack,
        CheckCase check,
        CheckBackends backends,
        IReadOnlyList<string> names,
        ScalarKind? dtype,
        double? tolerance,
        bool throughFloat32,
        CancellationToken cancellationToken)
    {
        List<CheckRow> rows = [];
        IReadOnlyDictionary<string, Outcome> exact = backends.Reference.Run(stack, check, ScalarKind.F64, cancellationToken);
        foreach (Expectation expectation in check.Expectations)
        {
            double limit = tolerance ?? Limits.AgainstRecording(expectation.Recorded, throughFloat32);
            rows.Add(Compare(
                backends.Reference.Name,
                ScalarKind.F64,
                expectation,
                "recording",
                exact[expectation.Quantity],
                expectation.Recorded.Data,
                limit));
        }

        Dictionary<ScalarKind, Measures> all = [];
        foreach (string name in names.Distinct())
        {
            ICheckBackend? backend = backends.Find(name, out string reason);
            ScalarKind kind = dtype ?? backend?.DefaultDtype ?? ScalarKind.F32;
            if (backend == backends.Reference && kind == ScalarKind.F64)
            {
                continue;
            }

            string? whyNot = backend is null ? reason : backend.WhyNot(stack, kind);
            if (backend is null || whyNot is not null)
            {
                rows.Add(new CheckRow(name, kind.Name(), Quantities.All, "reference", null, null, false, "not available: " + whyNot));
                continue;
            }

            if (!all.TryGetValue(kind, out Measures? measures))
            {
                measures = new Measures(backends.Reference, stack, check.RoundTo(kind), kind);
                all[kind] = measures;
            }

            IReadOnlyDictionary<string, Outcome> found = backend.Run(stack, measures.Case, kind, cancellationToken);
            foreach (Expectation expectation in measures.Case.Expectations)
            {
                // What the reference cannot do, nobody can be measured at.
                Outcome truth = measures.Exact(expectation.Quantity, cancellationToken);
                Outcome outcome = truth.Values is null ? truth : found[expectation.Quantity];
                double[] expected = truth.Values ?? [];
                double limit = tolerance ?? (backend == backends.Reference || kind == ScalarKind.F64 || outcome.Values is null
                    ? Limits.AgainstReference(kind, expectation.Terms, expected)
                    : measures.LimitOfBackend(expectation.Quantity, expected, cancellationToken));
                rows.Add(Compare(name, kind, expectation, "reference", outcome, expected, limit));
            }
        }

        return rows;
    }

    private static CheckRow Compare(
        string backend,
        ScalarKind dtype,
        Expectation expectation,
        string against,
        Outcome outcome,
        double[] expected,
        double limit) =>
        outcome.Values is { } values
            ? Comparison.Of(values, expected).ToRow(backend, dtype, expectation, against, limit)
            : new CheckRow(backend, dtype.Name(), expectation.Quantity, against, null, null, false, "cannot: " + outcome.Reason);
}
