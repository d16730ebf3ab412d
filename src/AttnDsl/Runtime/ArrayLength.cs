using System;
using System.ComponentModel;
using System.Globalization;

namespace AttnDsl.Runtime;

/// <summary>Sizes of arrays, multiplied without overflow. Called by generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ArrayLength
{
    /// <summary>Product of the sizes, if one array can be that long.</summary>
    /// <param name="parameter">The argument at fault when it cannot.</param>
    /// <param name="factors">Sizes, none negative.</param>
    /// <exception cref="ArgumentException">A size is negative, or the product exceeds <see cref="Array.MaxLength"/>.</exception>
    public static int Of(string parameter, params ReadOnlySpan<long> factors)
    {
        long product = 1;
        foreach (long factor in factors)
        {
            // A zero anywhere makes the product zero, whatever the other factors are.
            if (factor == 0)
            {
                product = 0;
                break;
            }
        }

        foreach (long factor in factors)
        {
            if (factor < 0)
            {
                throw new ArgumentException($"{parameter}: sizes must not be negative, got {Check.Shape(factors)}", parameter);
            }

            if (product != 0 && factor > Array.MaxLength / product)
            {
                throw new ArgumentException(
                    string.Create(CultureInfo.InvariantCulture, $"{parameter}: {Check.Shape(factors)} elements do not fit in one array of at most {Array.MaxLength}"),
                    parameter);
            }

            product *= factor;
        }

        return (int)product;
    }
}
