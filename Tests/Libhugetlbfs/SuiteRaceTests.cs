using Hugesim.Silo;
using Xunit;

namespace Hugesim.Tests.Libhugetlbfs;

/// <summary>
/// Row R29: the suite's races, with processes that really are at work at the same time on two silos of whichever engine this build has.
/// <c>SuiteRaceScheduleTests</c> runs the same programs under seeds.
/// </summary>
public sealed class SuiteRaceTests(SuiteRaceTests.Silos silos) : IClassFixture<SuiteRaceTests.Silos>
{
    private const int Rounds = 40;

    [Fact]
    public Task R29_AllocInstantiateRace_SharedInParallel_BothGetThePage() => Repeat("air-shared", 3, SuiteRaces.AllocInstantiateShared);

    [Fact]
    public Task R29_AllocInstantiateRace_PrivateInParallel_BothGetThePage() => Repeat("air-private", 3, SuiteRaces.AllocInstantiatePrivate);

    [Fact]
    public Task R29_MmapCow_InParallel_EachChildHasItsOwnData() => Repeat("mmap-cow", 4, SuiteRaces.MmapCow);

    [Fact]
    public Task R29_ShmFork_InParallel_AllRoundsSucceed() => Repeat("shm-fork", 4, SuiteRaces.ShmFork);

    [Fact]
    public Task R29_FallocateStress_InParallel_LosesNoPage() => Repeat("fallocate", 4, SuiteRaces.FallocateStress);

    private async Task Repeat(string name, long pages, Func<SuiteMachine, Task> program)
    {
        for (var round = 0; round < Rounds; round++)
        {
            await silos.Host.RunAsync(async grains =>
            {
                await SuiteMachine.RunAsync(grains, $"suite-{name}-{round}", pages, program);
                return round;
            });
        }
    }

    /// <summary>Two silos.</summary>
    public sealed class Silos : IAsyncLifetime
    {
        /// <summary>Their host.</summary>
        public IGrainHost Host { get; private set; } = null!;

        /// <inheritdoc/>
        public async ValueTask InitializeAsync() => Host = await GrainHost.StartAsync(new GrainHostOptions(Silos: 2));

        /// <inheritdoc/>
        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
