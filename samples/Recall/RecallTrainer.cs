using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using TorchSharp;
using static TorchSharp.torch;

namespace Recall;

/// <summary>
/// Trains contenders on the same sequences, several at a time if asked to: whatever is drawn comes from a contender's own generators. Equal settings give equal numbers on the same machine, as long as
/// libtorch has as many threads.
/// </summary>
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

    /// <summary>Trains one contender until it is right often enough or the steps are over. Other threads may train others meanwhile.</summary>
    /// <param name="contender">Who.</param>
    /// <param name="report">Told after every step: the share of the steps that is done, and what a test after it found.</param>
    /// <param name="time">Time allowed; looked at after every step. The test that then follows comes on top.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    public Outcome Train(Contender contender, Action<double, Check?>? report = null, TimeSpan? time = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(contender);
        var watch = Stopwatch.StartNew();
        using var model = new RecallModel(settings.Task, contender, settings.Layers, settings.Drop, settings.Deviation, weightSeed);
        using optim.Optimizer optimizer = optim.AdamW(model.parameters(), settings.LearningRate, weight_decay: settings.WeightDecay);
        var order = new Random(orderSeed);
        var rows = new int[examples.Count];
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] = i;
        }

        List<Check> checks = [];
        bool isCut = false;
        double losses = 0;
        for (int step = 0, unseen = 0; step < settings.Steps && !isCut; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int start = step % settings.StepsPerEpoch * settings.Batch;
            if (start == 0)
            {
                order.Shuffle(rows);
            }

            SetLearningRate(optimizer, settings.RateOf(step));
            losses += TakeStep(model, optimizer, rows.AsSpan(start, Math.Min(settings.Batch, rows.Length - start)));
            unseen++;
            int taken = step + 1;
            isCut = time is { } allowed && watch.Elapsed >= allowed && taken < settings.Steps;
            Check? check = null;
            if (isCut || settings.IsTestedAfter(taken))
            {
                check = new Check(taken, losses / unseen, Test(model, cancellationToken));
                checks.Add(check.Value);
                losses = unseen = 0;
            }

            report?.Invoke((double)taken / settings.Steps, check);
            if (check is { } found && found.Accuracy > settings.Enough)
            {
                isCut = false;
                break;
            }
        }

        return new Outcome(contender, settings, model.ParameterCount, settings.Layers * contender.CacheBytes, checks, watch.Elapsed, isCut);
    }

    private static void SetLearningRate(optim.Optimizer optimizer, double rate)
    {
        foreach (optim.ILearningRateController group in optimizer.ParamGroups)
        {
            group.LearningRate = rate;
        }
    }

    private double TakeStep(RecallModel model, optim.Optimizer optimizer, ReadOnlySpan<int> rows)
    {
        model.train();
        using DisposeScope scope = NewDisposeScope();
        RecallBatch batch = RecallBatch.Of(examples, rows);
        optimizer.zero_grad();
        Tensor loss = nn.functional.cross_entropy(model.forward(batch.Inputs, batch.Asked), batch.Answers);
        loss.backward();
        optimizer.step();
        return loss.item<float>();
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
