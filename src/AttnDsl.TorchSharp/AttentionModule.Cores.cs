using System;
using System.Globalization;
using System.Linq;
using AttnDsl.Runtime;
using AttnDsl.Torch.Cores;
using TorchSharp;
using static TorchSharp.torch;

namespace AttnDsl.Torch;

public abstract partial class AttentionModule
{
    private CorePath _core = CorePath.Auto;

    /// <summary>
    /// The path of the attention core. A path that is named is taken or refused, never replaced; <see cref="CorePath.Auto"/> chooses for every call.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">No such path.</exception>
    /// <exception cref="InvalidOperationException">The layer can never take that path; the message says why.</exception>
    public CorePath Core
    {
        get => _core;
        set
        {
            string? problem = value switch
            {
                CorePath.Auto or CorePath.Torch => null,
                CorePath.Sdpa => SdpaProblem,
                CorePath.Fused => Kernels is null ? NoKernels : null,
                _ => throw new ArgumentOutOfRangeException(nameof(value), value, "Core: expected Auto, Torch, Sdpa or Fused"),
            };
            _core = problem is null ? value : throw new InvalidOperationException($"Core: CorePath.{value} is not for this layer: {problem}");
        }
    }

    /// <summary>The path that the last call took, and why; null before the first.</summary>
    public CoreChoice? LastCore { get; private set; }

    /// <summary>
    /// The path that the last backward of a fused core took; null before the first. It is <see cref="CorePath.Fused"/>, or <see cref="CorePath.Torch"/> where a gradient that can be differentiated
    /// again was asked for (create_graph), which the kernels cannot give.
    /// </summary>
    public CoreChoice? LastGradient { get; internal set; }

    /// <summary>Why the layer's core is not what scaled_dot_product_attention computes, or null. Written by the generator.</summary>
    protected abstract string? SdpaProblem { get; }

    /// <summary>The layer's kernels, or null. Written by the generator.</summary>
    protected virtual FusedKernels? Kernels => null;

    /// <summary>One learned logit per score head, or null. Written by the generator.</summary>
    protected virtual Tensor? Logits => null;

    private const string NoKernels = "it has no kernels";

    /// <summary>The path that a call with such an input would take, and why. With <see cref="CorePath.Auto"/>, a call whose hidden keys are not finite takes <see cref="CorePath.Torch"/> where this says <see cref="CorePath.Sdpa"/>.</summary>
    /// <param name="x">Any tensor of the call's type and device, such as the layer's input.</param>
    /// <exception cref="InvalidOperationException">The path that <see cref="Core"/> asks for cannot run on it.</exception>
    public CoreChoice ChooseCore(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Choose(x, null);
    }

    /// <summary>The attention core alone, on the path that <see cref="Core"/> says.</summary>
    /// <param name="query">[B, T, queryHeads, dqk].</param>
    /// <param name="key">[B, S, keyHeads, dqk].</param>
    /// <param name="value">[B, S, valueHeads, dv].</param>
    /// <param name="rows">Queries and keys of each row; null: T real queries over S real keys, aligned as the layer's causal mask is.</param>
    /// <returns>[B, T, scoreHeads, dv]; 0 where a query sees no key.</returns>
    /// <exception cref="ArgumentException">A shape does not fit, or the tensors differ in type or device.</exception>
    /// <exception cref="InvalidOperationException">The path that <see cref="Core"/> asks for cannot run on these tensors.</exception>
    /// <exception cref="NotSupportedException">A gradient is wanted, and the layer has none.</exception>
    public Tensor Attend(Tensor query, Tensor key, Tensor value, TokenRows? rows = null)
    {
        rows = CheckCore(query, key, value, rows);
        RefuseGradient(query, key, value);
        using DisposeScope scope = NewDisposeScope();
        Tensor output = Attend(query, key, value, new RowTensors(rows, query.device)).MoveToOuterDisposeScope();
        GC.KeepAlive(query);
        GC.KeepAlive(key);
        GC.KeepAlive(value);
        return output;
    }

    /// <summary>Natural logarithm of the sum of the exponentials of each query's visible scores, without learned logits, by torch operations. A constant: no gradient.</summary>
    /// <param name="query">[B, T, queryHeads, dqk].</param>
    /// <param name="key">[B, S, keyHeads, dqk].</param>
    /// <param name="rows">As in Attend.</param>
    /// <returns>[B, T, scoreHeads]; −∞ where a query sees no key.</returns>
    /// <exception cref="ArgumentException">A shape does not fit, or the tensors differ in type or device.</exception>
    public Tensor Lse(Tensor query, Tensor key, TokenRows? rows = null)
    {
        rows = CheckCore(query, key, null, rows);
        using var constants = no_grad();
        using DisposeScope scope = NewDisposeScope();
        var call = new RowTensors(rows, query.device);
        ScalarType dtype = query.dtype;
        Tensor scores = Scores(Wide(query), Wide(key), call);
        Tensor lse = Hide(scores, Visible(call)?.logical_not()).logsumexp(-1).transpose(1, 2).to(dtype).MoveToOuterDisposeScope();
        GC.KeepAlive(query);
        GC.KeepAlive(key);
        return lse;
    }

    /// <summary>Which keys each query sees. Written by the generator.</summary>
    /// <param name="rows">The call's rows.</param>
    /// <returns>bool [B or 1, 1 or scoreHeads, T or 1, S or 1]; null when every query sees every key.</returns>
    protected abstract Tensor? Visible(RowTensors rows);

    /// <summary>Scores of all pairs, visible or not. Written by the generator.</summary>
    /// <param name="query">[B, T, queryHeads, dqk].</param>
    /// <param name="key">[B, S, keyHeads, dqk].</param>
    /// <param name="rows">The call's rows.</param>
    /// <returns>[B, scoreHeads, T, S].</returns>
    protected abstract Tensor Scores(Tensor query, Tensor key, RowTensors rows);

    /// <summary>The core in plain torch operations. Written by the generator.</summary>
    /// <param name="query">[B, T, queryHeads, dqk].</param>
    /// <param name="key">[B, S, keyHeads, dqk].</param>
    /// <param name="value">[B, S, valueHeads, dv].</param>
    /// <param name="hidden">bool, true where a query does not see a key; null when every query sees every key.</param>
    /// <param name="rows">The call's rows.</param>
    /// <returns>[B, T, scoreHeads, dv].</returns>
    protected abstract Tensor AttendPlainly(Tensor query, Tensor key, Tensor value, Tensor? hidden, RowTensors rows);

    /// <summary>The core by scaled_dot_product_attention, for layers without an <see cref="SdpaProblem"/>. Written by the generator.</summary>
    /// <param name="query">[B, T, queryHeads, dqk].</param>
    /// <param name="key">[B, S, keyHeads, dqk].</param>
    /// <param name="value">[B, S, valueHeads, dv].</param>
    /// <param name="rows">The call's rows.</param>
    /// <returns>[B, T, scoreHeads, dv].</returns>
    protected virtual Tensor AttendBySdpa(Tensor query, Tensor key, Tensor value, RowTensors rows) => throw new NotSupportedException(SdpaProblem);

    /// <summary>The attention core on the path that <see cref="Core"/> says. Called by generated code.</summary>
    /// <param name="query">[B, T, queryHeads, dqk].</param>
    /// <param name="key">[B, S, keyHeads, dqk].</param>
    /// <param name="value">[B, S, valueHeads, dv].</param>
    /// <param name="rows">The call's rows.</param>
    /// <returns>[B, T, scoreHeads, dv].</returns>
    protected Tensor Attend(Tensor query, Tensor key, Tensor value, RowTensors rows)
    {
        CoreChoice choice = Choose(query, FusedCore.Problem(query, key, value, Logits));
        if (choice.Path == CorePath.Sdpa && !Visibility.AllFinite(query, key, value) && Visible(rows) is not null)
        {
            const string Reason = "hidden keys are multiplied by 0, and some are not finite";
            choice = Core == CorePath.Auto ? new CoreChoice(CorePath.Torch, "not Sdpa: " + Reason) : throw Refused(CorePath.Sdpa, Reason);
        }

        LastCore = choice;
        return choice.Path switch
        {
            CorePath.Fused => FusedCore.Attend(this, Kernels!, query, key, value, Logits, rows.Rows),
            CorePath.Sdpa => AttendBySdpa(query, key, value, rows),
            _ => Plain(query, key, value, rows),
        };
    }

    /// <summary>The attention core over a cache, on the path that <see cref="Core"/> says: kernels read the cache where it is, the other paths a tensor of it. Called by generated code.</summary>
    /// <param name="query">[B, T, queryHeads, dqk].</param>
    /// <param name="key">[B, S, keyHeads, dqk], of the cache.</param>
    /// <param name="value">[B, S, valueHeads, dv], of the same cache.</param>
    /// <param name="rows">The call's rows.</param>
    /// <returns>[B, T, scoreHeads, dv].</returns>
    protected Tensor Attend(Tensor query, CachedStream key, CachedStream value, RowTensors rows)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        ArgumentNullException.ThrowIfNull(rows);
        if (key.Storage is not { } cache || Choose(query, FusedCore.Problem(query, Logits)) is not { Path: CorePath.Fused } choice)
        {
            return Attend(query, key.Tensor, value.Tensor, rows);
        }

        LastCore = choice;
        return FusedCore.Attend(this, Kernels!, query, cache, Logits, rows.Rows);
    }

    /// <summary>Another core of the layer, over rows of the cache that are not its keys and values, in plain torch operations. Called by generated code.</summary>
    /// <param name="core">Query, key, value and hidden places of the call's rows to the output, as <see cref="AttendPlainly"/> does for the layer's own core.</param>
    /// <param name="query">[B, T, queryHeads, channels].</param>
    /// <param name="key">[B, S, keyHeads, channels].</param>
    /// <param name="value">[B, S, valueHeads, dv].</param>
    /// <param name="rows">The call's rows.</param>
    /// <returns>[B, T, scoreHeads, dv].</returns>
    /// <exception cref="InvalidOperationException"><see cref="Core"/> asks for kernels or for scaled_dot_product_attention, which are for the layer's own core.</exception>
    protected Tensor AttendBy(Func<Tensor, Tensor, Tensor, Tensor?, RowTensors, Tensor> core, Tensor query, Tensor key, Tensor value, RowTensors rows)
    {
        const string Reason = "this call's core reads the rows of the cache themselves, for which there are torch operations only";
        LastCore = Core is CorePath.Auto or CorePath.Torch ? new CoreChoice(CorePath.Torch, Reason) : throw Refused(Core, Reason);
        return Plain(query, key, value, rows, core);
    }

    /// <summary>True where all of the masks are; null stands for everywhere.</summary>
    protected static Tensor? All(params Tensor?[] masks)
    {
        ArgumentNullException.ThrowIfNull(masks);
        Tensor? all = null;
        foreach (Tensor? mask in masks)
        {
            all = all is null ? mask : mask is null ? all : all & mask;
        }

        return all;
    }

    /// <summary>True where any of the masks is; null stands for everywhere.</summary>
    protected static Tensor? Any(params Tensor?[] masks)
    {
        ArgumentNullException.ThrowIfNull(masks);
        Tensor? any = masks[0];
        foreach (Tensor? mask in masks)
        {
            any = any is null || mask is null ? null : any | mask;
        }

        return any;
    }

    /// <summary>Scores with −∞ in hidden places, whatever stood there.</summary>
    protected static Tensor Hide(Tensor scores, Tensor? hidden) => hidden is null ? scores : scores.masked_fill(hidden, double.NegativeInfinity);

    /// <summary>
    /// Probabilities over the keys; a query that sees none has zeros. Hidden places are chosen away on both sides of the softmax, so that neither values nor gradients of theirs get through.
    /// </summary>
    /// <param name="scores">[B, scoreHeads, T, S].</param>
    /// <param name="hidden">True where a query does not see a key, or null.</param>
    protected static Tensor Softmax(Tensor scores, Tensor? hidden) => hidden is null
        ? softmax(scores, -1)
        : softmax(Hide(scores, hidden), -1).masked_fill(hidden, 0);

    /// <summary>Probabilities over the keys, with one more logit in the denominator.</summary>
    /// <param name="scores">[B, scoreHeads, T, S].</param>
    /// <param name="hidden">True where a query does not see a key, or null.</param>
    /// <param name="logits">[scoreHeads].</param>
    protected static Tensor Softmax(Tensor scores, Tensor? hidden, Tensor logits)
    {
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(logits);
        long[] shape = scores.shape;
        Tensor column = logits.to(scores.dtype).view(1, -1, 1, 1).expand(shape[0], shape[1], shape[2], 1);
        if (hidden is not null)
        {
            // A query that sees no key yields 0 whatever the logit is, and gives it no gradient.
            column = column.masked_fill(hidden.all(-1, keepdim: true), 0);
        }

        Tensor shares = softmax(cat([Hide(scores, hidden), column], -1), -1).narrow(-1, 0, shape[3]);
        return hidden is null ? shares : shares.masked_fill(hidden, 0);
    }

    /// <summary>Probabilities of which those that are not among the largest of a query are 0, of equal ones those of the later keys; nothing is scaled.</summary>
    /// <param name="probabilities">[B, scoreHeads, T, S].</param>
    /// <param name="keep">How many of a query stay, at least 1.</param>
    protected static Tensor Largest(Tensor probabilities, long keep)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1);
        if (keep >= probabilities.shape[^1])
        {
            return probabilities;
        }

        // topk chooses among equal ones as it likes, so it only says how large the least one is.
        Tensor least = probabilities.topk((int)keep, -1).values.narrow(-1, keep - 1, 1);
        Tensor above = probabilities > least;
        Tensor equal = probabilities == least;
        Tensor kept = above | (equal & (equal.cumsum(-1) <= keep - above.sum(-1, keepdim: true)));

        // A row of NaN stays one: a product with 0 keeps it.
        return where(kept, probabilities, probabilities * 0);
    }

    /// <summary>Entries of a table at indices, in double.</summary>
    /// <param name="values">The table.</param>
    /// <param name="index">Whole numbers of any type.</param>
    /// <returns>Shape of the index.</returns>
    protected static Tensor Captured(double[] values, Tensor index)
    {
        ArgumentNullException.ThrowIfNull(index);
        return tensor(values, device: index.device).take(index.to(ScalarType.Int64));
    }

    /// <summary>1 / max(‖x‖, ε) over the last axis, ε that of the type; the gradient at 0 is 0.</summary>
    /// <param name="x">[.., n].</param>
    /// <returns>[.., 1].</returns>
    protected static Tensor InverseNorm(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return linalg.vector_norm(x, 2, [-1L], keepdim: true).clamp_min(finfo(x.dtype).eps).reciprocal();
    }

    /// <summary>The core in plain operations, exact for hidden keys of any content.</summary>
    internal Tensor Plain(Tensor query, Tensor key, Tensor value, RowTensors rows) => Plain(query, key, value, rows, AttendPlainly);

    private Tensor Plain(Tensor query, Tensor key, Tensor value, RowTensors rows, Func<Tensor, Tensor, Tensor, Tensor?, RowTensors, Tensor> core)
    {
        using DisposeScope scope = NewDisposeScope();
        ScalarType dtype = query.dtype;
        (query, key, value) = (Wide(query), Wide(key), Wide(value));
        Tensor? visible = Visible(rows);
        Tensor o = visible is null || Visibility.AllFinite(query, key, value)
            ? core(query, key, value, visible?.logical_not(), rows)
            : Visibility.Contain(query, key, value, visible, (q, k, v) => core(q, k, v, visible.logical_not(), rows));
        return o.to(dtype).MoveToOuterDisposeScope();
    }

    // Half-precision scores overflow at 65504 and sums lose what is small: the core computes in float32, whatever it is stored as.
    private static Tensor Wide(Tensor x) => x.dtype is ScalarType.Float16 or ScalarType.BFloat16 ? x.to(ScalarType.Float32) : x;

    private static InvalidOperationException Refused(CorePath path, string reason) =>
        new($"CorePath.{path} cannot run here: {reason}. CorePath.Torch runs on any tensors, and CorePath.Auto chooses.");

    private CoreChoice Choose(Tensor x, string? layout)
    {
        string? fused = Kernels is null ? NoKernels : FusedCore.Problem(x) ?? layout;
        string? sdpa = SdpaProblem;
        return _core switch
        {
            CorePath.Torch => new CoreChoice(CorePath.Torch, "asked for"),
            CorePath.Fused => fused is null ? new CoreChoice(CorePath.Fused, "asked for") : throw Refused(CorePath.Fused, fused),
            CorePath.Sdpa => sdpa is null ? new CoreChoice(CorePath.Sdpa, "asked for") : throw Refused(CorePath.Sdpa, sdpa),
            _ when fused is null => new CoreChoice(CorePath.Fused, "contiguous float32 on the CPU"),
            _ when sdpa is null => new CoreChoice(CorePath.Sdpa, "not Fused: " + fused),
            _ => new CoreChoice(CorePath.Torch, $"not Fused: {fused}; not Sdpa: {sdpa}"),
        };
    }

    /// <summary>Throws where libtorch would differentiate what has no derivative.</summary>
    private void RefuseGradient(params ReadOnlySpan<Tensor> operands)
    {
        if (Shape.NoGradient is not { } reason || !is_grad_enabled())
        {
            return;
        }

        foreach (Tensor operand in operands)
        {
            if (operand.requires_grad)
            {
                throw new NotSupportedException("the layer has no gradient, and one is wanted (requires_grad): " + reason);
            }
        }
    }

    private TokenRows CheckCore(Tensor query, Tensor key, Tensor? value, TokenRows? rows)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(key);
        rows ??= query.dim() == 4 && key.dim() == 4
            ? TokenRows.Core((int)query.shape[0], (int)query.shape[1], (int)key.shape[1], Shape.Causal ?? CausalAlign.BottomRight)
            : null;
        if (rows is not null)
        {
            RowChecks.Core(rows, Shape.Segments, Shape.Causal);
        }

        CheckOperand(query, nameof(query), rows?.Batch, rows?.Tokens, Shape.QueryHeads, Shape.KeyWidth, query);
        CheckOperand(key, nameof(key), rows?.Batch, rows?.Keys, Shape.KeyHeads, Shape.KeyWidth, query);
        if (value is not null)
        {
            CheckOperand(value, nameof(value), rows?.Batch, rows?.Keys, Shape.ValueHeads, Shape.ValueWidth, query);
        }

        return rows!;
    }

    private static void CheckOperand(Tensor operand, string parameter, int? batch, int? tokens, int heads, int width, Tensor like)
    {
        bool fits = batch is not null && operand.shape.SequenceEqual([batch.Value, tokens!.Value, heads, width]);
        if (!fits || operand.dtype != like.dtype || operand.device_type != like.device_type)
        {
            string rows = batch is null ? "B, T" : string.Create(CultureInfo.InvariantCulture, $"{batch}, {tokens}");
            throw new ArgumentException(
                string.Create(CultureInfo.InvariantCulture, $"{parameter}: expected {like.dtype} [{rows}, {heads}, {width}] on {like.device}, got {TensorText.Of(operand)}"),
                parameter);
        }
    }
}
