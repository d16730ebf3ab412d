using System;
using System.Threading;
using System.Threading.Tasks;
using AttnDsl.Compiler;
using AttnDsl.Compiler.Spec;

namespace AttnDsl.Generators;

/// <summary>
/// A fresh compiler process spends most of its first run on compiling this generator's own code and reading its templates. Roslyn asks for the specs of all types before it asks
/// for the first file, on one thread; meanwhile another one compiles the first few specs for practice. What it makes is thrown away and its failures with it: they come again where
/// they are reported.
/// </summary>
internal static class WarmUp
{
    /// <summary>Specs of a process: layers of a project share most of their steps.</summary>
    private const int Most = 24;

    private static readonly object s_gate = new();

    private static Task s_last = Task.CompletedTask;

    private static int s_offered;

    private static volatile bool s_over;

    /// <summary>A spec was read.</summary>
    public static void Offer(AttentionSpec spec)
    {
        if (s_over)
        {
            return;
        }

        lock (s_gate)
        {
            if (++s_offered > Most)
            {
                return;
            }

            s_last = s_last.ContinueWith(_ => Practise(spec), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    /// <summary>The real work begins.</summary>
    public static void Over() => s_over = true;

    private static void Practise(AttentionSpec spec)
    {
        if (s_over)
        {
            return;
        }

        try
        {
            AttentionCompiler.Compile(spec, new CompileOptions());
        }
        catch (Exception)
        {
            // The same spec fails again in the step that reports it.
        }
    }
}
