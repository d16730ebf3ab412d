using System;
using System.Collections.Generic;
using System.Linq;

namespace AttnDsl.Cpu.Tests.Caches;

/// <summary>A row of a quantized stream as the definition has it: a list of tokens [heads · width] and the number of those that have been replaced by what their codes say.</summary>
internal sealed class QuantizedOracle(CacheStream stream)
{
    public List<float[]> Tokens { get; private init; } = [];

    public int Border { get; private set; }

    public QuantizedOracle Copy() => new(stream) { Tokens = [.. Tokens], Border = Border };

    /// <summary>The border goes where single steps would have brought it.</summary>
    public void Settle(int lag)
    {
        CacheQuantization form = stream.Quantization!;
        int old = Math.Max(0, Tokens.Count - lag);
        int end = form.Axis == QuantizationAxis.Channel ? old - (old % form.Residual) : Math.Max(0, old - form.Residual);
        if (end <= Border)
        {
            return;
        }

        float[][] scalars = [.. Tokens.Skip(Border).Take(end - Border).Select(token => token.ToArray())];
        if (form.Axis == QuantizationAxis.Token)
        {
            scalars = [.. scalars.Select(token => token.Chunk(form.Group).SelectMany(group => Read(group, form.Bits)).ToArray())];
        }
        else
        {
            for (int first = 0; first < scalars.Length; first += form.Group)
            {
                for (int channel = 0; channel < scalars[0].Length; channel++)
                {
                    float[] read = Read([.. Enumerable.Range(first, form.Group).Select(token => scalars[token][channel])], form.Bits);
                    for (int i = 0; i < read.Length; i++)
                    {
                        scalars[first + i][channel] = read[i];
                    }
                }
            }
        }

        for (int i = 0; i < scalars.Length; i++)
        {
            Tokens[Border + i] = scalars[i];
        }

        Border = end;
    }

    /// <summary>Whether a cut would need scalars that are lost.</summary>
    public bool Refuses(int length) => length > 0 && length < Border;

    public void Truncate(int length)
    {
        Tokens.RemoveRange(length, Tokens.Count - length);
        Border = length == 0 ? 0 : Border;
    }

    private static float[] Read(float[] group, int bits)
    {
        double least = group.Min();
        double step = (group.Max() - least) / ((1 << bits) - 1);
        return [.. group.Select(x => step == 0 ? x : MathF.FusedMultiplyAdd((float)Math.Round((x - least) / step, MidpointRounding.ToEven), (float)step, (float)least))];
    }
}
