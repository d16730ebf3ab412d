using System;
using Xunit.Abstractions;

namespace AttnDsl.Space.Tests;

/// <summary>Says what a test has covered, on the console too: a run without details shows it.</summary>
internal static class Summary
{
    public static void Print(this ITestOutputHelper output, string line)
    {
        output.WriteLine(line);
        Console.WriteLine("AttnDsl.Space: " + line);
    }
}
