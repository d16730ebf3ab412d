using System;
using TrainText;

Console.OutputEncoding = new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
return TrainCommand.Run(args, Console.Out, Console.Error);
