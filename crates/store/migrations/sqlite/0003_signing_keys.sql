-- Keys whose private half the registry keeps, sealed under the root key.

-- The keys that it made for itself to sign as an account: those whose private half it has.
ALTER TABLE service_account_keys ADD COLUMN sealed_private_key BLOB;

-- The keys by which it signs ID tokens in its own name.
CREATE TABLE signing_keys (
    id                 TEXT PRIMARY KEY,
    public_key         BLOB NOT NULL,          -- SubjectPublicKeyInfo, DER
    sealed_private_key BLOB NOT NULL,          -- PKCS#8, DER
    created_at         BIGINT NOT NULL,
    expires_at         BIGINT NOT NULL
);
