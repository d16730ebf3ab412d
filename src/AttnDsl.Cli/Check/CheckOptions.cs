using System.Collections.Generic;

namespace AttnDsl.Cli.Check;

/// <summary>What was asked for on the command line.</summary>
internal sealed record CheckOptions
{
    /// <summary>Default name of the input.</summary>
    public const string DefaultInput = "x";

    /// <summary>Default name of the recorded output.</summary>
    public const string DefaultOutput = "out";

    /// <summary>Most threads a backend takes.</summary>
    public const int MostThreads = 1024;

    /// <summary>Path of the recording.</summary>
    public required string File { get; init; }

    /// <summary>The stack.</summary>
    public required string Stack { get; init; }

    /// <summary>Path of the map file, or null.</summary>
    public string? Map { get; init; }

    /// <summary>Name of the input tensor; null takes <see cref="DefaultInput"/>, or q, k, v where the file has those instead.</summary>
    public string? Input { get; init; }

    /// <summary>Name of the recorded output.</summary>
    public string Output { get; init; } = DefaultOutput;

    /// <summary>Backends by name.</summary>
    public IReadOnlyList<string> Backends { get; init; } = ["reference"];

    /// <summary>Compare gradients too.</summary>
    public bool Gradients { get; init; }

    /// <summary>Tokens to prefill before decoding the rest, or null.</summary>
    public int? DecodeFrom { get; init; }

    /// <summary>Names of the tokens after the recorded ones and of their output, or null.</summary>
    public (string Input, string Output)? Next { get; init; }

    /// <summary>Layout of a core recording.</summary>
    public HeadLayout Layout { get; init; }

    /// <summary>Number type of every backend, or null for each one's own.</summary>
    public ScalarKind? Dtype { get; init; }

    /// <summary>Threads of the backends that use several; 0 leaves it to each.</summary>
    public int Threads { get; init; }

    /// <summary>Folder of the native libtorch, or null.</summary>
    public string? LibTorch { get; init; }

    /// <summary>Limit of every row, or null for the built-in ones.</summary>
    public double? Tolerance { get; init; }

    /// <summary>Print JSON.</summary>
    public bool Json { get; init; }
}
