using System;
using System.Collections.Generic;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;

namespace AttnDsl.Compiler;

/// <summary>
/// Works through a list from both ends: the caller from the front, one helper of the thread pool from the back. Each piece goes to whoever comes first, so a pool that is busy
/// costs nothing: then the caller does it all.
/// </summary>
internal static class TwoEnds
{
    /// <param name="pieces">Independent of each other, and safe on any thread.</param>
    /// <returns>The results in the pieces' order. When pieces throw, the exception of the first of them; none still runs then.</returns>
    public static T[] Run<T>(IReadOnlyList<Func<T>> pieces)
    {
        var results = new T[pieces.Count];
        var taken = new int[pieces.Count];
        var failures = new Exception?[pieces.Count];
        Task? helper = pieces.Count > 1 ? Task.Run(() => Work(pieces.Count - 1, -1)) : null;
        Work(0, 1);

        // What is left now is the one piece that the helper is at; a helper that has not begun finds nothing to take.
        helper?.Wait();
        foreach (Exception? failure in failures)
        {
            if (failure is not null)
            {
                ExceptionDispatchInfo.Capture(failure).Throw();
            }
        }

        return results;

        void Work(int from, int step)
        {
            for (int i = from; i >= 0 && i < pieces.Count && Interlocked.Exchange(ref taken[i], 1) == 0; i += step)
            {
                try
                {
                    results[i] = pieces[i]();
                }
                catch (Exception exception)
                {
                    failures[i] = exception;
                }
            }
        }
    }
}
