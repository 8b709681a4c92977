-- Workload identity pools and their providers: whose tokens are accepted, and as whom.

CREATE TABLE workload_identity_pools (
    project      TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    id           TEXT NOT NULL,
    display_name TEXT NOT NULL,
    description  TEXT NOT NULL,
    disabled     BIGINT NOT NULL DEFAULT 0,
    created_at   BIGINT NOT NULL,
    deleted_at   BIGINT,                       -- deletion was requested then
    PRIMARY KEY (project, id)
);

CREATE TABLE workload_identity_providers (
    project      TEXT NOT NULL,
    pool         TEXT NOT NULL,
    id           TEXT NOT NULL,
    display_name TEXT NOT NULL,
    description  TEXT NOT NULL,
    disabled     BIGINT NOT NULL DEFAULT 0,
    issuer       TEXT NOT NULL,
    audiences    TEXT NOT NULL,                -- JSON list; empty: the provider's own name
    jwks         TEXT,                         -- JSON, where the issuer is not asked for its keys
    mapping      TEXT NOT NULL,                -- JSON object, attribute to expression
    condition    TEXT,                         -- expression
    created_at   BIGINT NOT NULL,
    deleted_at   BIGINT,
    PRIMARY KEY (project, pool, id),
    FOREIGN KEY (project, pool) REFERENCES workload_identity_pools (project, id) ON DELETE CASCADE
);
