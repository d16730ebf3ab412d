using System;
using Recall;
using Spectre.Console;

Console.OutputEncoding = new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

// A pipe has no width of its own; wrapped columns would be hard to read.
AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, AccuracyPlane.Width);
return RecallCommand.Run(args, AnsiConsole.Console, Console.Error);
