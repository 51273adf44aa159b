using Hugesim.Embedded;
using Hugesim.Scenarios;

namespace Hugesim.Explore;

/// <summary>Notes what happens in the blocks of a schedule.</summary>
/// <param name="order">Knows what is delivered.</param>
/// <param name="readCounters">The counters of the pool now.</param>
/// <param name="onDelivery">Is told each delivery before its turn runs.</param>
internal sealed class StoryTeller(ScheduledOrder order, Func<string> readCounters, Action<StoryDelivery>? onDelivery)
{
    private readonly List<StoryDelivery> _deliveries = [];
    private readonly List<StoryAnswer> _answers = [];
    private ParallelBlock? _block;

    public void Clear()
    {
        _deliveries.Clear();
        _answers.Clear();
        _block = null;
    }

    public void BeginBlock(ParallelBlock block) => _block = block;

    public void EndBlock()
    {
        NoteCounters();
        _block = null;
    }

    /// <summary>A message is about to be delivered.</summary>
    public void OnMessage(MessageInfo message)
    {
        if (!order.IsActive)
        {
            return;
        }

        NoteCounters();
        _deliveries.Add(new StoryDelivery(
            order.Step - 1, ThreadName(order.LastFlow), NameOf(message.Source), NameOf(message.Target), message.Method, message.IsResponse, "",
            order.TakeSwitched()));
        onDelivery?.Invoke(_deliveries[^1]);
    }

    public void OnAnswer(ScenarioCommand command, string answer) =>
        _answers.Add(new StoryAnswer(_deliveries.Count, command.Source.Line, command.Source.Text, answer));

    public ScheduleStory Tell() => new([.. _deliveries], [.. _answers]);

    // They are those after the delivery before: nothing else has run since.
    private void NoteCounters()
    {
        if (_deliveries is [.., { Counters: "" } last])
        {
            _deliveries[^1] = last with { Counters = readCounters() };
        }
    }

    private string ThreadName(int flow) =>
        _block is { } block && flow < block.Threads.Count && block.Threads[flow].Name is { Length: > 0 } name ? name : "machine";

    private string NameOf(string place)
    {
        const string Client = "client ";
        return place.StartsWith(Client, StringComparison.Ordinal) && int.TryParse(place.AsSpan(Client.Length), out var number)
            ? ThreadName(number)
            : place;
    }
}
