using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using AttnDsl;
using TorchSharp;
using static TorchSharp.torch;

namespace TrainText;

/// <summary>
/// A training as a safetensors file: parameters under their own names, the optimiser's means as <c>exp_avg.NAME</c> and <c>exp_avg_sq.NAME</c>, the losses as <c>losses</c>, and in the
/// header's text the format, the step and every setting. It is written under another name and moved into place, so whoever is killed while writing leaves the file before it.
/// </summary>
public static class TrainingFile
{
    private const string Format = "attndsl-train-text-1";
    private const string Mean = "exp_avg.", Square = "exp_avg_sq.", Losses = "losses", SettingPrefix = "setting.";

    /// <summary>Writes a training.</summary>
    /// <param name="trainer">The training.</param>
    /// <param name="text">What it learns from: hash of the text and identity of the vocabulary.</param>
    /// <param name="path">Where to; an existing file is replaced.</param>
    /// <exception cref="IOException">The file cannot be written; one that was there is as it was.</exception>
    public static void Save(TextTrainer trainer, TextIdentity text, string path)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(text);
        var writer = new SafetensorsWriter();
        foreach ((string name, Tensor value, Tensor mean, Tensor square) in trainer.State())
        {
            Add(name, value);
            Add(Mean + name, mean);
            Add(Square + name, square);
        }

        writer.Add(Losses, [trainer.Losses.Count], trainer.Losses.ToArray(), SafetensorsDtype.Float32);
        writer.AddMetadata("format", Format).AddMetadata("step", trainer.Step.ToString(CultureInfo.InvariantCulture));
        foreach ((string name, string value) in Identity(trainer, text))
        {
            writer.AddMetadata(SettingPrefix + name, value);
        }

        RemoveLeftovers(path);
        writer.Save(path);

        void Add(string name, Tensor tensor) => writer.Add(name, tensor.shape, tensor.detach().cpu().contiguous().data<float>().ToArray(), SafetensorsDtype.Float32);
    }

    /// <summary>Lets a fresh training take the place of the one in a file. Everything is read and checked before anything is changed.</summary>
    /// <param name="trainer">A training of the same model, text and settings.</param>
    /// <param name="text">What it learns from.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is broken, no training, or one of another model, text or settings.</exception>
    public static void Load(TextTrainer trainer, TextIdentity text, string path)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(text);
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            Load(trainer, text, file);
        }
        catch (SafetensorsException e)
        {
            throw new InvalidDataException(e.Message, e);
        }
    }

    private static void Load(TextTrainer trainer, TextIdentity text, SafetensorsFile file)
    {
        if (file.Metadata.GetValueOrDefault("format") is not { } format || format != Format)
        {
            throw new InvalidDataException($"{file.Path}: expected a training in the format '{Format}', actual '{file.Metadata.GetValueOrDefault("format")}'");
        }

        foreach ((string name, string expected) in Identity(trainer, text))
        {
            string? actual = file.Metadata.GetValueOrDefault(SettingPrefix + name);
            if (actual != expected)
            {
                throw new InvalidDataException($"{file.Path}: {name}: expected {Short(expected)}, as the command line says, actual {Short(actual ?? "nothing")}; a training goes on with the settings it began with");
            }
        }

        var state = trainer.State();
        List<(Tensor Target, float[] Values)> read = [];
        foreach ((string name, Tensor value, Tensor mean, Tensor square) in state)
        {
            read.Add((value, Read(name, value.shape)));
            read.Add((mean, Read(Mean + name, mean.shape)));
            read.Add((square, Read(Square + name, square.shape)));
        }

        if (file.Tensors.Count != read.Count + 1)
        {
            throw new InvalidDataException(FormattableString.Invariant($"{file.Path}: expected {read.Count + 1} tensors, actual {file.Tensors.Count}"));
        }

        string stepText = file.Metadata.GetValueOrDefault("step") ?? "";
        if (!int.TryParse(stepText, NumberStyles.None, CultureInfo.InvariantCulture, out int step) || step > trainer.Settings.Steps)
        {
            throw new InvalidDataException(FormattableString.Invariant($"{file.Path}: step: expected 0 to {trainer.Settings.Steps}, actual '{stepText}'"));
        }

        float[] losses = Read(Losses, [step]);
        using IDisposable gradientless = no_grad();
        foreach ((Tensor target, float[] values) in read)
        {
            using DisposeScope scope = NewDisposeScope();
            target.copy_(tensor(values).view(target.shape));
        }

        trainer.GoOnAfter(losses);

        float[] Read(string name, long[] shape)
        {
            if (!file.Tensors.TryGetValue(name, out SafetensorsTensor? tensor) || tensor.Dtype != SafetensorsDtype.Float32 || !tensor.Shape.AsSpan().SequenceEqual(shape))
            {
                throw new InvalidDataException($"{file.Path}: expected the tensor {name} F32 [{string.Join(", ", shape)}], actual {(tensor is null ? "none" : tensor.ToString())}");
            }

            float[] values = file.ReadSingle(name);
            return Array.TrueForAll(values, float.IsFinite)
                ? values
                : throw new InvalidDataException($"{file.Path}: {name}: expected finite numbers, actual others");
        }
    }

    private static IEnumerable<(string Name, string Value)> Identity(TextTrainer trainer, TextIdentity text)
    {
        ModelShape shape = trainer.Model.Shape;
        return
        [
            .. trainer.Settings.List(), ("text", text.Hash), ("vocabulary", text.Vocabulary), ("start", text.Start),
            ("model", FormattableString.Invariant($"{shape.Vocabulary} x {shape.Dim}, hidden {shape.Hidden}, {shape.Layers} layers, {shape.Positions} positions")),
        ];
    }

    /// <summary>Half-written files of a process that was killed.</summary>
    private static void RemoveLeftovers(string path)
    {
        foreach (string leftover in Directory.EnumerateFiles(Path.GetDirectoryName(Path.GetFullPath(path))!, Path.GetFileName(path) + ".*.tmp"))
        {
            File.Delete(leftover);
        }
    }

    private static string Short(string value) => value.Length <= 80 ? value : value[..77] + "...";
}

/// <summary>What a training learns from.</summary>
/// <param name="Hash">Of the text.</param>
/// <param name="Vocabulary">Identity of the vocabulary.</param>
/// <param name="Start">Where its first weights come from: hash of the checkpoint, or "fresh".</param>
public sealed record TextIdentity(string Hash, string Vocabulary, string Start);
