-- Times are microseconds since 1970. Three column types only: BIGINT, TEXT, BLOB (BYTEA elsewhere).

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
);

-- ---- who, and what they may ----

CREATE TABLE projects (
    id             TEXT PRIMARY KEY,
    number         BIGINT NOT NULL UNIQUE,
    display_name   TEXT NOT NULL,
    labels         TEXT NOT NULL,              -- JSON object
    strict_deletes BIGINT NOT NULL DEFAULT 0,  -- Google's semantics of deletes instead of OCI's
    generation     BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    deleted_at     BIGINT                      -- deletion was requested then
);

CREATE TABLE service_accounts (
    email        TEXT PRIMARY KEY,
    unique_id    TEXT NOT NULL UNIQUE,
    project      TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    display_name TEXT NOT NULL,
    description  TEXT NOT NULL,
    disabled     BIGINT NOT NULL DEFAULT 0,
    generation   BIGINT NOT NULL,
    created_at   BIGINT NOT NULL
);
CREATE INDEX service_accounts_by_project ON service_accounts (project, email);

CREATE TABLE service_account_keys (
    id           TEXT PRIMARY KEY,
    account      TEXT NOT NULL REFERENCES service_accounts (email) ON DELETE CASCADE,
    public_key   BLOB NOT NULL,                -- SubjectPublicKeyInfo, DER
    uploaded     BIGINT NOT NULL,              -- its holder made the key pair
    disabled     BIGINT NOT NULL DEFAULT 0,
    valid_after  BIGINT NOT NULL,
    valid_before BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX service_account_keys_by_account ON service_account_keys (account, id);

CREATE TABLE roles (
    name        TEXT PRIMARY KEY,
    project     TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    title       TEXT NOT NULL,
    description TEXT NOT NULL,
    stage       TEXT NOT NULL,
    permissions TEXT NOT NULL,                 -- JSON list
    generation  BIGINT NOT NULL,
    deleted_at  BIGINT
);
CREATE INDEX roles_by_project ON roles (project, name);

CREATE TABLE policies (
    resource   TEXT PRIMARY KEY,               -- resource name, such as projects/P
    policy     TEXT NOT NULL,                  -- JSON, without etag
    generation BIGINT NOT NULL
);

-- Which policies name a member, so that deleting an account finds them.
CREATE TABLE policy_members (
    member   TEXT NOT NULL,
    resource TEXT NOT NULL REFERENCES policies (resource) ON DELETE CASCADE,
    PRIMARY KEY (member, resource)
);

-- ---- images ----

CREATE TABLE buckets (
    name       TEXT PRIMARY KEY,
    project    TEXT NOT NULL REFERENCES projects (id),
    labels     TEXT NOT NULL,                  -- JSON object
    generation BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX buckets_by_project ON buckets (project, name);

CREATE TABLE repositories (
    id         INTEGER PRIMARY KEY,
    bucket     TEXT NOT NULL REFERENCES buckets (name),
    image      TEXT NOT NULL,
    location   TEXT NOT NULL,                  -- the bucket's, '' for the plain host, and
    name       TEXT NOT NULL,                  -- PROJECT/IMAGE: lists go by them
    created_at BIGINT NOT NULL,
    UNIQUE (bucket, image),
    UNIQUE (location, name)
);

CREATE TABLE manifests (
    repository    BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    digest        TEXT NOT NULL,
    media_type    TEXT NOT NULL,
    artifact_type TEXT,                        -- as referrers show it
    subject       TEXT,
    annotations   TEXT,                        -- JSON object, as referrers show it
    image_size    BIGINT NOT NULL,             -- config and layers
    built_at      BIGINT,                      -- the config's "created"
    created_at    BIGINT NOT NULL,
    content       BLOB NOT NULL,
    PRIMARY KEY (repository, digest)
);
CREATE INDEX manifests_by_subject ON manifests (repository, subject, digest) WHERE subject IS NOT NULL;

-- What a manifest holds on to: config and layers, and the manifests of an index.
CREATE TABLE manifest_blobs (
    repository BIGINT NOT NULL,
    manifest   TEXT NOT NULL,
    blob       TEXT NOT NULL,
    PRIMARY KEY (repository, manifest, blob),
    FOREIGN KEY (repository, manifest) REFERENCES manifests (repository, digest) ON DELETE CASCADE
);
CREATE INDEX manifest_blobs_by_blob ON manifest_blobs (repository, blob);

CREATE TABLE manifest_children (
    repository BIGINT NOT NULL,
    parent     TEXT NOT NULL,
    child      TEXT NOT NULL,
    PRIMARY KEY (repository, parent, child),
    FOREIGN KEY (repository, parent) REFERENCES manifests (repository, digest) ON DELETE CASCADE
);
CREATE INDEX manifest_children_by_child ON manifest_children (repository, child);

CREATE TABLE tags (
    repository BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    digest     TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (repository, name),
    FOREIGN KEY (repository, digest) REFERENCES manifests (repository, digest)
);
CREATE INDEX tags_by_digest ON tags (repository, digest, name);

-- One row for a project's content, whichever of its repositories show it.
CREATE TABLE blobs (
    id         INTEGER PRIMARY KEY,
    project    TEXT NOT NULL REFERENCES projects (id),
    digest     TEXT NOT NULL,
    size       BIGINT NOT NULL,
    object     TEXT,                           -- key of its bytes in the blob store, or
    content    BLOB,                           -- the bytes themselves, if they are few
    created_at BIGINT NOT NULL,
    UNIQUE (project, digest)
);
CREATE UNIQUE INDEX blobs_by_object ON blobs (object) WHERE object IS NOT NULL;

CREATE TABLE repository_blobs (
    repository BIGINT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    digest     TEXT NOT NULL,
    blob       BIGINT NOT NULL REFERENCES blobs (id),
    -- Since when no manifest of the repository holds it; NULL while one does. Garbage goes by it.
    idle_since BIGINT,
    PRIMARY KEY (repository, digest)
);
CREATE INDEX repository_blobs_by_blob ON repository_blobs (blob);
CREATE INDEX repository_blobs_idle ON repository_blobs (idle_since) WHERE idle_since IS NOT NULL;

CREATE TABLE uploads (
    id         TEXT PRIMARY KEY,
    bucket     TEXT NOT NULL REFERENCES buckets (name),
    image      TEXT NOT NULL,
    principal  TEXT NOT NULL,
    object     TEXT NOT NULL UNIQUE,          -- key of its bytes in the blob store, unless
    content    BLOB,                           -- they are few and lie here
    size       BIGINT NOT NULL,                -- bytes received
    hash       BLOB NOT NULL,                  -- state of the hash over them
    created_at BIGINT NOT NULL,
    touched_at BIGINT NOT NULL
);
CREATE INDEX uploads_by_touch ON uploads (touched_at);
CREATE INDEX uploads_by_principal ON uploads (principal);

-- Bytes that lost their row and wait to be removed from the blob store.
CREATE TABLE doomed_objects (
    object    TEXT PRIMARY KEY,
    doomed_at BIGINT NOT NULL
);
