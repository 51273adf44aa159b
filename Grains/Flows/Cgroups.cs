using System.Globalization;
using Hugesim.Abstractions;
using Hugesim.Model;

namespace Hugesim.Grains;

/// <summary>How a reserve map names the cgroup that an entry is charged to.</summary>
internal static class Cgroups
{
    public static string Path(int cgroup) => cgroup.ToString(CultureInfo.InvariantCulture);

    public static RsvdUncharge[] ToUncharges(List<Uncharge> uncharges) =>
        [.. uncharges.Select(u => new RsvdUncharge(int.Parse(u.Path, CultureInfo.InvariantCulture), u.Pages))];
}
