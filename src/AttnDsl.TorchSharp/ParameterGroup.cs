using System;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AttnDsl.Torch;

/// <summary>Parameters that share the first part of their checkpoint names and are used by no module of their own.</summary>
public sealed class ParameterGroup : nn.Module
{
    /// <summary>An empty group.</summary>
    /// <param name="name">First part of the names.</param>
    public ParameterGroup(string name)
        : base(name)
    {
    }

    /// <summary>A parameter by the last part of its name.</summary>
    /// <param name="name">Name, such as <c>weight</c>.</param>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public Parameter Get(string name) => get_parameter(name) ?? throw new ArgumentException($"name: the group has no parameter '{name}'", nameof(name));

    internal void Add(string name, long[] shape, ScalarType dtype, Device? device) => register_parameter(name, Parameters.New(shape, dtype, device));

    /// <inheritdoc/>
    protected override void RegisterComponents()
    {
        // Everything is registered by name.
    }
}
