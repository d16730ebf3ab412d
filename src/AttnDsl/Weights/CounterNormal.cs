using System;
using System.Text;

namespace AttnDsl;

/// <summary>
/// Standard normal numbers by counter: element i is a function of seed, stream name and i, so any order and any number of threads give the same.
/// </summary>
/// <remarks>
/// Bits: SplitMix64's output function over key + i·γ, the key being FNV-1a of the UTF-8 name, mixed with the seed. The top 53 bits, centred, make a uniform number in (0, 1);
/// Wichura's AS 241 (PPND16, relative error about 10⁻¹⁶) turns it into a normal one. Only + − × ÷ and √ are used, which IEEE 754 rounds alike everywhere; a library's log or cosine may differ in the last bit.
/// </remarks>
internal readonly struct CounterNormal
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;

    private readonly ulong _key;

    public CounterNormal(int seed, string stream)
    {
        ulong hash = 0xCBF29CE484222325;
        foreach (byte b in Encoding.UTF8.GetBytes(stream))
        {
            hash = (hash ^ b) * 0x100000001B3;
        }

        _key = Mix(hash ^ Mix(unchecked((uint)seed) + Gamma));
    }

    /// <summary>The i-th number.</summary>
    public double At(long i)
    {
        ulong bits = Mix(unchecked(_key + ((ulong)i * Gamma)));
        double u = ((bits >> 11) + 0.5) * (1.0 / (1UL << 53));
        return Quantile(u);
    }

    /// <summary>The number below which a standard normal one falls with probability p, 0 &lt; p &lt; 1.</summary>
    internal static double Quantile(double p)
    {
        double q = p - 0.5;
        if (Math.Abs(q) <= 0.425)
        {
            double r = 0.180625 - (q * q);
            return q
                * Polynomial(r, [3.3871328727963666080, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3])
                / Polynomial(r, [1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3, 2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3]);
        }

        double tail = Math.Sqrt(-Log(q < 0 ? p : 1 - p));
        double z;
        if (tail <= 5)
        {
            double r = tail - 1.6;
            z = Polynomial(r, [1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504, 1.27045825245236838258, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4])
                / Polynomial(r, [1.0, 2.05319162663775882187, 1.67638483018380384940, 6.89767334985100004550e-1, 1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9]);
        }
        else
        {
            double r = tail - 5;
            z = Polynomial(r, [6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7])
                / Polynomial(r, [1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2, 7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15]);
        }

        return q < 0 ? -z : z;
    }

    /// <summary>Natural logarithm of a positive normal number: exponent · ln 2 + 2 artanh((m − 1) / (m + 1)) with m in [1/√2, √2).</summary>
    internal static double Log(double x)
    {
        long bits = BitConverter.DoubleToInt64Bits(x);
        int exponent = (int)((bits >> 52) & 0x7FF) - 1023;
        double m = BitConverter.Int64BitsToDouble((bits & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000);
        if (m > 1.4142135623730951)
        {
            m *= 0.5;
            exponent++;
        }

        double s = (m - 1) / (m + 1);
        double square = s * s;
        double series = 0;
        for (int k = 23; k >= 1; k -= 2)
        {
            series = (series * square) + (1.0 / k);
        }

        return (exponent * 0.69314718055994530942) + (2 * s * series);
    }

    private static double Polynomial(double x, ReadOnlySpan<double> coefficients)
    {
        double sum = 0;
        for (int i = coefficients.Length - 1; i >= 0; i--)
        {
            sum = (sum * x) + coefficients[i];
        }

        return sum;
    }

    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
