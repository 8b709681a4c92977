//! Identity and access: who somebody is, and whether they may.

use wharf_store::meta::Change;

pub mod accounts;
pub mod authenticate;
pub(crate) mod bootstrap;
mod credentials;
pub mod decide;
mod decision;
mod jwt;
mod key_file;
mod key_pair;
pub mod keys;
mod owners;
pub mod policies;
pub mod projects;
mod random;
pub mod roles;
pub mod root_key;
mod seal;
mod text;
pub mod tokens;

pub(crate) use jwt::Signer;

/// What this room keeps in memory.
#[derive(Default)]
pub(crate) struct State {
    credentials: credentials::Credentials,
}

impl State {
    /// Drops what a commit changed.
    pub(crate) fn forget(&self, changes: &[Change]) {
        self.credentials.forget(changes);
    }
}
