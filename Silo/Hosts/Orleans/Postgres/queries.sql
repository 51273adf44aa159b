-- The statements that the ADO.NET providers of Orleans execute. A line "--: KEY" begins each; keys, parameters and the names of result columns
-- are the providers' contract. A change of the list of silos asks for the version that it has seen, and makes the next one.

--: InsertMembershipVersionKey
WITH added AS (
    INSERT INTO hugesim_cluster (cluster_id) VALUES (@DeploymentId)
    ON CONFLICT DO NOTHING RETURNING 1
)
SELECT count(*) = 1 FROM added

--: InsertMembershipKey
WITH next AS (
    UPDATE hugesim_cluster SET version = version + 1, changed_at = now()
    WHERE cluster_id = @DeploymentId AND version = @Version AND NOT EXISTS (
        SELECT 1 FROM hugesim_silo
        WHERE cluster_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
    RETURNING cluster_id
), added AS (
    INSERT INTO hugesim_silo
        (cluster_id, address, port, generation, silo_name, host_name, status, gateway_port, started_at, alive_at)
    SELECT cluster_id, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime FROM next
    RETURNING 1
)
SELECT count(*) = 1 FROM added

--: UpdateMembershipKey
WITH next AS (
    UPDATE hugesim_cluster SET version = version + 1, changed_at = now()
    WHERE cluster_id = @DeploymentId AND version = @Version AND EXISTS (
        SELECT 1 FROM hugesim_silo
        WHERE cluster_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
    RETURNING cluster_id
), changed AS (
    UPDATE hugesim_silo AS silo SET status = @Status, suspects = @SuspectTimes, alive_at = @IAmAliveTime
    FROM next
    WHERE silo.cluster_id = next.cluster_id AND silo.address = @Address AND silo.port = @Port AND silo.generation = @Generation
    RETURNING 1
)
SELECT count(*) = 1 FROM changed

--: UpdateIAmAlivetimeKey
UPDATE hugesim_silo SET alive_at = @IAmAliveTime
WHERE cluster_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation

--: MembershipReadRowKey
SELECT cluster.version AS "Version", silo.address AS "Address", silo.port AS "Port", silo.generation AS "Generation",
    silo.silo_name AS "SiloName", silo.host_name AS "HostName", silo.status AS "Status", silo.gateway_port AS "ProxyPort",
    silo.suspects AS "SuspectTimes", silo.started_at AS "StartTime", silo.alive_at AS "IAmAliveTime"
FROM hugesim_cluster AS cluster
LEFT JOIN hugesim_silo AS silo
    ON silo.cluster_id = cluster.cluster_id AND silo.address = @Address AND silo.port = @Port AND silo.generation = @Generation
WHERE cluster.cluster_id = @DeploymentId

--: MembershipReadAllKey
SELECT cluster.version AS "Version", silo.address AS "Address", silo.port AS "Port", silo.generation AS "Generation",
    silo.silo_name AS "SiloName", silo.host_name AS "HostName", silo.status AS "Status", silo.gateway_port AS "ProxyPort",
    silo.suspects AS "SuspectTimes", silo.started_at AS "StartTime", silo.alive_at AS "IAmAliveTime"
FROM hugesim_cluster AS cluster
LEFT JOIN hugesim_silo AS silo ON silo.cluster_id = cluster.cluster_id
WHERE cluster.cluster_id = @DeploymentId

--: GatewaysQueryKey
SELECT address AS "Address", gateway_port AS "ProxyPort", generation AS "Generation"
FROM hugesim_silo WHERE cluster_id = @DeploymentId AND status = @Status AND gateway_port > 0

--: DeleteMembershipTableEntriesKey
DELETE FROM hugesim_cluster WHERE cluster_id = @DeploymentId

--: CleanupDefunctSiloEntriesKey
-- 6 is Orleans' number for a dead silo.
DELETE FROM hugesim_silo WHERE cluster_id = @DeploymentId AND status = 6 AND alive_at < @IAmAliveTime

--: ReadFromStorageKey
SELECT state AS "PayloadBinary", version AS "Version"
FROM hugesim_grain_state
WHERE service_id = @ServiceId AND grain_type = @GrainTypeString AND key_high = @GrainIdN1 AND key_low = @GrainIdN0
    AND key_text = coalesce(@GrainIdExtensionString, '')

--: WriteToStorageKey
-- No row in the answer means that somebody else has written since.
WITH changed AS (
    UPDATE hugesim_grain_state SET state = @PayloadBinary, version = version + 1, stored_at = now()
    WHERE service_id = @ServiceId AND grain_type = @GrainTypeString AND key_high = @GrainIdN1 AND key_low = @GrainIdN0
        AND key_text = coalesce(@GrainIdExtensionString, '') AND version = @GrainStateVersion::integer
    RETURNING version
), added AS (
    INSERT INTO hugesim_grain_state (service_id, grain_type, key_high, key_low, key_text, version, state)
    SELECT @ServiceId, @GrainTypeString, @GrainIdN1, @GrainIdN0, coalesce(@GrainIdExtensionString, ''), 1, @PayloadBinary
    WHERE @GrainStateVersion::integer IS NULL
    ON CONFLICT DO NOTHING
    RETURNING version
)
SELECT version AS "NewGrainStateVersion" FROM changed UNION ALL SELECT version FROM added

--: ClearStorageKey
UPDATE hugesim_grain_state SET state = NULL, version = version + 1, stored_at = now()
WHERE service_id = @ServiceId AND grain_type = @GrainTypeString AND key_high = @GrainIdN1 AND key_low = @GrainIdN0
    AND key_text = coalesce(@GrainIdExtensionString, '') AND version = @GrainStateVersion::integer
RETURNING version AS "NewGrainStateVersion"

--: DeleteStorageKey
DELETE FROM hugesim_grain_state
WHERE service_id = @ServiceId AND grain_type = @GrainTypeString AND key_high = @GrainIdN1 AND key_low = @GrainIdN0
    AND key_text = coalesce(@GrainIdExtensionString, '') AND version = @GrainStateVersion::integer
RETURNING version + 1 AS "NewGrainStateVersion"
