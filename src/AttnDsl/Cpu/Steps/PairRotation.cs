using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttnDsl.Cpu;

/// <summary>
/// Rotation of channel pairs (u, v) of every head by a = position · frequency: (u cos a − v sin a, u sin a + v cos a), times a magnitude; channels past the rotary ones pass through.
/// Immutable; generated code keeps one per layer.
/// </summary>
public sealed unsafe class PairRotation
{
    private readonly double[] _frequencies;
    private readonly double _magnitude;
    private readonly bool _interleaved;

    /// <summary>A rotation of the first 2 · frequencies.Length channels.</summary>
    /// <param name="layout">Which channels pair: (i, i + r/2), or (2i, 2i + 1).</param>
    /// <param name="frequencies">Angle per position of each pair.</param>
    /// <param name="magnitude">Factor on sine and cosine.</param>
    public PairRotation(RopeLayout layout, ReadOnlySpan<double> frequencies, double magnitude = 1)
    {
        _frequencies = frequencies.ToArray();
        _magnitude = magnitude;
        _interleaved = layout == RopeLayout.Interleaved;
    }

    /// <summary>Channels that rotate.</summary>
    public int RotaryWidth => 2 * _frequencies.Length;

    /// <summary>Rotates the heads of every token by its position; sine and cosine are computed once per token, in double.</summary>
    /// <param name="x">[B, T, heads, width].</param>
    /// <param name="y">As x, overwritten; may be x.</param>
    /// <param name="rows">Positions of the tokens; padding is copied as it is.</param>
    /// <param name="heads">Heads of a token.</param>
    /// <param name="width">Channels of a head.</param>
    /// <param name="inverse">By −a: the transpose, for gradients.</param>
    /// <param name="keys">x are the visible keys, [B, S, heads, width], cached ones included.</param>
    /// <param name="threads">Threads to use at most; 0: <see cref="CpuThreads.Count"/>.</param>
    /// <exception cref="ArgumentException">A span has not the length its shape asks for, or the heads are narrower than the rotation.</exception>
    public void Apply(ReadOnlySpan<float> x, Span<float> y, TokenRows rows, int heads, int width, bool inverse = false, bool keys = false, int threads = 0)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, RotaryWidth);
        StepChecks.Length(nameof(x), x.Length, (long)rows.Batch * (keys ? rows.Keys : rows.Tokens) * heads * width);
        StepChecks.Length(nameof(y), y.Length, x.Length);
        threads = CpuThreads.Resolve(threads);
        fixed (float* px = x, py = y)
        {
            Call.Rent().Run(this, px, py, rows, heads, width, inverse, keys, threads);
        }
    }

    private sealed class Call : RowJob
    {
        [ThreadStatic]
        private static Call? _idle;

        private PairRotation _rotation = null!;
        private TokenRows _rows = null!;
        private float* _x;
        private float* _y;
        private int _heads;
        private int _width;
        private double _direction;
        private bool _keys;

        public static Call Rent()
        {
            Call call = _idle ?? new();
            _idle = null;
            return call;
        }

        public void Run(PairRotation rotation, float* x, float* y, TokenRows rows, int heads, int width, bool inverse, bool keys, int threads)
        {
            _rotation = rotation;
            _rows = rows;
            _x = x;
            _y = y;
            _heads = heads;
            _width = width;
            _direction = inverse ? -1 : 1;
            _keys = keys;

            // A pair's sine and cosine cost about as much as twenty channels.
            RunRows(rows.Batch * (keys ? rows.Keys : rows.Tokens), ((long)heads * width) + (20 * rotation._frequencies.Length), threads);
            _rotation = null!;
            _rows = null!;
            _idle = this;
        }

        protected override void Rows(int first, int end, Workspace workspace)
        {
            int pairs = _rotation._frequencies.Length;
            float* cosines = workspace.Reserve(2 * (pairs + 8));
            float* sines = cosines + pairs + 8;
            for (int token = first; token < end; token++)
            {
                int tokens = _keys ? _rows.Keys : _rows.Tokens;
                int row = token / tokens;
                int place = token % tokens;
                float* x = _x + ((long)token * _heads * _width);
                float* y = _y + ((long)token * _heads * _width);
                if (place >= (_keys ? _rows.KeyCount(row) : _rows.Count(row)))
                {
                    Copy(x, y, _heads * _width);
                    continue;
                }

                Angles(_keys ? _rows.KeyPosition(row, place) : _rows.Position(row, place), cosines, sines);
                for (int head = 0; head < _heads; head++, x += _width, y += _width)
                {
                    if (_rotation._interleaved)
                    {
                        Neighbours(x, y, pairs, cosines, sines);
                    }
                    else
                    {
                        Halves(x, y, pairs, cosines, sines);
                    }

                    Copy(x + (2 * pairs), y + (2 * pairs), _width - (2 * pairs));
                }
            }
        }

        private static void Copy(float* x, float* y, int count)
        {
            if (x != y && count > 0)
            {
                new ReadOnlySpan<float>(x, count).CopyTo(new Span<float>(y, count));
            }
        }

        private void Angles(int position, float* cosines, float* sines)
        {
            double[] frequencies = _rotation._frequencies;
            double magnitude = _rotation._magnitude;
            for (int i = 0; i < frequencies.Length; i++)
            {
                (double sine, double cosine) = Math.SinCos(position * frequencies[i]);
                cosines[i] = (float)(magnitude * cosine);
                sines[i] = (float)(_direction * magnitude * sine);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Halves(float* x, float* y, int pairs, float* cosines, float* sines)
        {
            int i = 0;
            for (; i + 8 <= pairs; i += 8)
            {
                Vector256<float> u = Vector256.Load(x + i);
                Vector256<float> v = Vector256.Load(x + pairs + i);
                Vector256<float> c = Vector256.Load(cosines + i);
                Vector256<float> s = Vector256.Load(sines + i);
                ((u * c) - (v * s)).Store(y + i);
                ((u * s) + (v * c)).Store(y + pairs + i);
            }

            for (; i < pairs; i++)
            {
                float u = x[i];
                float v = x[pairs + i];
                y[i] = (u * cosines[i]) - (v * sines[i]);
                y[pairs + i] = (u * sines[i]) + (v * cosines[i]);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Neighbours(float* x, float* y, int pairs, float* cosines, float* sines)
        {
            Vector128<float> sign = Vector128.Create(-1f, 1, -1, 1);
            int i = 0;
            for (; i + 2 <= pairs; i += 2)
            {
                // (u0, v0, u1, v1) and, exchanged, (v0, u0, v1, u1).
                Vector128<float> pair = Vector128.Load(x + (2 * i));
                Vector128<float> exchanged = Vector128.Shuffle(pair, Vector128.Create(1, 0, 3, 2));
                Vector128<float> c = Vector128.Create(cosines[i], cosines[i], cosines[i + 1], cosines[i + 1]);
                Vector128<float> s = Vector128.Create(sines[i], sines[i], sines[i + 1], sines[i + 1]);
                ((pair * c) + (exchanged * s * sign)).Store(y + (2 * i));
            }

            for (; i < pairs; i++)
            {
                float u = x[2 * i];
                float v = x[(2 * i) + 1];
                y[2 * i] = (u * cosines[i]) - (v * sines[i]);
                y[(2 * i) + 1] = (u * sines[i]) + (v * cosines[i]);
            }
        }
    }
}
