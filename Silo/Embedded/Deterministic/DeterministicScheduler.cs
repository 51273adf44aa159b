using Hugesim.Embedded.CodeGeneration;

namespace Hugesim.Embedded;

internal sealed class DeterministicScheduler
{
    internal void OnDelivered(GrainRequest request) => _ = request;

    internal void SendResponse(GrainRequest request, WorkItem response) => _ = (request, response);
}
