using System;
using System.Buffers.Binary;
using System.Text;

namespace AttnDsl.Conformance.Tests.Weights;

/// <summary>Safetensors files put together by hand, right or wrong.</summary>
internal static class RawFile
{
    public static byte[] Of(string header, int dataLength) => Of(Encoding.UTF8.GetBytes(header), dataLength);

    public static byte[] Of(byte[] header, int dataLength) => WithLength((ulong)header.Length, header, dataLength);

    public static byte[] WithLength(ulong claimed, byte[] header, int dataLength)
    {
        var file = new byte[8 + header.Length + dataLength];
        BinaryPrimitives.WriteUInt64LittleEndian(file, claimed);
        header.CopyTo(file, 8);
        for (int i = 0; i < dataLength; i++)
        {
            file[8 + header.Length + i] = (byte)i;
        }

        return file;
    }
}
