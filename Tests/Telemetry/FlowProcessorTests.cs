using System.Diagnostics;
using Hugesim.Telemetry;
using OpenTelemetry;
using Shouldly;
using Xunit;

namespace Hugesim.Tests.Telemetry;

/// <summary>That what waits to be sent has a bound.</summary>
public sealed class FlowProcessorTests
{
    [Fact]
    public void Queue_OfAReceiverThatDoesNotAnswer_HasABoundAndCountsWhatHadNoRoom()
    {
        const int TooMany = 1000;
        using var exporter = new StuckExporter();
        using var processor = new FlowProcessor(exporter, new SpanStore(500), null, new FlowBufferOptions(100, TimeSpan.Zero));
        using var span = new Activity("span").SetIdFormat(ActivityIdFormat.W3C).Start();
        for (var i = 0; i < FlowProcessor.MostQueuedSpans + TooMany; i++)
        {
            processor.OnEnd(span);
        }

        processor.PendingSpans.ShouldBe(FlowProcessor.MostQueuedSpans);
        processor.RefusedSpans.ShouldBe(TooMany);
        processor.SentSpans.ShouldBe(0);

        // When it answers at last, all that had room is sent.
        exporter.Answer();
        processor.ForceFlush(-1).ShouldBeTrue();
        (processor.SentSpans, processor.PendingSpans).ShouldBe((FlowProcessor.MostQueuedSpans, 0));
    }

    private sealed class StuckExporter : BaseExporter<Activity>
    {
        private readonly ManualResetEventSlim _answers = new();

        public void Answer() => _answers.Set();

        public override ExportResult Export(in Batch<Activity> batch)
        {
            _answers.Wait();
            return ExportResult.Success;
        }

        protected override void Dispose(bool disposing)
        {
            _answers.Set();
            base.Dispose(disposing);
        }
    }
}
