using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;

using AttnDsl.Runtime;

namespace AttnDsl;

/// <summary>Which tensor of a file each weight is read from, once everything fits.</summary>
internal sealed class WeightFilePlan
{
    private WeightFilePlan(ImmutableArray<string> sources, RopeLayout? fileLayout)
    {
        Sources = sources;
        FileLayout = fileLayout;
    }

    /// <summary>Names in the file, in the order of the declarations.</summary>
    public ImmutableArray<string> Sources { get; }

    /// <summary>Rotation layout of the file.</summary>
    public RopeLayout? FileLayout { get; }

    /// <summary>Matches a file against declarations by its header alone.</summary>
    /// <exception cref="WeightFileException">Something does not fit; all of it is listed.</exception>
    public static WeightFilePlan Match(SafetensorsFile file, ImmutableArray<WeightDeclaration> declarations, RopeLayout? layout, WeightFileOptions options)
    {
        var problems = new List<WeightFileProblem>();
        var sources = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        var unread = new List<string>();
        var known = new HashSet<string>(declarations.Select(d => d.Name), StringComparer.Ordinal);
        foreach (string name in file.Tensors.Keys)
        {
            if (WeightFileNames.WeightOf(options, name) is not { } weight)
            {
                continue;
            }

            if (!known.Contains(weight))
            {
                unread.Add(name);
                continue;
            }

            if (!sources.TryGetValue(weight, out List<string>? list))
            {
                sources[weight] = list = [];
            }

            list.Add(name);
        }

        foreach (WeightDeclaration declaration in declarations)
        {
            sources.TryGetValue(declaration.Name, out List<string>? found);
            Compare(file, declaration, found ?? [], options, problems);
        }

        if (!options.AllowExtra)
        {
            foreach (string name in unread)
            {
                problems.Add(new(WeightProblemKind.Extra, name, $"extra: {Shown(file.Tensors[name])} is no weight of the layer (AllowExtra passes it over)"));
            }
        }

        RopeLayout? fileLayout = LayoutOf(file, layout, options, problems);
        if (fileLayout != layout && declarations.All(d => d.Rotary is null))
        {
            problems.Add(new(
                WeightProblemKind.Layout,
                RopeRows.MetadataKey,
                $"expected a file of the layout '{RopeRows.NameOf(layout!.Value)}', got '{RopeRows.NameOf(fileLayout!.Value)}': the layer's weights mix the channels of a head, so that moving rows does not do; declare [Rope] with the file's layout"));
        }

        return problems.Count > 0
            ? throw new WeightFileException(file.Path, problems)
            : new WeightFilePlan([.. declarations.Select(d => sources[d.Name][0])], fileLayout);
    }

    private static void Compare(SafetensorsFile file, WeightDeclaration declaration, List<string> found, WeightFileOptions options, List<WeightFileProblem> problems)
    {
        string name = declaration.Name;
        string expected = Check.Shape(declaration.Shape.AsSpan());
        if (found.Count == 0)
        {
            problems.Add(new(WeightProblemKind.Missing, name, $"missing: {name} {expected}{Hint(file, name, options)}"));
            return;
        }

        if (found.Count > 1)
        {
            problems.Add(new(WeightProblemKind.Duplicate, name, $"duplicate: {name} is given by {string.Join(" and ", found.Select(SafetensorsText.Quote))}"));
            return;
        }

        SafetensorsTensor tensor = file.Tensors[found[0]];
        if (!SafetensorsDtypes.IsWeight(tensor.Dtype))
        {
            problems.Add(new(WeightProblemKind.Dtype, name, $"wrong dtype: {name} expected F64, F32, F16 or BF16, got {Shown(tensor)}"));
        }

        if (!tensor.Shape.AsSpan().SequenceEqual(WeightDeclarations.Sizes(declaration)))
        {
            problems.Add(new(WeightProblemKind.Shape, name, $"wrong shape: {name} expected {expected}, got {Shown(tensor)}"));
        }
    }

    /// <summary>Most missing weights are there under a prefix that was not given.</summary>
    private static string Hint(SafetensorsFile file, string weight, WeightFileOptions options)
    {
        foreach (string name in file.Tensors.Keys)
        {
            if (name == weight || name.EndsWith("." + weight, StringComparison.Ordinal))
            {
                return $" (looked for {SafetensorsText.Quote(options.Prefix + weight)}; the file has {SafetensorsText.Quote(name)}: Prefix {SafetensorsText.Quote(name[..^weight.Length])}?)";
            }
        }

        return $" (looked for {SafetensorsText.Quote(options.Prefix + weight)})";
    }

    private static RopeLayout? LayoutOf(SafetensorsFile file, RopeLayout? layout, WeightFileOptions options, List<WeightFileProblem> problems)
    {
        if (layout is null || options.CheckpointLayout is not null || !file.Metadata.TryGetValue(RopeRows.MetadataKey, out string? text))
        {
            return layout is null ? null : options.CheckpointLayout ?? layout;
        }

        switch (text)
        {
            case RopeRows.HalfSplit:
                return RopeLayout.HalfSplit;
            case RopeRows.Interleaved:
                return RopeLayout.Interleaved;
            default:
                problems.Add(new(
                    WeightProblemKind.Layout,
                    RopeRows.MetadataKey,
                    $"unknown layout: metadata {RopeRows.MetadataKey} expected '{RopeRows.HalfSplit}' or '{RopeRows.Interleaved}', got {SafetensorsText.Quote(text)} (CheckpointLayout overrules it)"));
                return layout;
        }
    }

    private static string Shown(SafetensorsTensor tensor) =>
        $"{SafetensorsText.Quote(tensor.Name)} {SafetensorsDtypes.NameOf(tensor.Dtype)} {Check.Shape(tensor.Shape.AsSpan())}";
}
