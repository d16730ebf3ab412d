namespace AttnDsl.Compiler.Mechanisms;

/// <summary>Long arithmetic for numbers nobody has checked yet: it clamps instead of wrapping or throwing.</summary>
public static class Saturating
{
    // A double product is exact to one part in 2^53, so everything near 2^63 counts as beyond it.
    private const double Edge = 9.2e18;

    public static long Multiply(long a, long b)
    {
        double product = (double)a * b;
        return product >= Edge ? long.MaxValue : product <= -Edge ? long.MinValue : a * b;
    }

    public static long Add(long a, long b)
    {
        double sum = (double)a + b;
        return sum >= Edge ? long.MaxValue : sum <= -Edge ? long.MinValue : a + b;
    }

    /// <summary>a / b rounded towards zero; 0 when b is not positive.</summary>
    public static long Divide(long a, long b) => b > 0 ? a / b : 0;
}
