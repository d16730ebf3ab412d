using System;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Text;
using AttnDsl.Cli.Output;

namespace AttnDsl.Cli;

/// <summary>Entry of the attn tool.</summary>
internal static class Program
{
    /// <summary>Runs the tool on the process's own streams.</summary>
    public static int Main(string[] args)
    {
        // Formulas hold letters that a Windows console's own code page lacks.
        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        return Run(args, Console.Out, Console.Error);
    }

    /// <summary>Runs the tool: results to <paramref name="output"/>, mistakes to <paramref name="error"/>; returns the exit code.</summary>
    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        ArgumentNullException.ThrowIfNull(args);

        // A stack or a file name may start with @; it never names a response file.
        ParseResult parsed = CommandLine.Create(output).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
        {
            return Complain(string.Join('\n', parsed.Errors.Select(e => e.Message)) + "\nSee: attn --help", args, output, error);
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        }
        catch (UnusableInputException e)
        {
            return Complain(e.Message, args, output, error);
        }
    }

    private static int Complain(string message, string[] args, TextWriter output, TextWriter error)
    {
        if (args.Contains("--json"))
        {
            JsonText.Write(output, new ErrorJson(message));
        }

        error.WriteLine("attn: " + message);
        return ExitCodes.Unusable;
    }
}
