using System;

namespace AttnDsl;

/// <summary>How a scalar is stored.</summary>
internal interface IKvElement<T>
    where T : unmanaged
{
    static abstract void Store(ReadOnlySpan<float> values, Span<T> stored);

    static abstract void Load(ReadOnlySpan<T> stored, Span<float> values);
}

/// <summary>As it is.</summary>
internal readonly struct SingleElement : IKvElement<float>
{
    public static void Store(ReadOnlySpan<float> values, Span<float> stored) => values.CopyTo(stored);

    public static void Load(ReadOnlySpan<float> stored, Span<float> values) => stored.CopyTo(values);
}

/// <summary>Rounded to bfloat16.</summary>
internal readonly struct BFloat16Element : IKvElement<ushort>
{
    public static void Store(ReadOnlySpan<float> values, Span<ushort> stored) => KvBFloat16.Round(values, stored);

    public static void Load(ReadOnlySpan<ushort> stored, Span<float> values) => KvBFloat16.Widen(stored, values);
}
