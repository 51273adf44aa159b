using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <summary>All of a node's frames as plain data.</summary>
/// <param name="Frames">The frames in use.</param>
/// <param name="Loss">What is lost of the machine, or null.</param>
public sealed record FramesState(FrameState[] Frames, StateLoss? Loss);
