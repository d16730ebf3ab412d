using System;
using System.Collections.Concurrent;
using System.Linq;
using AttnDsl.Cpu;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace AttnDsl.Conformance.Tests.Cpu;

/// <summary>Says at the end which SIMD paths ran in processes of their own, and why another did not.</summary>
public sealed class CpuSummary(IMessageSink sink) : IDisposable
{
    private static readonly ConcurrentDictionary<string, string> s_paths = new();

    public void Dispose()
    {
        string here = Simd.Detected == SimdPath.Vector512 ? "" : $"; no AVX-512 on this machine (it has {Simd.Detected}), so that path ran emulated only";
        sink.OnMessage(new DiagnosticMessage("cpu paths: " + string.Join(", ", s_paths.OrderBy(path => path.Key, StringComparer.Ordinal).Select(path => $"{path.Key} ran {path.Value}")) + here));
    }

    internal static void Ran(string setting, string path) => s_paths[setting] = path;
}

/// <summary>Classes that run the CPU backend on every path: one at a time and beside no other test, because the path is process-wide and others compare bits.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class CpuTests : ICollectionFixture<CpuSummary>
{
    public const string Name = "Cpu";
}
