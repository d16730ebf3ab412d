using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.IO;
using System.Linq;

namespace AttnDsl;

/// <summary>A well-formed file does not fit a layer. Lists everything that is wrong, so that one look is enough; the layer's weights are as they were.</summary>
public class WeightFileException : IOException
{
    /// <summary>An exception without details.</summary>
    public WeightFileException()
    {
    }

    /// <summary>An exception with a message.</summary>
    /// <param name="message">What is wrong.</param>
    public WeightFileException(string message)
        : base(message)
    {
    }

    /// <summary>An exception with a message and a cause.</summary>
    /// <param name="message">What is wrong.</param>
    /// <param name="innerException">The cause.</param>
    public WeightFileException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>An exception that lists problems.</summary>
    /// <param name="path">The file.</param>
    /// <param name="problems">What is wrong, at least one problem.</param>
    public WeightFileException(string path, IReadOnlyList<WeightFileProblem> problems)
        : base(Text(path, problems))
    {
        Problems = [.. problems];
    }

    /// <summary>Everything that is wrong: by weight in the layer's order, then what the file has too much.</summary>
    public IReadOnlyList<WeightFileProblem> Problems { get; } = ImmutableArray<WeightFileProblem>.Empty;

    private static string Text(string path, IReadOnlyList<WeightFileProblem> problems)
    {
        ArgumentNullException.ThrowIfNull(problems);
        string count = problems.Count == 1 ? "1 problem" : string.Create(CultureInfo.InvariantCulture, $"{problems.Count} problems");
        return $"{path} does not fit the layer, {count}:{string.Concat(problems.Select(problem => "\n  " + problem.Message))}";
    }
}
