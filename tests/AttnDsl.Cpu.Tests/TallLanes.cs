using System;

namespace AttnDsl.Cpu.Tests;

/// <summary>Four lanes with tiles of eight rows: what processors with 32 registers of 128 bits use, run here on any.</summary>
internal readonly unsafe struct TallLanes : IKernelLanes<TallLanes>
{
    private readonly Lanes128 _value;

    private TallLanes(Lanes128 value) => _value = value;

    public static int Count => Lanes128.Count;

    public static int TileRows => 8;

    public static TallLanes Broadcast(float value) => new(Lanes128.Broadcast(value));

    public static TallLanes From(ReadOnlySpan<float> values) => new(Lanes128.From(values));

    public static TallLanes operator +(TallLanes a, TallLanes b) => new(a._value + b._value);

    public static TallLanes operator -(TallLanes a, TallLanes b) => new(a._value - b._value);

    public static TallLanes operator *(TallLanes a, TallLanes b) => new(a._value * b._value);

    public static TallLanes operator /(TallLanes a, TallLanes b) => new(a._value / b._value);

    public static TallLanes operator -(TallLanes a) => new(-a._value);

    public static TallLanes MultiplyAdd(TallLanes a, TallLanes b, TallLanes c) => new(Lanes128.MultiplyAdd(a._value, b._value, c._value));

    public static TallLanes Min(TallLanes a, TallLanes b) => new(Lanes128.Min(a._value, b._value));

    public static TallLanes Max(TallLanes a, TallLanes b) => new(Lanes128.Max(a._value, b._value));

    public static TallLanes MaxNative(TallLanes a, TallLanes b) => new(Lanes128.MaxNative(a._value, b._value));

    public static TallLanes Less(TallLanes a, TallLanes b) => new(Lanes128.Less(a._value, b._value));

    public static TallLanes LessOrEqual(TallLanes a, TallLanes b) => new(Lanes128.LessOrEqual(a._value, b._value));

    public static TallLanes Equal(TallLanes a, TallLanes b) => new(Lanes128.Equal(a._value, b._value));

    public static TallLanes And(TallLanes a, TallLanes b) => new(Lanes128.And(a._value, b._value));

    public static TallLanes Or(TallLanes a, TallLanes b) => new(Lanes128.Or(a._value, b._value));

    public static TallLanes LessInteger(TallLanes a, TallLanes b) => new(Lanes128.LessInteger(a._value, b._value));

    public static TallLanes EqualInteger(TallLanes a, TallLanes b) => new(Lanes128.EqualInteger(a._value, b._value));

    public static TallLanes Abs(TallLanes a) => new(Lanes128.Abs(a._value));

    public static TallLanes Exp(TallLanes a) => new(Lanes128.Exp(a._value));

    public static TallLanes Tanh(TallLanes a) => new(Lanes128.Tanh(a._value));

    public static TallLanes Select(TallLanes mask, TallLanes then, TallLanes otherwise) => new(Lanes128.Select(mask._value, then._value, otherwise._value));

    public static TallLanes Load(float* source) => new(Lanes128.Load(source));

    public static void Store(float* target, TallLanes value) => Lanes128.Store(target, value._value);

    public static TallLanes Exp2(TallLanes a, float* constants) => new(Lanes128.Exp2(a._value, constants));

    public static bool AnyGreater(TallLanes a, TallLanes b) => Lanes128.AnyGreater(a._value, b._value);

    public static float Sum(TallLanes a) => Lanes128.Sum(a._value);

    public static TallLanes BroadcastInteger(int value) => new(Lanes128.BroadcastInteger(value));
}
