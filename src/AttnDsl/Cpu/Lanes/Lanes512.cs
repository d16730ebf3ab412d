using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AttnDsl.Cpu;

/// <summary>Sixteen lanes: 32 registers, a tile of 8 x 48.</summary>
internal readonly unsafe struct Lanes512 : IKernelLanes<Lanes512>
{
    private readonly Vector512<float> _value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Lanes512(Vector512<float> value) => _value = value;

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 16;
    }

    public static int TileRows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 8;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Broadcast(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 From(ReadOnlySpan<float> values) => new(Vector512.Create(values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator +(Lanes512 a, Lanes512 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator -(Lanes512 a, Lanes512 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator *(Lanes512 a, Lanes512 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator /(Lanes512 a, Lanes512 b) => new(a._value / b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator -(Lanes512 a) => new(-a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 MultiplyAdd(Lanes512 a, Lanes512 b, Lanes512 c) => new(Vector512.MultiplyAddEstimate(a._value, b._value, c._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Min(Lanes512 a, Lanes512 b) => new(Vector512.Min(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Max(Lanes512 a, Lanes512 b) => new(Vector512.Max(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 MaxNative(Lanes512 a, Lanes512 b) => new(Vector512.MaxNative(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Abs(Lanes512 a) => new(Vector512.Abs(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Exp(Lanes512 a) => new(Vector512.Exp(a._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Tanh(Lanes512 a) => LanesTanh.Of(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Less(Lanes512 a, Lanes512 b) => new(Vector512.LessThan(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LessOrEqual(Lanes512 a, Lanes512 b) => new(Vector512.LessThanOrEqual(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Equal(Lanes512 a, Lanes512 b) => new(Vector512.Equals(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 And(Lanes512 a, Lanes512 b) => new(a._value & b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Or(Lanes512 a, Lanes512 b) => new(a._value | b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Select(Lanes512 mask, Lanes512 then, Lanes512 otherwise) => new(Vector512.ConditionalSelect(mask._value, then._value, otherwise._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(float* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* target, Lanes512 value) => value._value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyGreater(Lanes512 a, Lanes512 b) => Vector512.GreaterThanAny(a._value, b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes512 a) => Vector512.Sum(a._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 BroadcastInteger(int value) => new(Vector512.Create(value).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LessInteger(Lanes512 a, Lanes512 b) => new(Vector512.LessThan(a._value.AsInt32(), b._value.AsInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 EqualInteger(Lanes512 a, Lanes512 b) => new(Vector512.Equals(a._value.AsInt32(), b._value.AsInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Exp2(Lanes512 a, float* constants)
    {
        if (!Avx512DQ.IsSupported)
        {
            return Exp2Portable(a, constants);
        }

        Vector512<float> x = a._value;
        Vector512<float> f = Avx512DQ.Reduce(x, 1); // x - floor(x)
        Vector512<float> p = Vector512.Load(constants + Exp2Constants.Floor5);
        p = Vector512.MultiplyAddEstimate(p, f, Vector512.Load(constants + Exp2Constants.Floor4));
        p = Vector512.MultiplyAddEstimate(p, f, Vector512.Load(constants + Exp2Constants.Floor3));
        p = Vector512.MultiplyAddEstimate(p, f, Vector512.Load(constants + Exp2Constants.Floor2));
        p = Vector512.MultiplyAddEstimate(p, f, Vector512.Load(constants + Exp2Constants.Floor1));
        p = Vector512.MultiplyAddEstimate(p, f, Vector512.Load(constants + Exp2Constants.Floor0));
        return new(Avx512F.Scale(p, x)); // p * 2^floor(x)
    }

    /// <summary>Where the instructions are missing: tests of this width on other processors.</summary>
    private static Lanes512 Exp2Portable(Lanes512 a, float* constants)
    {
        Vector512<float> x = Vector512.MinNative(Vector512.Load(constants + Exp2Constants.Highest), Vector512.MaxNative(Vector512.Load(constants + Exp2Constants.Lowest), a._value));
        Vector512<float> rounder = Vector512.Load(constants + Exp2Constants.Rounder);
        Vector512<float> integer = x + rounder;
        Vector512<float> f = x - (integer - rounder);
        Vector512<float> p = Vector512.Load(constants + Exp2Constants.Nearest5);
        p = Vector512.MultiplyAddEstimate(p, f, Vector512.Load(constants + Exp2Constants.Nearest4));
        p = Vector512.MultiplyAddEstimate(p, f, Vector512.Load(constants + Exp2Constants.Nearest3));
        p = Vector512.MultiplyAddEstimate(p, f, Vector512.Load(constants + Exp2Constants.Nearest2));
        p = Vector512.MultiplyAddEstimate(p, f, Vector512.Load(constants + Exp2Constants.Nearest1));
        p = Vector512.MultiplyAddEstimate(p, f, Vector512.Load(constants + Exp2Constants.Nearest0));
        return new((p.AsInt32() + Vector512.ShiftLeft(integer.AsInt32(), 23)).AsSingle());
    }
}
