using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using AttnDsl.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace AttnDsl.Torch;

/// <summary>
/// What all generated TorchSharp modules share: x [B, T, dim] to [B, T, dim] with torch operations around an attention core whose path can be chosen and asked for. No temporary outlives a call.
/// </summary>
/// <remarks>
/// <para><c>load</c> and <c>save</c> with <see cref="WeightFileOptions"/> read and write safetensors; the overloads of TorchSharp's <c>Module</c> keep its own format.</para>
/// <para>A module is used by one thread at a time.</para>
/// </remarks>
public abstract partial class AttentionModule : nn.Module<Tensor, Tensor>
{
    private readonly ImmutableArray<string> _parameterNames;

    /// <summary>A module without parameters yet.</summary>
    /// <param name="name">Name of the annotated class.</param>
    /// <param name="shape">Head counts and widths.</param>
    /// <param name="parameterNames">Checkpoint names in the order of the layer's weights.</param>
    protected AttentionModule(string name, LayerShape shape, params ReadOnlySpan<string> parameterNames)
        : base(name)
    {
        ArgumentNullException.ThrowIfNull(shape);
        Shape = shape;
        _parameterNames = [.. parameterNames];
    }

    /// <summary>Head counts and widths.</summary>
    public LayerShape Shape { get; }

    /// <summary>Type of the parameters.</summary>
    public ScalarType Dtype => First.dtype;

    /// <summary>Where the parameters are.</summary>
    public Device Device => First.device;

    /// <summary>What the layer keeps per token; empty for a layer without a cache, one that is not causal.</summary>
    protected virtual ImmutableArray<CacheStream> Streams => [];

    /// <summary>What the layer keeps of a row; null: everything. Written by the generator.</summary>
    protected virtual CacheRing? Ring => null;

    /// <summary>What the layer keeps of a sequence whatever its length. Written by the generator.</summary>
    protected virtual ImmutableArray<CacheState> States => [];

    /// <summary>The layer's own cache; null for a layer without one. Written by the generator.</summary>
    protected virtual Type? CacheType => null;

    private Parameter First => get_parameter(_parameterNames[0])!;

    /// <summary>The layer over a fresh block of tokens, rows of equal length.</summary>
    /// <param name="input">x [B, T, dim], of the parameters' type and on their device.</param>
    /// <returns>[B, T, dim].</returns>
    /// <exception cref="ArgumentException">x has another shape, type or device.</exception>
    /// <exception cref="InvalidOperationException">The path that <see cref="Core"/> asks for cannot run on these tensors.</exception>
    /// <exception cref="NotSupportedException">A gradient is wanted, and the layer has none.</exception>
    public sealed override Tensor forward(Tensor input)
    {
        (int batch, int tokens) = CheckInput(input, "x");
        return forward(input, TokenRows.Uniform(batch, tokens));
    }

    /// <summary>The layer over a fresh block of tokens.</summary>
    /// <param name="x">[B, T, dim], of the parameters' type and on their device; what stands in the padding is not read.</param>
    /// <param name="rows">From <see cref="TokenRows.Uniform"/>, or from <see cref="TokenRows.Ragged"/> for a layer with <c>[Segments]</c>.</param>
    /// <returns>[B, T, dim]; padding is 0 and gets gradient 0.</returns>
    /// <exception cref="ArgumentException">x has another shape, type or device, or the rows are of another kind.</exception>
    /// <exception cref="InvalidOperationException">The path that <see cref="Core"/> asks for cannot run on these tensors.</exception>
    /// <exception cref="NotSupportedException">A gradient is wanted, and the layer has none.</exception>
    public Tensor forward(Tensor x, TokenRows rows)
    {
        (int batch, int tokens) = CheckInput(x, nameof(x));
        RowChecks.Fresh(rows, Shape.Segments);
        CheckRows(rows, batch, tokens, nameof(rows));
        if (Shape.NoGradient is not null)
        {
            RefuseGradient([x, .. named_parameters().Select(p => p.parameter)]);
        }

        using DisposeScope scope = NewDisposeScope();
        var call = new RowTensors(rows, x.device);
        Tensor y = Forward(call.WithoutPadding(x), call);
        Tensor output = call.WithoutPadding(y).MoveToOuterDisposeScope();

        // A caller's last use of x may be this call: libtorch must not lose it while it runs.
        GC.KeepAlive(x);
        return output;
    }

    /// <summary>
    /// New tokens behind cached ones: a prompt, a part of it, or one token. Gradients are off: the cache holds constants, so the result is one as well. Train with <c>forward(x)</c>.
    /// </summary>
    /// <param name="x">[B, T, dim] of the new tokens.</param>
    /// <param name="cache">From <see cref="CreateCache"/>. Unchanged if the call throws.</param>
    /// <param name="block">Rows of the new tokens alone; null: T real ones in every row.</param>
    /// <returns>[B, T, dim] of the new tokens; padding is 0.</returns>
    /// <exception cref="ArgumentException">x, the cache or the rows do not fit the layer or each other.</exception>
    /// <exception cref="InvalidOperationException">The path that <see cref="Core"/> asks for cannot run on these tensors.</exception>
    /// <exception cref="NotSupportedException">The layer has no cache: it is not causal.</exception>
    public Tensor forward(Tensor x, TorchCache cache, TokenRows? block = null)
    {
        (int batch, int tokens) = CheckInput(x, nameof(x));
        CheckCache(cache, batch);
        return Continue(x, CheckBlock(block, batch, tokens), rows => new TorchCacheCall(cache, rows));
    }

    /// <summary>
    /// New tokens behind those of the layer's own cache, which the CPU backend takes as well: one may fill it and the other go on, in any order. Gradients are off, as with a <see cref="TorchCache"/>.
    /// </summary>
    /// <remarks>
    /// On <see cref="CorePath.Fused"/> the kernels read the cache in place, whatever its storage, and the new tokens are stored from the tensors' memory. On the other paths, and so for every type but float32 and every
    /// device but the CPU, the new tokens are converted to float32 to be stored, and all visible ones are brought into tensors of the module's type, on its device, for each call: a <see cref="TorchCache"/> does
    /// without that copy and keeps float64.
    /// </remarks>
    /// <param name="x">[B, T, dim] of the new tokens.</param>
    /// <param name="cache">A cache of the annotated class, alone or of a stack. Unchanged if the call throws.</param>
    /// <param name="block">Rows of the new tokens alone; null: T real ones in every row.</param>
    /// <returns>[B, T, dim] of the new tokens; padding is 0.</returns>
    /// <exception cref="ArgumentException">x, the cache or the rows do not fit the layer or each other, or the cache has no room.</exception>
    /// <exception cref="InvalidOperationException">The path that <see cref="Core"/> asks for cannot run on these tensors, or the layer has taken the present step of its stack already.</exception>
    /// <exception cref="NotSupportedException">The layer has no cache: it is not causal.</exception>
    public Tensor forward(Tensor x, KvCache cache, TokenRows? block = null)
    {
        (int batch, int tokens) = CheckInput(x, nameof(x));
        CheckCache(cache, batch);
        return Continue(x, CheckBlock(block, batch, tokens), rows => new KvCacheCall(cache, rows, Dtype, Device));
    }

    /// <summary>An empty cache of the layer's streams, of the parameters' type and on their device.</summary>
    /// <param name="batch">Rows, at least 1.</param>
    /// <exception cref="NotSupportedException">The layer has no cache: it is not causal.</exception>
    public TorchCache CreateCache(int batch) => Streams.IsEmpty
        ? throw NoCache()
        : new TorchCache(batch, Dtype, Device, Ring, Streams.AsSpan()) { States = States };

    /// <summary>Says whether the module is being trained. It makes no difference to what this layer computes.</summary>
    /// <param name="on">True for training. A layer without a gradient (<see cref="LayerShape.NoGradient"/>) starts with false, its parameters as constants.</param>
    /// <exception cref="NotSupportedException"><paramref name="on"/> is true, and the layer has no gradient.</exception>
    public override void train(bool on = true)
    {
        if (on && Shape.NoGradient is { } reason)
        {
            throw new NotSupportedException("the layer cannot be trained: " + reason);
        }

        base.train(on);
    }

    /// <summary>The parameters in the order of the layer's weights.</summary>
    /// <param name="recurse">False: only those that are no module's of their own.</param>
    public override IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true)
    {
        Dictionary<string, Parameter> known = base.named_parameters(recurse).ToDictionary(p => p.name, p => p.parameter, StringComparer.Ordinal);
        foreach (string name in _parameterNames)
        {
            if (known.Remove(name, out Parameter? parameter))
            {
                yield return (name, parameter);
            }
        }

        foreach ((string name, Parameter parameter) in known)
        {
            yield return (name, parameter);
        }
    }

    /// <summary>The layer's steps over a fresh block. Written by the generator.</summary>
    /// <param name="x">[B, T, dim], padding 0.</param>
    /// <param name="rows">The call's rows.</param>
    protected abstract Tensor Forward(Tensor x, RowTensors rows);

    /// <summary>The layer's steps over new tokens behind cached ones. Written by the generator.</summary>
    /// <param name="x">[B, T, dim], padding 0.</param>
    /// <param name="cache">Extended, not yet committed.</param>
    /// <param name="rows">The call's rows over cached and new keys.</param>
    protected virtual Tensor Prefill(Tensor x, CacheCall cache, RowTensors rows) => throw NoCache();

    /// <summary>A linear map with its parameters' checkpoint names under <paramref name="name"/>, not initialised.</summary>
    protected Linear AddLinear(string name, long inputs, long outputs, bool bias, ScalarType dtype, Device? device)
    {
        Linear linear = nn.Linear(Parameters.New([outputs, inputs], dtype, device), bias ? Parameters.New([outputs], dtype, device) : null);
        register_module(name, linear);
        return linear;
    }

    /// <summary>A norm with its gain's checkpoint name under <paramref name="name"/>, not initialised.</summary>
    protected RmsNorm AddRmsNorm(string name, long width, double epsilon, bool onePlus, ScalarType dtype, Device? device)
    {
        var norm = new RmsNorm(width, epsilon, onePlus, dtype, device);
        register_module(name, norm);
        return norm;
    }

    /// <summary>A parameter of the module itself, not initialised.</summary>
    protected Parameter AddParameter(string name, long[] shape, ScalarType dtype, Device? device)
    {
        Parameter parameter = Parameters.New(shape, dtype, device);
        register_parameter(name, parameter);
        return parameter;
    }

    /// <summary>A parameter of a name in two parts that no module uses as its own, not initialised.</summary>
    protected ParameterGroup AddGrouped(string group, string name, long[] shape, ScalarType dtype, Device? device)
    {
        ParameterGroup? owner = named_children().Where(child => child.name == group).Select(child => child.module).OfType<ParameterGroup>().FirstOrDefault();
        if (owner is null)
        {
            owner = new ParameterGroup(group);
            register_module(group, owner);
        }

        owner.Add(name, shape, dtype, device);
        return owner;
    }

    /// <inheritdoc/>
    protected sealed override void RegisterComponents()
    {
        // Everything is registered under its checkpoint name when it is made; a search through fields could only register something twice.
    }

    private static void CheckRows(TokenRows rows, int batch, int tokens, string parameter)
    {
        if (rows.Batch != batch || rows.Tokens != tokens)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"{parameter}: expected {batch} rows of {tokens} tokens as in x, got {rows.Batch} of {rows.Tokens}"),
                parameter);
        }
    }

    private static NotSupportedException NoCache() => new("the layer has no cache: only layers with [Causal], aligned at the end, run in parts");

    private Tensor Continue(Tensor x, TokenRows block, Func<TokenRows, CacheCall> extend)
    {
        using var constants = no_grad();
        using DisposeScope scope = NewDisposeScope();
        CacheCall cache = extend(block);
        var call = new RowTensors(cache.Rows, x.device);
        Tensor y = call.WithoutPadding(Prefill(call.WithoutPadding(x), cache, call));
        cache.Commit();
        GC.KeepAlive(x);
        return y.MoveToOuterDisposeScope();
    }

    private TokenRows CheckBlock(TokenRows? block, int batch, int tokens)
    {
        block ??= TokenRows.Uniform(batch, tokens);
        RowChecks.Fresh(block, Shape.Segments);
        CheckRows(block, batch, tokens, nameof(block));
        return block;
    }

    private (int Batch, int Tokens) CheckInput(Tensor x, string parameter)
    {
        ArgumentNullException.ThrowIfNull(x, parameter);
        long[] shape = x.shape;
        bool fits = shape.Length == 3 && shape[0] is >= 1 and <= int.MaxValue && shape[1] is >= 1 and <= int.MaxValue && shape[2] == Shape.Dim;
        if (!fits || x.dtype != Dtype || x.device_type != Device.type)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"{parameter}: expected {Dtype} [B, T, {Shape.Dim}] on {Device}, with at least one row and one token, as the parameters are, got {TensorText.Of(x)}"),
                parameter);
        }

        return ((int)shape[0], (int)shape[1]);
    }

    private void CheckCache(TorchCache cache, int batch)
    {
        ArgumentNullException.ThrowIfNull(cache);
        if (Streams.IsEmpty)
        {
            throw NoCache();
        }

        if (!cache.Streams.SequenceEqual(Streams))
        {
            throw new ArgumentException($"cache: expected the layer's streams {string.Join(", ", Streams)}, got {string.Join(", ", cache.Streams)}", nameof(cache));
        }

        if (cache.Ring != Ring)
        {
            throw new ArgumentException($"cache: expected one that keeps {Kept(Ring)}, as the layer's does, got one that keeps {Kept(cache.Ring)}", nameof(cache));
        }

        if (cache.Batch != batch || cache.Dtype != Dtype || cache.Device.type != Device.type)
        {
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"cache: expected {batch} rows of {Dtype} on {Device}, got {cache.Batch} of {cache.Dtype} on {cache.Device}"),
                nameof(cache));
        }
    }

    private static string Kept(CacheRing? ring) => ring is { } kept ? kept.ToString() : "all tokens";

    private void CheckCache(KvCache cache, int batch)
    {
        ArgumentNullException.ThrowIfNull(cache);
        if (CacheType is not { } own)
        {
            throw NoCache();
        }

        if (!own.IsInstanceOfType(cache))
        {
            throw new ArgumentException(
                $"cache: expected the layer's own {own}, with the streams {string.Join(", ", Streams)}, got {cache.GetType()} with {string.Join(", ", cache.Streams)}",
                nameof(cache));
        }

        if (cache.Batch != batch)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"cache: expected {batch} rows as in x, got {cache.Batch}"), nameof(cache));
        }
    }
}
