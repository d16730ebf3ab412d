using System;

namespace AttnDsl.Cpu.Tests;

internal static class Numbers
{
    /// <summary>Uniform in [−magnitude, magnitude), the same for a seed everywhere.</summary>
    public static float[] Random(int seed, int length, float magnitude = 1)
    {
        var random = new Random(seed);
        var values = new float[length];
        for (int i = 0; i < length; i++)
        {
            values[i] = magnitude * ((2 * random.NextSingle()) - 1);
        }

        return values;
    }

    /// <summary>What no result contains: every element must be overwritten.</summary>
    public static float[] Garbage(int length)
    {
        var values = new float[length];
        Array.Fill(values, 12345f);
        return values;
    }
}
