-- Tables in PostgreSQL for the silos of hugesim: who belongs to a cluster, and what grains have stored. May be executed again at any time.
-- The first table and the keys of its rows (queries.sql) are what the ADO.NET providers of Orleans look for; the rest is hugesim's own.

CREATE TABLE IF NOT EXISTS OrleansQuery (
    QueryKey  varchar(64) PRIMARY KEY,
    QueryText text NOT NULL
);

CREATE TABLE IF NOT EXISTS hugesim_cluster (
    cluster_id  text PRIMARY KEY,
    version     integer NOT NULL DEFAULT 0,
    changed_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS hugesim_silo (
    cluster_id       text NOT NULL REFERENCES hugesim_cluster ON DELETE CASCADE,
    address          text NOT NULL,
    port             integer NOT NULL,
    generation       integer NOT NULL,
    silo_name        text NOT NULL,
    host_name        text NOT NULL,
    status           integer NOT NULL,
    gateway_port     integer NOT NULL,
    suspects         text,
    started_at       timestamptz NOT NULL,
    alive_at         timestamptz NOT NULL,
    PRIMARY KEY (cluster_id, address, port, generation)
);

CREATE TABLE IF NOT EXISTS hugesim_grain_state (
    service_id   text NOT NULL,
    grain_type   text NOT NULL,
    key_high     bigint NOT NULL,
    key_low      bigint NOT NULL,
    key_text     text NOT NULL,
    version      integer NOT NULL,
    state        bytea,
    stored_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (service_id, grain_type, key_text, key_high, key_low)
);
