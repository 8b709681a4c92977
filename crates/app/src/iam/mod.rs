//! Identity and access: who somebody is, and whether they may.

use wharf_store::meta::Change;

pub mod accounts;
pub mod authenticate;
mod bootstrap;
pub mod decide;
pub mod keys;
pub mod policies;
pub mod projects;
pub mod roles;
pub mod root_key;
pub mod tokens;

/// What this room keeps in memory.
#[derive(Default)]
pub(crate) struct State {}

impl State {
    /// Drops what a commit changed.
    pub(crate) fn forget(&self, changes: &[Change]) {
        let _ = changes;
    }
}
