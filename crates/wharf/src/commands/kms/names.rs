//! Key rings and keys as people name them: by id with `--keyring` and `--location`, or by the whole name.

use clap::Args;
use wharf_types::kms::{CryptoKeyName, KeyRingName};

use crate::connection::Session;
use crate::failure::Failure;

/// Where a key ring is.
#[derive(Args, Clone, Debug)]
pub(super) struct Location {
    /// The location, such as global or us-central1
    #[arg(long, value_name = "LOCATION")]
    location: Option<String>,
}

impl Location {
    pub(super) fn required(&self) -> Result<&str, Failure> {
        self.location.as_deref().ok_or_else(|| {
            Failure::usage("--location is missing")
                .hint("any location's name will do, such as --location global: keys stay in this registry")
        })
    }

    /// The key ring of an id or a whole name.
    pub(super) fn key_ring(&self, session: &Session, text: &str) -> Result<KeyRingName, Failure> {
        if text.contains('/') {
            return KeyRingName::parse(text).map_err(|error| Failure::usage(error.to_string()));
        }
        let location = self.required()?;
        KeyRingName::new(&session.project()?, location, text)
            .map_err(|error| Failure::usage(error.to_string()))
    }
}

/// Where a key is.
#[derive(Args, Clone, Debug)]
pub(super) struct KeyRing {
    /// The key ring
    #[arg(long = "keyring", value_name = "KEY_RING")]
    key_ring: Option<String>,
    #[command(flatten)]
    location: Location,
}

impl KeyRing {
    /// The key ring of `--keyring`.
    pub(super) fn name(&self, session: &Session) -> Result<KeyRingName, Failure> {
        let ring = self.key_ring.as_deref().ok_or_else(|| {
            Failure::usage("--keyring is missing").hint(
                "name the key with --keyring and --location, or by its whole name: projects/…",
            )
        })?;
        self.location.key_ring(session, ring)
    }

    /// The key of an id or a whole name.
    pub(super) fn key(&self, session: &Session, text: &str) -> Result<CryptoKeyName, Failure> {
        let name = match text.contains('/') {
            true => CryptoKeyName::parse(text),
            false => CryptoKeyName::new(&self.name(session)?, text),
        };
        name.map_err(|error| Failure::usage(error.to_string()))
    }
}

/// A key that a command names with options.
#[derive(Args, Clone, Debug)]
pub(super) struct Key {
    /// The key: its id, or its whole name
    #[arg(long, value_name = "KEY")]
    key: String,
    #[command(flatten)]
    key_ring: KeyRing,
}

impl Key {
    pub(super) fn name(&self, session: &Session) -> Result<CryptoKeyName, Failure> {
        self.key_ring.key(session, &self.key)
    }
}
