using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.IO;

namespace AttnDsl.Cli;

/// <summary>The library's help, followed by what a list of options cannot say: examples, limits, formats.</summary>
internal sealed class HelpWithExamples(HelpAction inner) : SynchronousCommandLineAction
{
    private const string Root = """
        Examples:
          attn describe --stack "[Attention(dim: 512, heads: 8)] [GroupedQuery(kv: 2)] [Causal]"
          attn compare --stack "[Attention(dim: 512, heads: 8)] [Causal]" --stack "[Attention(dim: 512, heads: 8)] [GroupedQuery(kv: 2)] [Causal]"
          attn check layer.safetensors --stack "[Attention(dim: 48, heads: 6)] [Causal]" --map map.txt --gradients --backends reference,cpu

        Exit codes: 0 all well, 1 a refused stack or a miss, 2 input that cannot be used.
        """;

    private const string Describe = """
        Examples:
          attn describe --stack "[Attention(dim: 512, heads: 8)] [GroupedQuery(kv: 2)] [Causal]"
          attn describe --stack "[Attention(dim: 4096, heads: 32)] [GroupedQuery(kv: 8)] [Rope] [Causal]" --tokens 8192 --context 32768
          attn describe --stack "[Attention(dim: 512, heads: 8)] [SparseQuery(ratio: 2)]" --json

        FLOPs are twice the multiply-adds of the linear and attention steps, with the exact number of visible pairs; weights are at float32, the
        cache as [KvCache] says.

        JSON of an accepted stack: stack, accepted (true), diagnostics, formula [lines], widths {dim, heads, queryHeads, keyHeads, valueHeads, scoreHeads,
        headDim, keyWidth, valueWidth}, weights [{name, shape, parameters}], parameters, cache {scalarsPerToken, bytesPerToken,
        element (float32 or bfloat16, null without a cache)}, constantStateScalars, prefill {tokens, flops}, decode {context, flops, bytes} (null without a step-by-step form).
        JSON of a refused one: stack, accepted (false), diagnostics [{id, severity, message, start, length, text}] with the place in the stack.
        JSON when the input cannot be used: error.
        """;

    private const string Compare = """
        Examples:
          attn compare --stack "[Attention(dim: 512, heads: 8)] [Causal]" --stack "[Attention(dim: 512, heads: 8)] [GroupedQuery(kv: 2)] [Causal]" --context 32768
          attn compare --json --stack "[Attention(dim: 4096, heads: 32)] [Causal]" --stack "[Attention(dim: 4096, heads: 32)] [SparseQuery(ratio: 2)] [Causal]"

        Quantities are those of attn describe; 0.250x is a quarter of the first stack's.

        JSON: accepted (whether no stack is refused), tokens, context, stacks [of each, in their order, what attn describe prints].
        JSON when the input cannot be used: error.
        """;

    private const string Check = """
        Examples:
          attn check layer.safetensors --map map.txt --gradients --stack "[Attention(dim: 48, heads: 6)] [GroupedQuery(kv: 2)] [Rope] [Causal]"
          attn check layer.safetensors --map map.txt --decode 9 --next x_next=out_next --stack "[Attention(dim: 48, heads: 6)] [Causal]"
          attn check core.safetensors --layout BHTD --gradients --stack "[Attention(dim: 96, heads: 6)] [GroupedQuery(kv: 2)] [Causal]"
          attn check layer.safetensors --backends reference,cpu --gradients --threads 2 --stack "[Attention(dim: 48, heads: 6)] [Causal]"
          attn check layer.safetensors --backends torch,torch-fused --gradients --libtorch DIR --stack "[Attention(dim: 48, heads: 6)] [Causal]"
          attn check layer.safetensors --dtype f32 --json --stack "[Attention(dim: 48, heads: 6)]"

        A recording from PyTorch:
          x = torch.randn(2, 16, 48, dtype=torch.float64, requires_grad=True); out = module(x); g = torch.randn_like(out); (out * g).sum().backward()
          tensors = {"x": x, "out": out, "g": g, "grad.x": x.grad}
          tensors |= {name: p for name, p in module.named_parameters()} | {"grad." + name: p.grad for name, p in module.named_parameters()}
          safetensors.torch.save_file({name: t.detach().contiguous() for name, t in tensors.items()}, "layer.safetensors")

        A map for names that differ:
          # name-in-file = weight-name
          Wq = q_proj.weight
          bo = o_proj.bias
        Names are never guessed: a weight of the stack that the file lacks is an error that names it. Linear weights are (out, in), and weights are
        taken as they lie: the stack's rotation layout must be the module's. Tensors that are neither input, result nor weight are ignored.

        A file that holds q, k and v instead of the input checks the attention core alone: q and k as the core sees them, after norms and
        rotation, with the weights that live in the core (sinks). With --gradients it compares grad.q, grad.k and grad.v.

        Rows and limits:
          The double reference against the recording: 1e-9 * max(1, largest recorded magnitude). 1e-6 instead of 1e-9 where the recorded tensor is
          F32 or the file's metadata 'dtype' says float32 or a float32 softmax; 2e-3 for F16 and 1.6e-2 for BF16.
          The reference in f32 against the double reference on inputs rounded to f32: 2e-6 * sqrt(n) * max(1, largest magnitude), n the longest sum behind
          an element (channels, tokens; for gradients the tokens of the whole batch).
          The backend cpu, which computes in f32, against the double reference on inputs rounded to f32: twice the largest error that the reference
          in f32 makes of the same quantity, three times for gradients, plus 4 epsilon (4.8e-7) of the largest magnitude. For decode and next of a
          stack with a bfloat16 cache the reference in f32 has its cache rounded likewise, and 2^-8 of the largest magnitude is added.
          torch (plain torch operations) and torch-fused (the fused kernels behind autograd) in f32: the same. torch in f64 against the double
          reference: as the reference in f32, with 1e-12 instead of 2e-6.
          --tolerance E replaces them all by E.

        libtorch: the torch backends need the native library, version 2.10.0. An attn built with -p:LibTorchNatives=true brings it along; any other takes
        the folder that --libtorch or the environment variable ATTNDSL_LIBTORCH names (in a package of PyTorch: torch/lib). Exit code 2 when it is
        missing or cannot be loaded, with the reason.

        JSON: file, stack, accepted (true), diagnostics, mode (layer or core), ok, rows [{backend, dtype, quantity, against (recording or reference),
        maxAbsError (null when there is none or it is not a number), limit, ok, note}]. Of a refused stack: stack, accepted (false), diagnostics.
        When the input cannot be used: error.
        """;

    /// <summary>Asking for help is no mistake, whatever else is missing.</summary>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        int code = inner.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        output.WriteLine(parseResult.CommandResult.Command.Name switch
        {
            "describe" => Describe,
            "compare" => Compare,
            "check" => Check,
            _ => Root,
        });
        return code;
    }
}
