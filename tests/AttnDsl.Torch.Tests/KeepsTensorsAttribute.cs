using System;
using System.Reflection;
using TorchSharp;
using Xunit.Sdk;

namespace AttnDsl.Torch.Tests;

/// <summary>
/// Keeps every tensor of a test until its end. A chain such as <c>f(x).sum().backward()</c> leaves tensors that nobody refers to while libtorch still reads them, and the collector may free them just then.
/// For tests that run on one thread.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class KeepsTensorsAttribute : BeforeAfterTestAttribute
{
    [ThreadStatic]
    private static DisposeScope? s_scope;

    /// <inheritdoc/>
    public override void Before(MethodInfo methodUnderTest) => s_scope = torch.NewDisposeScope();

    /// <inheritdoc/>
    public override void After(MethodInfo methodUnderTest)
    {
        s_scope?.Dispose();
        s_scope = null;
    }
}
