using Hugesim.Embedded;
using Hugesim.Silo;
using Hugesim.Tests.Libhugetlbfs;
using Xunit;

namespace Hugesim.Tests.Machine;

/// <summary>
/// Row R29: the races of the libhugetlbfs suite under many schedules, with messages in order and out of order. A failure names its seed, and the same seed
/// fails again.
/// </summary>
public sealed class SuiteRaceScheduleTests
{
    private const int Schedules = 300;

    /// <summary>How messages between grains fare.</summary>
    public static TheoryData<bool> Orders => [true, false];

    [Theory]
    [MemberData(nameof(Orders))]
    public void R29_AllocInstantiateRace_SharedUnderManySchedules_BothGetThePage(bool inOrder) =>
        Run(3, SuiteRaces.AllocInstantiateShared, inOrder);

    [Theory]
    [MemberData(nameof(Orders))]
    public void R29_AllocInstantiateRace_PrivateUnderManySchedules_BothGetThePage(bool inOrder) =>
        Run(3, SuiteRaces.AllocInstantiatePrivate, inOrder);

    [Theory]
    [MemberData(nameof(Orders))]
    public void R29_MmapCow_UnderManySchedules_EachChildHasItsOwnData(bool inOrder) => Run(4, SuiteRaces.MmapCow, inOrder);

    [Theory]
    [MemberData(nameof(Orders))]
    public void R29_ShmFork_UnderManySchedules_AllRoundsSucceed(bool inOrder) => Run(2, SuiteRaces.ShmFork, inOrder);

    [Theory]
    [MemberData(nameof(Orders))]
    public void R29_FallocateStress_UnderManySchedules_LosesNoPage(bool inOrder) => Run(4, SuiteRaces.FallocateStress, inOrder);

    private static void Run(long pages, Func<SuiteMachine, Task> program, bool inOrder)
    {
        using var cluster = EmbeddedCluster.Start(new EmbeddedClusterOptions
        {
            Scheduler = SchedulerKind.Deterministic,
            Silos = 2,
            Faults = new Order(inOrder ? MessageFate.Deliver : MessageFate.Unordered),
            ConfigureServices = services => services.AddEmbeddedHugesim(),
        });
        for (var seed = 0; seed < Schedules; seed++)
        {
            cluster.Reset(seed);
            try
            {
                cluster.Run(grains => SuiteMachine.RunAsync(grains, "suite", pages, program));
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"seed {seed}: {failure.Message}", failure);
            }
        }
    }

    private sealed class Order(MessageFate fate) : FaultPlan
    {
        public override MessageFate OnMessage(in MessageInfo message, Chooser chooser) => fate;
    }
}
