using System;
using System.Collections.Generic;
using System.Linq;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TrainText;

/// <summary>A training: model, optimiser, place in the text, and the losses so far.</summary>
public sealed class TextTrainer : IDisposable
{
    private readonly AdamW optimizer;
    private readonly TextBatches batches;
    private readonly List<float> losses = [];

    /// <summary>A training at its beginning.</summary>
    /// <param name="model">What is trained; the caller's.</param>
    /// <param name="tokens">The text.</param>
    /// <param name="settings">How.</param>
    /// <exception cref="ArgumentException">Settings that mean nothing or do not fit the model, or too short a text.</exception>
    public TextTrainer(LanguageModel model, int[] tokens, TrainingSettings settings)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(settings);
        settings.Check();
        if (settings.Context > model.Shape.Positions)
        {
            throw new ArgumentException(FormattableString.Invariant($"context: expected at most the {model.Shape.Positions} positions of the model, actual {settings.Context}"));
        }

        Model = model;
        Settings = settings;
        batches = new TextBatches(tokens, settings);
        optimizer = optim.AdamW(model.parameters(), settings.LearningRate, beta1: 0.9, beta2: 0.95, weight_decay: settings.WeightDecay);
    }

    /// <summary>What is trained.</summary>
    public LanguageModel Model { get; }

    /// <summary>How.</summary>
    public TrainingSettings Settings { get; }

    /// <summary>The loss of every step so far, mean cross-entropy in nats.</summary>
    public IReadOnlyList<float> Losses => losses;

    /// <summary>Steps done.</summary>
    public int Step => losses.Count;

    /// <summary>All steps are done.</summary>
    public bool IsOver => Step >= Settings.Steps;

    /// <summary>Takes one step.</summary>
    /// <returns>Its loss.</returns>
    public float Advance()
    {
        using DisposeScope scope = NewDisposeScope();
        Model.train();
        foreach (optim.ILearningRateController group in optimizer.ParamGroups)
        {
            group.LearningRate = Settings.RateOf(Step);
        }

        (Tensor inputs, Tensor answers) = batches.Of(Step);
        optimizer.zero_grad();
        Tensor loss = nn.functional.cross_entropy(Model.forward(inputs).view(-1, Model.Shape.Vocabulary), answers.view(-1));
        loss.backward();
        nn.utils.clip_grad_norm_(Model.parameters(), Settings.Clip);
        optimizer.step();
        losses.Add(loss.item<float>());
        return losses[^1];
    }

    /// <summary>Parameters by name with the optimiser's running means of their gradient and of its square, in the order of the model.</summary>
    internal IReadOnlyList<(string Name, Tensor Value, Tensor Mean, Tensor Square)> State()
    {
        List<OptimizerState> states = optimizer.state_dict().State;
        return [.. Model.named_parameters().Select((pair, i) => (pair.name, (Tensor)pair.parameter, ((AdamW.State)states[i]).exp_avg, ((AdamW.State)states[i]).exp_avg_sq))];
    }

    /// <summary>Takes the place of a training that stood at these losses; parameters and means are filled by the caller.</summary>
    internal void GoOnAfter(IEnumerable<float> before)
    {
        losses.Clear();
        losses.AddRange(before);
        foreach (OptimizerState state in optimizer.state_dict().State)
        {
            ((AdamW.State)state).step = Step;
        }
    }

    /// <summary>Frees the optimiser.</summary>
    public void Dispose() => optimizer.Dispose();
}
