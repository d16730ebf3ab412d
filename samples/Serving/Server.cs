using System;
using System.Collections.Generic;
using System.Linq;
using AttnDsl;

namespace Serving;

/// <summary>
/// Continuous batching over one paged cache: a request takes a row as soon as one is free, starts from the pages of the row whose text begins most like its own (fork, then truncate), and leaves its row when it is done.
/// A step runs some tokens of every row: a piece of a prompt, or the last token and guesses of what follows, of which the wrong ones are rolled back.
/// When pages run out, the youngest row gives its own back and waits its turn again; what it had made is not lost.
/// </summary>
public sealed class Server
{
    // Pages that every request may still fill before a new one is let in.
    private const int GrowthPages = 2;

    private readonly ServingModel model;
    private readonly ServerOptions options;
    private readonly StackCache stack;
    private readonly ServingAttention.Cache[] caches;
    private readonly Request?[] rows;

    // The text whose tokens a row has cached; rows keep theirs after their request is done.
    private readonly List<int>[] cached;
    private readonly LinkedList<Request> waiting = new();
    private readonly ServerFigures figures = new();

    /// <param name="model">The model.</param>
    /// <param name="options">Rows, pages, chunk, guesses.</param>
    /// <exception cref="ArgumentException">An option out of range.</exception>
    public Server(ServingModel model, ServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        options.Check(model.SequenceLength);
        this.model = model;
        this.options = options;
        stack = new StackCache(options.Rows, new CachePaging(ServerOptions.PageSize, options.Pages));
        caches = Enumerable.Range(0, model.Layers).Select(_ => new ServingAttention.Cache(stack)).ToArray();
        rows = new Request?[options.Rows];
        cached = Enumerable.Range(0, options.Rows).Select(_ => new List<int>()).ToArray();
    }

    /// <summary>Serves all requests, several at a time.</summary>
    /// <param name="requests">Requests in the order in which they came. Their tokens grow.</param>
    /// <param name="stepped">Called after every step.</param>
    /// <returns>What it took.</returns>
    /// <exception cref="ArgumentException">A request that is longer than the model's sequences.</exception>
    public ServerFigures Run(IEnumerable<Request> requests, Action<ServerFigures>? stepped = null)
    {
        ArgumentNullException.ThrowIfNull(requests);
        foreach (Request request in requests)
        {
            if (request.Tokens.Count + request.Count > model.SequenceLength)
            {
                throw new ArgumentException(
                    FormattableString.Invariant($"requests: request {request.Number} has {request.Tokens.Count} tokens and makes {request.Count}; expected at most {model.SequenceLength} in all"), nameof(requests));
            }

            waiting.AddLast(request);
        }

        figures.Begin();
        while (waiting.Count > 0 || rows.Any(row => row is not null))
        {
            Admit();
            Step();
            figures.Look(stack.Pages!.Value, rows.Count(row => row is not null));
            stepped?.Invoke(figures);
        }

        figures.End();
        return figures;
    }

    /// <summary>Gives free rows to those who wait.</summary>
    private void Admit()
    {
        for (int row = 0; row < rows.Length; row++)
        {
            if (rows[row] is null && Next() is { } request)
            {
                waiting.Remove(request);
                Start(row, request);
            }
        }
    }

    /// <summary>Who may start: whoever came first, but for those whose beginning another row is about to run and who save a page by waiting for it. Nobody as long as there are too few pages.</summary>
    private Request? Next()
    {
        foreach (Request request in waiting)
        {
            if (IsComing(request))
            {
                continue;
            }

            // Only with pages for all its tokens and some growth of everybody: else somebody would soon have to leave again.
            int busy = rows.Count(row => row is not null);
            int needed = Pages(request.Tokens.Count + options.Chunk) + (GrowthPages * busy);
            while (!stack.IsGrowing && stack.Pages!.Value.Free < needed && ForgetIdle())
            {
            }

            return stack.IsGrowing || busy == 0 || stack.Pages!.Value.Free >= needed ? request : null;
        }

        return null;
    }

    private bool IsComing(Request request)
    {
        int now = BestBeginning(0, request).Shared;
        for (int row = 0; row < rows.Length; row++)
        {
            int soon = rows[row] is { } other ? Common(other.Tokens, request.Tokens, request.Tokens.Count - 1) : 0;
            if (soon > stack.Length(row) && soon >= now + ServerOptions.PageSize)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Gives a row to a request, with the pages of the best beginning that some row has.</summary>
    private void Start(int row, Request request)
    {
        rows[row] = request;
        (int source, int shared) = BestBeginning(row, request);
        if (shared > 0)
        {
            if (source != row)
            {
                stack.Fork(source, row);
            }

            stack.Truncate(row, shared);
            figures.Reused += shared;
        }
        else
        {
            stack.Reset(row);
        }

        cached[row] = request.Tokens[..shared];
    }

    /// <summary>The row, the free ones included, whose cached text has the longest beginning in common with the request's. The last token is always run: its logits are needed.</summary>
    private (int Row, int Shared) BestBeginning(int row, Request request)
    {
        (int Row, int Shared) best = (row, 0);
        for (int other = 0; other < rows.Length; other++)
        {
            int shared = Common(cached[other], request.Tokens, request.Tokens.Count - 1);
            if (shared > best.Shared)
            {
                best = (other, shared);
            }
        }

        return best;
    }

    private static int Common(List<int> text, List<int> other, int most)
    {
        int common = 0;
        while (common < Math.Min(most, text.Count) && text[common] == other[common])
        {
            common++;
        }

        return common;
    }

    private void Step()
    {
        (int[] counts, int[][] guesses) = Plan();
        int width = Math.Max(1, counts.Max());
        int[] tokens = new int[rows.Length * width];
        int[] wanted = new int[rows.Length];
        for (int row = 0; row < rows.Length; row++)
        {
            if (rows[row] is not { } request)
            {
                continue;
            }

            int length = stack.Length(row);
            for (int t = 0; t < counts[row]; t++)
            {
                int place = length + t;
                tokens[(row * width) + t] = place < request.Tokens.Count ? request.Tokens[place] : guesses[row][place - request.Tokens.Count];
            }

            // The last known token asks for the next one, and every guess for the one after it.
            wanted[row] = length + counts[row] >= request.Tokens.Count ? 1 + guesses[row].Length : 0;
        }

        ReadOnlySpan<float> logits = model.Run(tokens, counts, width, wanted, caches);
        figures.Steps++;
        figures.Run += counts.Sum();
        for (int row = 0; row < rows.Length; row++)
        {
            Take(row, logits[..(wanted[row] * model.VocabSize)], guesses[row]);
            logits = logits[(wanted[row] * model.VocabSize)..];
        }
    }

    /// <summary>How many tokens each row runs, guesses included; rows leave until there are pages for all of it.</summary>
    private (int[] Counts, int[][] Guesses) Plan()
    {
        while (true)
        {
            int[] counts = new int[rows.Length];
            int[][] guesses = new int[rows.Length][];
            int needed = 0;
            for (int row = 0; row < rows.Length; row++)
            {
                guesses[row] = [];
                if (rows[row] is not { } request)
                {
                    continue;
                }

                int length = stack.Length(row);
                int known = request.Tokens.Count - length;
                if (known == 1)
                {
                    guesses[row] = Drafting.Guess(request.Tokens, Math.Min(options.Guesses, request.Count - request.Made - 1));
                }

                counts[row] = Math.Min(known, options.Chunk) + guesses[row].Length;

                // One more where a shared page has to be copied before it is written.
                needed += Pages(length + counts[row]) - Pages(length) + (length % ServerOptions.PageSize == 0 ? 0 : 1);
            }

            if (stack.IsGrowing || needed <= stack.Pages!.Value.Free || !Evict())
            {
                return (counts, guesses);
            }
        }
    }

    /// <summary>Frees pages: those of rows that nobody uses first, then those of the youngest request, which waits in front. False when a single request is all there is.</summary>
    private bool Evict()
    {
        if (ForgetIdle())
        {
            return true;
        }

        int youngest = -1;
        for (int row = 0; row < rows.Length; row++)
        {
            youngest = rows[row] is { } request && (youngest < 0 || request.Number > rows[youngest]!.Number) ? row : youngest;
        }

        if (youngest < 0 || rows.Count(row => row is not null) == 1)
        {
            return false;
        }

        waiting.AddFirst(rows[youngest]!);
        rows[youngest] = null;
        Forget(youngest);
        figures.Evictions++;
        return true;
    }

    /// <summary>Frees the pages of a row that nobody uses.</summary>
    private bool ForgetIdle()
    {
        for (int row = 0; row < rows.Length; row++)
        {
            if (rows[row] is null && stack.Length(row) > 0)
            {
                Forget(row);
                return true;
            }
        }

        return false;
    }

    private void Forget(int row)
    {
        stack.Reset(row);
        cached[row].Clear();
    }

    /// <summary>Takes the likeliest tokens as far as the guesses were right, and rolls back the rest.</summary>
    private void Take(int row, ReadOnlySpan<float> logits, int[] guesses)
    {
        if (rows[row] is not { } request)
        {
            return;
        }

        int known = request.Tokens.Count;
        int accepted = 0;
        for (int t = 0; t * model.VocabSize < logits.Length && !request.IsDone; t++)
        {
            int token = Likeliest(logits.Slice(t * model.VocabSize, model.VocabSize));
            request.Add(token);
            figures.Made++;
            figures.Guessed += t < guesses.Length ? 1 : 0;
            if (t >= guesses.Length || guesses[t] != token)
            {
                break;
            }

            accepted++;
        }

        figures.Accepted += accepted;

        // Cached are the tokens that were run; of those that were only guessed, the right ones.
        int right = Math.Min(stack.Length(row), known + accepted);
        stack.Truncate(row, right);
        cached[row].Clear();
        cached[row].AddRange(request.Tokens.Take(right));
        if (request.IsDone)
        {
            // Its pages stay until they are needed: the next request may begin alike.
            rows[row] = null;
        }
    }

    private static int Likeliest(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int token = 1; token < logits.Length; token++)
        {
            best = logits[token] > logits[best] ? token : best;
        }

        return best;
    }

    private static int Pages(int tokens) => (tokens + ServerOptions.PageSize - 1) / ServerOptions.PageSize;
}
