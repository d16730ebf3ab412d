using System;
using System.Linq;
using System.Numerics;

namespace AttnDsl.Space.Numbers;

/// <summary>Seeded inputs and comparisons.</summary>
internal static class Figures
{
    public static double[] Normal(Random random, int count, double deviation = 1)
    {
        var values = new double[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        }

        return values;
    }

    /// <summary>Weights under which every one of them matters: the initial zeros and ones would hide a bias or a gain.</summary>
    public static void Fill(AttentionWeights<double> weights, Random random)
    {
        foreach (WeightTensor<double> tensor in weights.Tensors)
        {
            double deviation = tensor.Shape.Length == 2 ? 1 / Math.Sqrt(tensor.Shape[1]) : 0.3;
            double offset = tensor.Declaration.Initialisation == Initialisation.Ones ? 1 : 0;
            double[] values = Normal(random, tensor.Data.Length, deviation);
            for (int i = 0; i < values.Length; i++)
            {
                tensor.Data[i] = offset + values[i];
            }
        }
    }

    /// <summary>Largest difference over 1 + the largest expected size; NaN counts as infinite, and two equal infinities as no difference.</summary>
    public static double Error<T>(double[] expected, T[] actual)
        where T : INumber<T>
    {
        if (expected.Length != actual.Length)
        {
            return double.PositiveInfinity;
        }

        double worst = 0;
        double size = 1;
        for (int i = 0; i < expected.Length; i++)
        {
            double value = double.CreateChecked(actual[i]);
            double difference = expected[i] == value ? 0 : Math.Abs(expected[i] - value);
            worst = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(worst, difference);
            size = double.IsFinite(expected[i]) ? Math.Max(size, Math.Abs(expected[i])) : size;
        }

        return worst / size;
    }

    public static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    /// <summary>a + step · direction.</summary>
    public static double[] Moved(double[] a, double[] direction, double step) => [.. a.Zip(direction, (x, u) => x + (step * u))];
}
