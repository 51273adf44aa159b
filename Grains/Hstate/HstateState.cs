using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <summary>All of an hstate as plain data.</summary>
/// <param name="Profile">Kernel profile.</param>
/// <param name="Pool">The pool.</param>
/// <param name="Cgroups">Every group ever made, by number.</param>
/// <param name="Loss">What is lost of the machine, or null.</param>
public sealed record HstateState(string Profile, HugePagePoolState Pool, HugetlbCgroup[] Cgroups, StateLoss? Loss);
