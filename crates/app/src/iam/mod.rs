//! Identity and access: who somebody is, and whether they may.

use std::sync::atomic::AtomicU64;

use wharf_store::meta::Change;

pub mod accounts;
pub mod authenticate;
pub(crate) mod bootstrap;
pub mod certificates;
pub(crate) mod claim;
pub mod condition;
mod credentials;
pub mod decide;
mod decision;
pub mod federation;
#[cfg(fuzzing)]
pub mod fuzzing;
mod holder;
mod id_tokens;
pub mod impersonation;
pub mod introspection;
mod jwt;
mod key_file;
mod key_pair;
pub mod keys;
pub mod nodes;
mod owners;
pub mod policies;
pub mod projects;
mod random;
mod restriction;
pub mod roles;
pub mod root_key;
mod rules;
mod seal;
mod signing;
mod text;
pub mod tokens;

pub use holder::Holder;
pub(crate) use jwt::Signer;
pub(crate) use key_pair::public_key_pem;
pub(crate) use seal::Seal;

/// What this room keeps in memory.
#[derive(Default)]
pub(crate) struct State {
    credentials: credentials::Credentials,
    memory: rules::Memory,
    signing: signing::Opened,
    certificates: certificates::Certificates,
    /// Decisions that granted something since the start.
    granted: AtomicU64,
    /// Decisions that refused it.
    refused: AtomicU64,
}

impl State {
    /// Drops what a commit changed.
    pub(crate) fn forget(&self, changes: &[Change]) {
        self.credentials.forget(changes);
        for change in changes {
            self.memory.forget(change);
        }
    }
}
