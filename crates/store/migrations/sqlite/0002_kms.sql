-- ---- keys of KMS ----

CREATE TABLE key_rings (
    name       TEXT PRIMARY KEY,               -- projects/P/locations/L/keyRings/R
    project    TEXT NOT NULL REFERENCES projects (id),
    location   TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX key_rings_by_location ON key_rings (project, location, name);

-- A key is never deleted: what it encrypted names it.
CREATE TABLE crypto_keys (
    name              TEXT PRIMARY KEY,        -- projects/P/locations/L/keyRings/R/cryptoKeys/K
    key_ring          TEXT NOT NULL REFERENCES key_rings (name),
    purpose           TEXT NOT NULL,
    algorithm         TEXT NOT NULL,           -- of the next version
    labels            TEXT NOT NULL,           -- JSON object
    rotation_period   BIGINT,                  -- microseconds
    next_rotation_at  BIGINT,
    destroy_delay     BIGINT NOT NULL,         -- microseconds
    primary_version   BIGINT,
    last_version      BIGINT NOT NULL,         -- the highest number that was ever given
    created_at        BIGINT NOT NULL
);
CREATE INDEX crypto_keys_by_ring ON crypto_keys (key_ring, name);
CREATE INDEX crypto_keys_by_rotation ON crypto_keys (next_rotation_at) WHERE next_rotation_at IS NOT NULL;

CREATE TABLE crypto_key_versions (
    crypto_key   TEXT NOT NULL REFERENCES crypto_keys (name),
    number       BIGINT NOT NULL,
    state        TEXT NOT NULL,
    algorithm    TEXT NOT NULL,
    material     BLOB,                         -- sealed under the root key; nothing once it is destroyed
    public_key   BLOB,                         -- SubjectPublicKeyInfo, DER
    created_at   BIGINT NOT NULL,
    destroy_at   BIGINT,
    destroyed_at BIGINT,
    PRIMARY KEY (crypto_key, number)
);
CREATE INDEX crypto_key_versions_by_destruction ON crypto_key_versions (destroy_at) WHERE destroy_at IS NOT NULL;
