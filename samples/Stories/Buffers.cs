using System;

namespace Stories;

/// <summary>Room for what a step computes, kept from step to step: once it has grown to the largest step, nothing more is allocated.</summary>
/// <param name="header">Widths of the model.</param>
internal sealed class Buffers<T>(CheckpointHeader header)
{
    private T[] stream = [], normed = [], update = [], gate = [], up = [], logits = [];
    private int room;

    /// <summary>[tokens, dim]: the residual stream.</summary>
    public Span<T> Stream(int tokens) => stream.AsSpan(0, tokens * header.Dim);

    /// <summary>[tokens, dim]</summary>
    public Span<T> Normed(int tokens) => normed.AsSpan(0, tokens * header.Dim);

    /// <summary>[tokens, dim]: what attention or feed-forward adds to the stream.</summary>
    public Span<T> Update(int tokens) => update.AsSpan(0, tokens * header.Dim);

    /// <summary>[tokens, hidden]</summary>
    public Span<T> Gate(int tokens) => gate.AsSpan(0, tokens * header.HiddenDim);

    /// <summary>[tokens, hidden]</summary>
    public Span<T> Up(int tokens) => up.AsSpan(0, tokens * header.HiddenDim);

    /// <summary>[tokens, vocab]</summary>
    public Span<T> Logits(int tokens) => logits.AsSpan(0, tokens * header.VocabSize);

    /// <summary>Makes room for a step.</summary>
    /// <param name="tokens">Tokens of the step.</param>
    public void Reserve(int tokens)
    {
        if (tokens <= room)
        {
            return;
        }

        stream = new T[checked(tokens * header.Dim)];
        normed = new T[stream.Length];
        update = new T[stream.Length];
        gate = new T[checked(tokens * header.HiddenDim)];
        up = new T[gate.Length];
        logits = new T[checked(tokens * header.VocabSize)];
        room = tokens;
    }
}
