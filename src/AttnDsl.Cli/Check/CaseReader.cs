using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using System.Text;
using AttnDsl.Cli.Layers;

namespace AttnDsl.Cli.Check;

/// <summary>Turns a recording, a map and the options into a case, or says what is missing or of the wrong shape.</summary>
internal sealed class CaseReader
{
    private readonly Recording _recording;
    private readonly WeightMap _map;
    private readonly CheckOptions _options;
    private readonly ILayer<double> _layer;

    private CaseReader(Recording recording, WeightMap map, CheckOptions options, ILayer<double> layer)
    {
        _recording = recording;
        _map = map;
        _options = options;
        _layer = layer;
    }

    private LayerShape Shape => _layer.Shape;

    /// <summary>Reads the case for <paramref name="layer"/>.</summary>
    /// <exception cref="UnusableInputException">The file lacks something, or something has the wrong shape or type.</exception>
    public static CheckCase Read(Recording recording, WeightMap map, CheckOptions options, ILayer<double> layer)
    {
        CaseReader reader = new(recording, map, options, layer);
        string input = options.Input ?? CheckOptions.DefaultInput;
        if (options.Input is not null || recording.Has(input))
        {
            return reader.ReadLayer(input);
        }

        return recording.Has("q") && recording.Has("k") && recording.Has("v")
            ? reader.ReadCore()
            : throw new UnusableInputException(
                $"'{recording.Path}' holds neither the input '{input}' of a layer nor q, k and v of a core; name the input with --input. {recording.Contents()}");
    }

    private LayerCase ReadLayer(string input)
    {
        Tensor x = Read(input);
        if (x.Shape.Length != 3 || x.Shape[2] != Shape.Dim || x.Data.Length == 0)
        {
            throw Misshapen(x, ["batch", "tokens", Number(Shape.Dim)]);
        }

        (int batch, int tokens) = (x.Shape[0], x.Shape[1]);
        Tensor recorded = Read(_options.Output, batch, tokens, Shape.Dim);
        IReadOnlyDictionary<string, Tensor> weights = ReadWeights(_layer.ZeroWeights().Tensors.Select(t => t.Declaration));
        long terms = Math.Max(Math.Max(Shape.Dim, (long)Shape.ScoreHeads * Shape.ValueWidth), Math.Max(Shape.KeyWidth, tokens));
        List<Expectation> expectations = [new(Quantities.Output, recorded, terms)];
        Tensor? cotangent = ReadGradients([x], recorded, weights, Math.Max(terms, (long)batch * tokens), expectations);
        if (_options.DecodeFrom is { } from)
        {
            if (from < 0 || from >= tokens)
            {
                throw new UnusableInputException(
                    string.Create(CultureInfo.InvariantCulture, $"--decode: '{x.Name}' holds {tokens} tokens, so FROM must be 0 to {tokens - 1}, got {from}"));
            }

            expectations.Add(new Expectation(Quantities.Decode, recorded, terms));
        }

        Tensor? next = null;
        if (_options.Next is { } names)
        {
            next = Read(names.Input);
            if (next.Shape.Length != 3 || next.Shape[0] != batch || next.Shape[2] != Shape.Dim || next.Data.Length == 0)
            {
                throw Misshapen(next, [Number(batch), "1", Number(Shape.Dim)]);
            }

            Tensor output = Read(names.Output, batch, next.Shape[1], Shape.Dim);
            expectations.Add(new Expectation(Quantities.Next, output, terms + next.Shape[1]));
        }

        return new LayerCase
        {
            X = x,
            Next = next,
            DecodeFrom = _options.DecodeFrom,
            Cotangent = cotangent,
            Weights = weights,
            Expectations = expectations,
        };
    }

    private CoreCase ReadCore()
    {
        if (_options.DecodeFrom is not null || _options.Next is not null)
        {
            throw new UnusableInputException(
                $"{(_options.DecodeFrom is null ? "--next" : "--decode")}: '{_recording.Path}' holds q, k, v instead of '{CheckOptions.DefaultInput}'; the core alone keeps no cache to decode with");
        }

        Tensor query = ReadHeads("q", null, null, Shape.QueryHeads, Shape.KeyWidth);
        (int batch, int queries) = (query.Shape[0], query.Shape[1]);
        Tensor key = ReadHeads("k", batch, null, Shape.KeyHeads, Shape.KeyWidth);
        int keys = key.Shape[1];
        Tensor value = ReadHeads("v", batch, keys, Shape.ValueHeads, Shape.ValueWidth);
        Tensor recorded = ReadHeads(_options.Output, batch, queries, Shape.ScoreHeads, Shape.ValueWidth);
        HashSet<string> read = [.. CoreWeights.ReadBy(_layer)];
        IReadOnlyDictionary<string, Tensor> weights = ReadWeights(
            _layer.ZeroWeights().Tensors.Select(t => t.Declaration).Where(d => read.Contains(d.Name)));

        long terms = Math.Max(Math.Max(Shape.KeyWidth, Shape.ValueWidth), keys);
        List<Expectation> expectations = [new(Quantities.Output, recorded, terms)];
        long gradientTerms = Math.Max(terms, (long)batch * queries * Shape.ScoreHeads);
        return new CoreCase
        {
            Query = query,
            Key = key,
            Value = value,
            Rows = TokenRows.Core(batch, queries, keys, Shape.Causal ?? CausalAlign.BottomRight),
            Cotangent = ReadGradients([query, key, value], recorded, weights, gradientTerms, expectations),
            Weights = weights,
            Expectations = expectations,
        };
    }

    /// <summary>The cotangent, and an expectation for the gradient of every input and weight; null when none were asked for, or the layer has none.</summary>
    private Tensor? ReadGradients(
        IReadOnlyList<Tensor> inputs,
        Tensor recorded,
        IReadOnlyDictionary<string, Tensor> weights,
        long terms,
        List<Expectation> expectations)
    {
        if (!_options.Gradients || Shape.NoGradient is not null)
        {
            return null;
        }

        Tensor[] sources = [.. inputs, .. weights.Values];
        string[] absent =
        [
            .. sources.Select(s => Quantities.GradientOf(s.Name)).Prepend(Quantities.Cotangent).Where(name => !_recording.Has(name)),
        ];
        if (absent.Length > 0)
        {
            throw new UnusableInputException(
                $"--gradients: '{_recording.Path}' lacks {Quote(absent)}: '{Quantities.Cotangent}' is the gradient of the output, 'grad.NAME' that of each input and weight under its name in the file. {_recording.Contents()}");
        }

        foreach (Tensor source in sources)
        {
            expectations.Add(new Expectation(Quantities.GradientOf(source.Name), ReadLike(Quantities.GradientOf(source.Name), source), terms));
        }

        return ReadLike(Quantities.Cotangent, recorded);
    }

    private Dictionary<string, Tensor> ReadWeights(IEnumerable<WeightDeclaration> declarations)
    {
        WeightDeclaration[] wanted = [.. declarations];
        HashSet<string> inStack = [.. _layer.ZeroWeights().Tensors.Select(t => t.Name)];
        Dictionary<string, string> names = [];
        List<WeightDeclaration> absent = [];
        foreach (WeightDeclaration weight in wanted)
        {
            IReadOnlyList<string> candidates = _map.Candidates(weight.Name, _recording.Has, inStack.Contains);
            switch (candidates.Count)
            {
                case 0:
                    absent.Add(weight);
                    break;
                case 1:
                    names.Add(weight.Name, candidates[0]);
                    break;
                default:
                    throw new UnusableInputException($"'{_recording.Path}' holds more than one tensor for the weight '{weight.Name}': {Quote(candidates)}");
            }
        }

        if (absent.Count > 0)
        {
            string list = string.Join(", ", absent.Select(w => $"'{w.Name}' {Tensor.ShapeText(w.Shape.AsSpan())}"));
            throw new UnusableInputException(
                $"'{_recording.Path}' lacks weights of the stack: {list}; where they bear other names, say so in a --map file, one 'name-in-file = weight-name' per line. {_recording.Contents()}");
        }

        IGrouping<string, KeyValuePair<string, string>>? shared = names.GroupBy(n => n.Value).FirstOrDefault(g => g.Count() > 1);
        if (shared is not null)
        {
            throw new UnusableInputException($"--map gives the tensor '{shared.Key}' to more than one weight of the stack: {Quote(shared.Select(n => n.Key))}");
        }

        return wanted.ToDictionary(w => w.Name, w => ReadWeight(names[w.Name], w));
    }

    private Tensor ReadWeight(string name, WeightDeclaration weight)
    {
        Tensor tensor = Read(name);
        return tensor.Shape.AsSpan().SequenceEqual(weight.Shape.AsSpan())
            ? tensor
            : throw new UnusableInputException(
                $"'{name}' in '{_recording.Path}': expected {Tensor.ShapeText(weight.Shape.AsSpan())} for the weight '{weight.Name}' of the stack, got {Tensor.ShapeText(tensor.Shape.AsSpan())}");
    }

    private Tensor ReadLike(string name, Tensor model)
    {
        Tensor tensor = Read(name);
        tensor = model.IsTransposed && tensor.Shape.Length == 4 ? tensor.SwapHeadsAndTokens() : tensor;
        return tensor.Shape.AsSpan().SequenceEqual(model.Shape.AsSpan())
            ? tensor
            : throw new UnusableInputException(
                $"'{name}' in '{_recording.Path}': expected the shape of '{model.Name}', {model.ShapeInFile}, got {tensor.ShapeInFile}");
    }

    private Tensor Read(string name, params ReadOnlySpan<int> shape)
    {
        Tensor tensor = _recording.Read(name);
        return shape.IsEmpty || tensor.Shape.AsSpan().SequenceEqual(shape)
            ? tensor
            : throw Misshapen(tensor, [.. shape.ToArray().Select(Number)]);
    }

    private Tensor ReadHeads(string name, int? batch, int? tokens, int heads, int width)
    {
        Tensor tensor = _recording.Read(name);
        bool transposed = _options.Layout == HeadLayout.BHTD;
        if (tensor.Shape.Length == 4 && tensor.Data.Length > 0)
        {
            Tensor inOrder = transposed ? tensor.SwapHeadsAndTokens() : tensor;
            if (Fits(inOrder.Shape, batch, tokens, heads, width))
            {
                return inOrder;
            }

            // The most likely reason deserves to be named.
            ImmutableArray<int> other = [inOrder.Shape[0], inOrder.Shape[2], inOrder.Shape[1], inOrder.Shape[3]];
            if (Fits(other, batch, tokens, heads, width))
            {
                throw new UnusableInputException(
                    $"'{name}' in '{_recording.Path}' is {tensor.ShapeInFile}, which fits the stack in the other layout: try --layout {(transposed ? HeadLayout.BTHD : HeadLayout.BHTD)}");
            }
        }

        string batchText = batch is { } b ? Number(b) : "batch";
        string tokenText = tokens is { } t ? Number(t) : "tokens";
        throw Misshapen(tensor, transposed ? [batchText, Number(heads), tokenText, Number(width)] : [batchText, tokenText, Number(heads), Number(width)]);
    }

    private static bool Fits(ImmutableArray<int> shape, int? batch, int? tokens, int heads, int width) =>
        (batch is null || shape[0] == batch) && (tokens is null || shape[1] == tokens) && shape[2] == heads && shape[3] == width;

    private UnusableInputException Misshapen(Tensor tensor, IReadOnlyList<string> expected) => new(
        $"'{tensor.Name}' in '{_recording.Path}': expected [{string.Join(", ", expected)}] for this stack, got {tensor.ShapeInFile}");

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Quote(IEnumerable<string> names)
    {
        StringBuilder text = new();
        foreach (string name in names)
        {
            text.Append(text.Length == 0 ? "'" : ", '").Append(name).Append('\'');
        }

        return text.ToString();
    }
}
