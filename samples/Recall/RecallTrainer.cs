using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using TorchSharp;
using static TorchSharp.torch;

namespace Recall;

/// <summary>Trains one contender after the other on the same sequences. Equal settings give equal numbers on the same machine.</summary>
public sealed class RecallTrainer
{
    private const int TestBatch = 500;

    private readonly Settings settings;
    private readonly MqarExamples examples;
    private readonly MqarExamples tests;
    private readonly int weightSeed;
    private readonly int orderSeed;

    /// <summary>Draws the sequences.</summary>
    /// <param name="settings">How to train.</param>
    /// <exception cref="ArgumentException">Settings that mean nothing.</exception>
    public RecallTrainer(Settings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        settings.Check();
        this.settings = settings;
        var seeds = new Random(settings.Seed);
        examples = MqarGenerator.Draw(settings.Task, settings.Examples, seeds.Next());
        tests = MqarGenerator.Draw(settings.Task, settings.Tests, seeds.Next());
        weightSeed = seeds.Next();
        orderSeed = seeds.Next();
    }

    /// <summary>Trains one contender until it is right often enough or the epochs are over.</summary>
    /// <param name="contender">Who.</param>
    /// <param name="report">Told after every step: the share of the epochs that is done, and after every epoch what it brought.</param>
    /// <param name="time">Time allowed; looked at after every epoch.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    public Outcome Train(Contender contender, Action<double, Epoch?>? report = null, TimeSpan? time = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(contender);
        var watch = Stopwatch.StartNew();
        using var model = new RecallModel(settings.Task, contender, settings.Layers, settings.Drop, weightSeed);
        using optim.Optimizer optimizer = optim.AdamW(model.parameters(), settings.LearningRate, weight_decay: settings.WeightDecay);
        var order = new Random(orderSeed);
        var rows = new int[examples.Count];
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] = i;
        }

        List<Epoch> epochs = [];
        bool isCut = false;
        for (int epoch = 0; epoch < settings.Epochs; epoch++)
        {
            order.Shuffle(rows);
            SetLearningRate(optimizer, settings.LearningRate * 0.5 * (1 + Math.Cos(Math.PI * epoch / settings.Epochs)));
            double loss = TrainOnce(model, optimizer, rows, done => report?.Invoke((epoch + done) / settings.Epochs, null), cancellationToken);
            epochs.Add(new Epoch(loss, Test(model, cancellationToken)));
            report?.Invoke((epoch + 1.0) / settings.Epochs, epochs[^1]);
            if (epochs[^1].Accuracy > settings.Enough)
            {
                break;
            }

            if (time is { } allowed && watch.Elapsed >= allowed && epoch + 1 < settings.Epochs)
            {
                isCut = true;
                break;
            }
        }

        return new Outcome(contender, settings, model.ParameterCount, settings.Layers * contender.CacheBytes, epochs, watch.Elapsed, isCut);
    }

    private static void SetLearningRate(optim.Optimizer optimizer, double rate)
    {
        foreach (optim.ILearningRateController group in optimizer.ParamGroups)
        {
            group.LearningRate = rate;
        }
    }

    private double TrainOnce(RecallModel model, optim.Optimizer optimizer, int[] rows, Action<double> report, CancellationToken cancellationToken)
    {
        model.train();
        double total = 0;
        int steps = 0;
        for (int start = 0; start < rows.Length; start += settings.Batch, steps++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            RecallBatch batch = RecallBatch.Of(examples, rows.AsSpan(start, Math.Min(settings.Batch, rows.Length - start)));
            optimizer.zero_grad();
            Tensor loss = nn.functional.cross_entropy(model.forward(batch.Inputs, batch.Asked), batch.Answers);
            loss.backward();
            optimizer.step();
            total += loss.item<float>();
            report(Math.Min(1, (start + (double)settings.Batch) / rows.Length));
        }

        return total / steps;
    }

    /// <summary>The mean over the sequences of the share of their queries that is answered right. Every sequence asks equally often, so it is the share of all queries.</summary>
    private double Test(RecallModel model, CancellationToken cancellationToken)
    {
        model.eval();
        using IDisposable gradientless = no_grad();
        long right = 0, asked = 0;
        for (int start = 0; start < tests.Count; start += TestBatch)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            var rows = new int[Math.Min(TestBatch, tests.Count - start)];
            for (int i = 0; i < rows.Length; i++)
            {
                rows[i] = start + i;
            }

            RecallBatch batch = RecallBatch.Of(tests, rows);
            Tensor said = model.forward(batch.Inputs, batch.Asked).argmax(1);
            right += said.eq(batch.Answers).sum().item<long>();
            asked += batch.Answers.shape[0];
        }

        return (double)right / asked;
    }
}
