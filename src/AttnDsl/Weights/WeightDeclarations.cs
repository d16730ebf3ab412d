using System;
using System.Globalization;
using System.Linq;

namespace AttnDsl;

/// <summary>Checks on declarations. They come from generated code, so a fault here is a fault of whoever wrote it.</summary>
internal static class WeightDeclarations
{
    public static long[] Sizes(WeightDeclaration declaration) => [.. declaration.Shape.Select(size => (long)size)];

    public static void Check(WeightDeclaration declaration, RopeLayout? layout)
    {
        ArgumentNullException.ThrowIfNull(declaration);
        string name = declaration.Name;
        if (string.IsNullOrEmpty(name))
        {
            throw Fault("a weight has no name");
        }

        if (declaration.Shape.IsDefaultOrEmpty || declaration.Shape.Any(size => size < 1))
        {
            string shape = declaration.Shape.IsDefault ? "none" : Runtime.Check.Shape(declaration.Shape.AsSpan());
            throw Fault($"'{name}' must have at least one size, all at least 1, got {shape}");
        }

        if (!Enum.IsDefined(declaration.Initialisation) || !double.IsFinite(declaration.Deviation) || declaration.Deviation < 0)
        {
            throw Fault(string.Create(CultureInfo.InvariantCulture, $"'{name}' cannot start as {declaration.Initialisation} of deviation {declaration.Deviation}"));
        }

        if (declaration.Rotary is { } rotary)
        {
            CheckRotary(name, declaration.Shape[0], rotary, layout);
        }
    }

    private static void CheckRotary(string name, int rows, RotaryRows rotary, RopeLayout? layout)
    {
        if (layout is null)
        {
            throw Fault($"'{name}' has rotated rows, but the layer has no rotation layout");
        }

        if (rotary.Heads < 1 || rotary.HeadWidth < 1 || (long)rotary.Heads * rotary.HeadWidth != rows)
        {
            throw Fault(string.Create(CultureInfo.InvariantCulture, $"'{name}' has {rows} rows, not {rotary.Heads} heads of {rotary.HeadWidth}"));
        }

        if (rotary.RotaryDim < 2 || rotary.RotaryDim > rotary.HeadWidth || rotary.RotaryDim % 2 != 0)
        {
            throw Fault(string.Create(CultureInfo.InvariantCulture, $"'{name}' must rotate an even number from 2 to {rotary.HeadWidth} of rows per head, got {rotary.RotaryDim}"));
        }

        if (rotary.From < 0 || rotary.From > rotary.HeadWidth - rotary.RotaryDim)
        {
            throw Fault(string.Create(CultureInfo.InvariantCulture, $"'{name}' must rotate {rotary.RotaryDim} rows from 0 to {rotary.HeadWidth - rotary.RotaryDim} on, got {rotary.From}"));
        }
    }

    private static ArgumentException Fault(string message) => new($"declarations: {message}", "declarations");
}
