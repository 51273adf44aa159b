using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hugesim.Embedded;
using Hugesim.Grains;
using Hugesim.Model;

namespace Hugesim.Explore;

/// <summary>The end of a schedule that nothing was found wrong with.</summary>
/// <param name="Counters">The counters at the end.</param>
/// <param name="RarePaths">Rare paths that the audit and the teardown took.</param>
internal sealed record SoundEnd(string Counters, IReadOnlyList<Rare> RarePaths);

/// <summary>A state, by its SHA-256.</summary>
internal readonly record struct StateDigest(ulong A, ulong B, ulong C, ulong D);

/// <summary>
/// The states in which schedules have ended and were sound to the last page. What comes after the last block follows from the state that the block leaves, and most schedules of
/// a race end in one of a few: each of them is audited and torn down once. The state is that of all grains, whole, with what the client has left to do and what the sequential
/// models of hstate and subpools are in. Only who has which epoch is left out of it, and what grains remember for messages that come again, as there are none.
/// </summary>
/// <param name="cluster">The cluster, on which no message was lost and no silo has crashed.</param>
internal sealed class EndStates(EmbeddedCluster cluster)
{
    // Some twelve megabytes. A race with more of them than that is as fast as it would be without.
    private const int MostKept = 100_000;

    private static readonly JsonSerializerOptions s_withoutLives = new()
    {
        IncludeFields = true,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { RemoveLives } },
    };

    private readonly Dictionary<StateDigest, SoundEnd> _ends = [];
    private readonly ArrayBufferWriter<byte> _text = new(4096);
    private Utf8JsonWriter? _writer;

    /// <summary>The state of everything, or null if something still runs or waits.</summary>
    /// <param name="client">What the client knows that the end depends on.</param>
    /// <param name="models">The states of the sequential models.</param>
    public StateDigest? Read(object client, List<(string Grain, object? State)> models)
    {
        if (cluster.InstancesAtRest() is not { } instances)
        {
            return null;
        }

        _text.ResetWrittenCount();
        _writer ??= new Utf8JsonWriter(_text);
        _writer.Reset(_text);
        _writer.WriteStartArray();
        foreach (var (id, instance) in instances)
        {
            if (instance is not ICapturedWhole { IsUnlocked: true } grain)
            {
                return null;
            }

            _writer.WriteStringValue(id.Type.ToString());
            _writer.WriteStringValue(id.Key.ToString());
            Write(grain.CaptureWhole());
        }

        Write(client);
        foreach (var (grain, state) in models)
        {
            _writer.WriteStringValue(grain);
            Write(state);
        }

        _writer.WriteEndArray();
        _writer.Flush();
        return Digest(_text.WrittenSpan);
    }

    /// <summary>How a schedule in this state has ended, if one has.</summary>
    public SoundEnd? Find(StateDigest? state) => state is { } known ? _ends.GetValueOrDefault(known) : null;

    /// <summary>A schedule in this state was sound.</summary>
    public void Add(StateDigest state, SoundEnd end)
    {
        if (_ends.Count < MostKept)
        {
            _ends[state] = end;
        }
    }

    private static StateDigest Digest(ReadOnlySpan<byte> text)
    {
        var digest = default(StateDigest);
        SHA256.HashData(text, MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref digest, 1)));
        return digest;
    }

    // The number of a life is the time at which it began. It tells activations apart, of which there is one of each grain here.
    private static void RemoveLives(JsonTypeInfo type)
    {
        for (var i = type.Properties.Count - 1; i >= 0; i--)
        {
            if (type.Properties[i].Name is "Life" or "Lives" or "InodeLife" or "VmaLife")
            {
                type.Properties.RemoveAt(i);
            }
        }
    }

    private void Write(object? state)
    {
        if (state is null)
        {
            _writer!.WriteNullValue();
        }
        else
        {
            JsonSerializer.Serialize(_writer!, state, state.GetType(), s_withoutLives);
        }
    }
}
