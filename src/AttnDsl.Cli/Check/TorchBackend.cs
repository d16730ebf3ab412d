using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using AttnDsl.Cli.Stacks;
using AttnDsl.LibTorch;
using AttnDsl.Torch;
using TorchSharp;

namespace AttnDsl.Cli.Check;

/// <summary>The generated TorchSharp module, on one path of its core.</summary>
/// <param name="name">Name on the command line.</param>
/// <param name="core">The path.</param>
/// <param name="inDouble">It also computes in double.</param>
/// <param name="threads">Threads of libtorch; 0 leaves it to libtorch.</param>
internal sealed class TorchBackend(string name, CorePath core, bool inDouble, int threads) : ICheckBackend
{
    /// <summary>Plain torch operations.</summary>
    public const string Plain = "torch";

    /// <summary>The fused CPU kernels behind autograd.</summary>
    public const string Fused = "torch-fused";

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public ScalarKind DefaultDtype => ScalarKind.F32;

    /// <summary>Loads libtorch, and says what is missing where it cannot be loaded.</summary>
    /// <param name="folder">Folder given on the command line, or null.</param>
    /// <exception cref="UnusableInputException">It cannot be loaded; the message says why.</exception>
    public static void Load(string? folder)
    {
        try
        {
            LibTorchSupport.EnsureLoaded(folder);
        }
        catch (DllNotFoundException e)
        {
            string advice = folder is null && !LibTorchSupport.IsBundled ? " The option --libtorch names that folder too." : "";
            throw new UnusableInputException($"--backends: {Plain} and {Fused} need libtorch. {e.Message}{advice}", e);
        }
    }

    /// <inheritdoc/>
    public string? WhyNot(CompiledStack stack, ScalarKind dtype)
    {
        if (dtype == ScalarKind.F64 && !inDouble)
        {
            return $"the backend {name} has no such precision, it computes in {ScalarKind.F32.Name()}, not in {dtype.Name()}";
        }

        if (!stack.HasModule)
        {
            return "the generator writes no TorchSharp module for this stack";
        }

        try
        {
            using AttentionModule module = stack.CreateModule(dtype);
            module.Core = core;
            return null;
        }
        catch (InvalidOperationException e)
        {
            return e.Message;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Outcome> Run(CompiledStack stack, CheckCase check, ScalarKind dtype, CancellationToken cancellationToken)
    {
        if (threads > 0)
        {
            torch.set_num_threads(threads);
        }

        try
        {
            using AttentionModule module = stack.CreateModule(dtype);
            module.Core = core;
            return dtype == ScalarKind.F32
                ? check.Run(stack.LayerOf(module, stack.ReferenceSingle), cancellationToken)
                : check.Run(stack.LayerOf(module, stack.Reference), cancellationToken);
        }
        catch (InvalidOperationException e)
        {
            // What a path says that cannot run on these tensors.
            return check.Expectations.ToDictionary(expectation => expectation.Quantity, _ => Outcome.Cannot(e.Message));
        }
    }
}
