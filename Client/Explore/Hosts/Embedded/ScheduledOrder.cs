using Hugesim.Embedded;

namespace Hugesim.Explore;

/// <summary>
/// Stands between a strategy and the engine: asks the strategy while a block runs, takes the usual order elsewhere, and keeps the trace.
/// </summary>
internal sealed class ScheduledOrder : DeliveryOrder
{
    private static readonly TimeSpan s_lateness = TimeSpan.FromSeconds(1);

    private readonly List<ContextSwitch> _switches = [];
    private readonly List<MessageEvent> _faults = [];
    private readonly List<SiloCrash> _crashes = [];

    private ReadyDelivery[] _ready = new ReadyDelivery[16];
    private IScheduleStrategy? _strategy;
    private long _engineStep;
    private long _blockBegan;
    private int _messages;
    private bool _switched;

    public ScheduledOrder() => Faults = new Plan(this);

    /// <summary>The faults of the messages, for the engine.</summary>
    public FaultPlan Faults { get; }

    /// <summary>Whether a block runs.</summary>
    public bool IsActive { get; set; }

    /// <summary>Deliveries in blocks so far.</summary>
    public int Step { get; private set; }

    /// <summary>Whose doing the last delivery was, or -1.</summary>
    public int LastFlow { get; private set; } = -1;

    /// <summary>Whether a silo has crashed in this schedule.</summary>
    public bool HasCrashed => _crashes.Count > 0;

    /// <summary>Whether anything has gone wrong with messages or silos so far.</summary>
    public bool HasFaults => _faults.Count + _crashes.Count > 0;

    /// <summary>The schedule so far.</summary>
    public ScheduleTrace Trace => new([.. _switches], [.. _faults], [.. _crashes]);

    /// <summary>Whether the schedule has left the usual order since this was asked last.</summary>
    public bool TakeSwitched()
    {
        var switched = _switched;
        _switched = false;
        return switched;
    }

    /// <summary>Begins a schedule.</summary>
    public void Reset(IScheduleStrategy strategy)
    {
        _strategy = strategy;
        _switches.Clear();
        _faults.Clear();
        _crashes.Clear();
        (_engineStep, _messages, Step, IsActive) = (0, 0, 0, false);
    }

    /// <summary>Begins a block.</summary>
    public void BeginBlock()
    {
        IsActive = true;
        LastFlow = -1;
        _blockBegan = _engineStep;
        _strategy!.BeginBlock();
    }

    /// <inheritdoc/>
    public override int Next(ReadOnlySpan<Embedded.ReadyDelivery> ready)
    {
        _engineStep++;
        return IsActive ? NextInBlock(ready) : Oldest(ready);
    }

    private static int Oldest(ReadOnlySpan<Embedded.ReadyDelivery> ready)
    {
        var oldest = 0;
        for (var i = 1; i < ready.Length; i++)
        {
            oldest = ready[i].Number < ready[oldest].Number ? i : oldest;
        }

        return oldest;
    }

    private int NextInBlock(ReadOnlySpan<Embedded.ReadyDelivery> engines)
    {
        var ready = Translate(engines);
        var usual = UsualOrder.Choose(ready, LastFlow);
        var chosen = _strategy!.Choose(ready, usual);
        if (chosen != usual)
        {
            _switches.Add(new ContextSwitch(Step, ready[chosen].Flow, UsualOrder.PositionInFlow(ready, chosen)));
            _switched = true;
        }

        LastFlow = ready[chosen].Flow;
        Step++;
        return chosen;
    }

    private ReadOnlySpan<ReadyDelivery> Translate(ReadOnlySpan<Embedded.ReadyDelivery> engines)
    {
        if (_ready.Length < engines.Length)
        {
            _ready = new ReadyDelivery[engines.Length * 2];
        }

        for (var i = 0; i < engines.Length; i++)
        {
            var (channel, target, flow, step, number) = engines[i];

            // The deliveries of one block follow each other in the engine's count too.
            var sentBy = step <= _blockBegan ? -1 : Step - (_engineStep - step);
            _ready[i] = new ReadyDelivery(channel, target, flow, sentBy, number);
        }

        return _ready.AsSpan(0, engines.Length);
    }

    private sealed class Plan(ScheduledOrder order) : FaultPlan
    {
        public override MessageFate OnMessage(in MessageInfo message, Chooser chooser)
        {
            if (!order.IsActive)
            {
                return MessageFate.Deliver;
            }

            var number = order._messages++;
            var fault = order._strategy!.FateOf(number);
            if (fault == MessageFault.None)
            {
                return MessageFate.Deliver;
            }

            order._faults.Add(new MessageEvent(number, fault));
            return fault switch
            {
                MessageFault.Delay => MessageFate.Delay(s_lateness),
                MessageFault.Lose => MessageFate.Drop,
                _ => MessageFate.Duplicate,
            };
        }

        public override void OnStep(EmbeddedCluster cluster, long step, Chooser chooser)
        {
            if (order.IsActive && order._strategy!.CrashAt(order.Step) is >= 0 and var silo && silo < cluster.Silos.Count && cluster.Silos[silo].IsRunning
                && cluster.Silos.Count(s => s.IsRunning) > 1)
            {
                order._crashes.Add(new SiloCrash(order.Step, silo));
                cluster.CrashSilo(silo);
            }
        }
    }
}
