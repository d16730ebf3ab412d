using System;
using System.IO;

namespace AttnDsl;

/// <summary>A safetensors file is not what the format demands. The message names the file, the tensor where there is one, and the numbers.</summary>
public class SafetensorsException : IOException
{
    /// <summary>An exception without details.</summary>
    public SafetensorsException()
    {
    }

    /// <summary>An exception with a message.</summary>
    /// <param name="message">What is wrong.</param>
    public SafetensorsException(string message)
        : base(message)
    {
    }

    /// <summary>An exception with a message and a cause.</summary>
    /// <param name="message">What is wrong.</param>
    /// <param name="innerException">The cause.</param>
    public SafetensorsException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
