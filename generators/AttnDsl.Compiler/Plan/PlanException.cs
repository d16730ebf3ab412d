using System;

namespace AttnDsl.Compiler.Plan;

/// <summary>A lowering asked for something the plan cannot say: shapes that do not fit, a derivative that does not exist. Never the user's fault.</summary>
public sealed class PlanException(string message) : Exception(message);
