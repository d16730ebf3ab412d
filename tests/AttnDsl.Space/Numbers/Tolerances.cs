namespace AttnDsl.Space.Numbers;

/// <summary>Every tolerance, relative to 1 + the largest expected size.</summary>
internal static class Tolerances
{
    /// <summary>Double against double: another order of summation and nothing else.</summary>
    public const double Same = 1e-10;

    /// <summary>Terms of size 1 of the sums that the tolerances of float are made for.</summary>
    public const double Terms = 1000;

    /// <summary>Float against double on inputs rounded to float: 2^-24 times the root of <see cref="Terms"/>, with room for softmax.</summary>
    public const double Single = 2e-5;

    /// <summary>A gradient against four-point differences with steps from 1e-3 to 1e-5: at one of them truncation and cancellation are both below.</summary>
    public const double Gradient = 1e-6;

    /// <summary>Gradients in float: sums of products of two such results.</summary>
    public const double SingleGradient = 6e-5;

    /// <summary>Through a cache of bfloat16: keys and values are off by 2^-8 of their size, scores by that times their own size.</summary>
    public const double Rounded = 0.03;
}
