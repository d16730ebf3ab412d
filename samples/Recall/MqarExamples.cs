namespace Recall;

/// <summary>Sequences of a task, row-major.</summary>
/// <param name="Task">What they are sequences of.</param>
/// <param name="Count">Number of sequences.</param>
/// <param name="Inputs">[count, length] tokens.</param>
/// <param name="Labels">[count, length]: under a query the value that belongs to its key, else <see cref="MqarTask.NoLabel"/>.</param>
public sealed record MqarExamples(MqarTask Task, int Count, int[] Inputs, int[] Labels);
