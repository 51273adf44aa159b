namespace Hugesim.Abstractions;

/// <summary>One call of several in a message to an hstate; exactly one of the requests is there.</summary>
/// <param name="Operation">The call's own name: a message that comes twice does nothing twice.</param>
/// <param name="Reserve"><see cref="IHstateGrain.Reserve"/>.</param>
/// <param name="Unreserve"><see cref="IHstateGrain.Unreserve"/>.</param>
/// <param name="Alloc"><see cref="IHstateGrain.AllocHugePage"/>.</param>
/// <param name="Free"><see cref="IHstateGrain.FreeHugePages"/>.</param>
[GenerateSerializer, Immutable, Alias("HstateCall")]
public readonly record struct HstateCall(
    Operation Operation, ReserveRequest? Reserve = null, UnreserveRequest? Unreserve = null, AllocRequest? Alloc = null, FreedPage[]? Free = null);

/// <summary>The answer to one call of several.</summary>
/// <param name="Number">The answer: an error number or a frame.</param>
/// <param name="Epoch">The epoch of the activation that answered.</param>
/// <param name="Refusal">Why the call was not done, where it was not; or null.</param>
[GenerateSerializer, Immutable, Alias("HstateCallAnswer")]
public readonly record struct HstateCallAnswer(long Number, long Epoch, string? Refusal);

/// <summary>Several calls in a message to an hstate.</summary>
/// <param name="Calls">The calls, in the order in which they are carried out.</param>
[GenerateSerializer, Immutable, Alias("CombinedCalls")]
public sealed record CombinedCalls(ReadOnlyMemory<HstateCall> Calls);

/// <summary>The answers to several calls.</summary>
/// <param name="Answers">In the order of the calls.</param>
[GenerateSerializer, Immutable, Alias("CombinedAnswers")]
public sealed record CombinedAnswers(HstateCallAnswer[] Answers);
