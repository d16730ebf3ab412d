using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttnDsl.Cpu;

/// <summary>Brings operands into the order in which register tiles read them: every panel one stream.</summary>
internal static unsafe class Packing
{
    /// <summary>target[c · targetRow + r] = factor · source[r, c] for r &lt; rows; 0 for the rows after them.</summary>
    /// <param name="source">First row.</param>
    /// <param name="stride">Elements from row to row.</param>
    /// <param name="rows">Rows there are.</param>
    /// <param name="paddedRows">Rows to write, a multiple of 4.</param>
    /// <param name="width">Elements of a row.</param>
    /// <param name="factor">Multiplies every element.</param>
    /// <param name="target">Packed memory.</param>
    /// <param name="targetRow">Floats from one c to the next.</param>
    /// <returns>Whether every element is finite.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Transposed<T>(T* source, long stride, int rows, int paddedRows, int width, float factor, float* target, int targetRow)
        where T : unmanaged
    {
        Vector128<float> zero = Vector128<float>.Zero;
        Vector128<float> check = zero;
        Vector128<float> scale = Vector128.Create(factor);
        for (int row = 0; row < paddedRows; row += 4)
        {
            T* a = source + (row * stride);
            T* b = a + stride;
            T* c = b + stride;
            T* d = c + stride;
            float* to = target + row;
            int left = rows - row;
            int column = 0;
            if (left >= 4)
            {
                for (; column + 4 <= width; column += 4)
                {
                    Vector128<float> va = Element.Load4(a + column);
                    Vector128<float> vb = Element.Load4(b + column);
                    Vector128<float> vc = Element.Load4(c + column);
                    Vector128<float> vd = Element.Load4(d + column);

                    // x · 0 is no number exactly where x is not finite.
                    check += (va * zero) + (vb * zero) + (vc * zero) + (vd * zero);
                    Transpose4.Apply(ref va, ref vb, ref vc, ref vd);
                    (va * scale).Store(to);
                    (vb * scale).Store(to + targetRow);
                    (vc * scale).Store(to + (2 * targetRow));
                    (vd * scale).Store(to + (3 * targetRow));
                    to += 4 * targetRow;
                }
            }

            for (; column < width; column++)
            {
                Vector128<float> value = Vector128.Create(
                    left > 0 ? Element.Load(a + column) : 0,
                    left > 1 ? Element.Load(b + column) : 0,
                    left > 2 ? Element.Load(c + column) : 0,
                    left > 3 ? Element.Load(d + column) : 0);
                check += value * zero;
                (value * scale).Store(to);
                to += targetRow;
            }
        }

        return Vector128.EqualsAll(check, zero);
    }

    /// <summary>target[p · panelStep + r · panelWidth + c] = source[r, p · panelWidth + c]; 0 past the width and for the rows after the last.</summary>
    /// <param name="source">First row.</param>
    /// <param name="stride">Elements from row to row.</param>
    /// <param name="rows">Rows there are.</param>
    /// <param name="paddedRows">Rows to write.</param>
    /// <param name="width">Elements of a row.</param>
    /// <param name="panelWidth">Elements of a row in one panel, a multiple of 4.</param>
    /// <param name="panelStep">Floats from panel to panel.</param>
    /// <param name="target">Packed memory.</param>
    /// <returns>Whether every element is finite.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Copied<T>(T* source, long stride, int rows, int paddedRows, int width, int panelWidth, nint panelStep, float* target)
        where T : unmanaged
    {
        Vector128<float> zero = Vector128<float>.Zero;
        Vector128<float> check = zero;

        // Four rows at a time fill whole cache lines of a panel: the panels lie far apart, often a power of two.
        for (int row = 0; row < paddedRows; row += 4)
        {
            T* a = source + (row * stride);
            float* panel = target + ((nint)row * panelWidth);
            int count = paddedRows - row < 4 ? paddedRows - row : 4;
            int left = rows - row;
            for (int first = 0; first < width; first += panelWidth)
            {
                if (left >= 4 && first + panelWidth <= width)
                {
                    for (int column = 0; column < panelWidth; column += 4)
                    {
                        T* from = a + first + column;
                        Vector128<float> va = Element.Load4(from);
                        Vector128<float> vb = Element.Load4(from + stride);
                        Vector128<float> vc = Element.Load4(from + (2 * stride));
                        Vector128<float> vd = Element.Load4(from + (3 * stride));
                        check += (va * zero) + (vb * zero) + (vc * zero) + (vd * zero);
                        va.Store(panel + column);
                        vb.Store(panel + column + panelWidth);
                        vc.Store(panel + column + (2 * panelWidth));
                        vd.Store(panel + column + (3 * panelWidth));
                    }
                }
                else
                {
                    for (int r = 0; r < count; r++)
                    {
                        T* from = a + (r * stride) + first;
                        float* to = panel + (r * panelWidth);
                        int columns = r < left ? (width - first < panelWidth ? width - first : panelWidth) : 0;
                        for (int column = 0; column < columns; column++)
                        {
                            float value = Element.Load(from + column);
                            check += Vector128.CreateScalar(value * 0);
                            to[column] = value;
                        }

                        for (int column = columns; column < panelWidth; column++)
                        {
                            to[column] = 0;
                        }
                    }
                }

                panel += panelStep;
            }
        }

        return Vector128.EqualsAll(check, zero);
    }
}
