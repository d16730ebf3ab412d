using System.IO;
using System.Text.Json.Nodes;
using AttnDsl.Cli;

namespace AttnDsl.Conformance.Tests.Cli;

/// <summary>One run of the tool in this process: its exit code and what it printed.</summary>
internal sealed record AttnTool(int ExitCode, string Output, string Error)
{
    /// <summary>Standard output as JSON.</summary>
    public JsonNode Json => JsonNode.Parse(Output)!;

    /// <summary>Runs the tool with these arguments.</summary>
    public static AttnTool Run(params string[] args)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int code = Program.Run(args, output, error);
        return new AttnTool(code, output.ToString(), error.ToString());
    }

    /// <summary>Everything printed, for failure messages.</summary>
    public override string ToString() => $"exit code {ExitCode}\n{Output}{Error}";
}
