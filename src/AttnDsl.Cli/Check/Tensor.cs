using System;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;

namespace AttnDsl.Cli.Check;

/// <summary>A tensor of the recording, widened to double.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Shape">Sizes, outermost first.</param>
/// <param name="Data">Row-major numbers.</param>
/// <param name="Dtype">Element type it was stored as.</param>
internal sealed record Tensor(string Name, ImmutableArray<int> Shape, double[] Data, SafetensorsDtype Dtype)
{
    /// <summary>The file holds it with its second and third dimension the other way round.</summary>
    public bool IsTransposed { get; init; }

    /// <summary>The shape as the file states it.</summary>
    public string ShapeInFile => ShapeText(IsTransposed ? [Shape[0], Shape[2], Shape[1], Shape[3]] : Shape.AsSpan());

    /// <summary>[2, 16, 48].</summary>
    public static string ShapeText(ReadOnlySpan<int> shape) =>
        "[" + string.Join(", ", shape.ToArray().Select(n => n.ToString(CultureInfo.InvariantCulture))) + "]";

    /// <summary>The numbers as another type sees them.</summary>
    public Tensor RoundTo(ScalarKind kind) => this with { Data = Array.ConvertAll(Data, value => kind.Round(value)) };

    /// <summary>[B, H, T, d] of the file as [B, T, H, d].</summary>
    public Tensor SwapHeadsAndTokens()
    {
        (int batch, int heads, int tokens, int width) = (Shape[0], Shape[1], Shape[2], Shape[3]);
        double[] swapped = new double[Data.Length];
        for (int b = 0; b < batch; b++)
        {
            for (int h = 0; h < heads; h++)
            {
                for (int t = 0; t < tokens; t++)
                {
                    Array.Copy(Data, (((b * heads) + h) * tokens + t) * width, swapped, (((b * tokens) + t) * heads + h) * width, width);
                }
            }
        }

        return this with { Shape = [batch, tokens, heads, width], Data = swapped, IsTransposed = true };
    }

    /// <summary>The place of an element as the file counts it: [0, 3, 17].</summary>
    public string Place(int index)
    {
        int[] place = new int[Shape.Length];
        for (int d = Shape.Length - 1; d >= 0; d--)
        {
            place[d] = index % Shape[d];
            index /= Shape[d];
        }

        if (IsTransposed)
        {
            (place[1], place[2]) = (place[2], place[1]);
        }

        return ShapeText(place);
    }
}
