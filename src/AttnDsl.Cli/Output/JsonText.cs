using System.IO;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AttnDsl.Cli.Output;

/// <summary>JSON as every verb prints it: camelCase, indented, one document on standard output.</summary>
internal static class JsonText
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        NewLine = "\n",

        // The text goes to a terminal or a file, never into a web page; quotes and brackets stay readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Prints <paramref name="value"/> and ends the line.</summary>
    public static void Write<T>(TextWriter writer, T value) => writer.Write(JsonSerializer.Serialize(value, Options) + "\n");
}
