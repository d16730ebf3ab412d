using System;
using System.Collections.Concurrent;
using System.Linq;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace AttnDsl.Conformance.Tests.Goldens;

/// <summary>Says at the end how many recordings were checked, so that a run without them cannot pass for one with them.</summary>
public sealed class GoldenSummary(IMessageSink sink) : IDisposable
{
    private static readonly ConcurrentDictionary<string, bool> s_present = new();

    public void Dispose()
    {
        int found = s_present.Values.Count(present => present);
        sink.OnMessage(new DiagnosticMessage(FormattableString.Invariant($"goldens: {found} checked, {s_present.Count - found} absent")));
    }

    internal static void Count(string name, bool present) => s_present[name] = present;
}

/// <summary>Classes that read recordings; together, so that one line sums them up.</summary>
[CollectionDefinition(Name)]
public sealed class GoldenTests : ICollectionFixture<GoldenSummary>
{
    public const string Name = "Goldens";
}
