//! The registry: push, pull, list, delete, and the collection of garbage.

use wharf_store::meta::Change;

pub mod blobs;
pub mod buckets;
pub mod delete;
pub mod list;
pub mod pull;
pub mod push;
pub mod referrers;
pub mod uploads;

/// What this room keeps in memory.
#[derive(Default)]
pub(crate) struct State {}

impl State {
    /// Drops what a commit changed.
    pub(crate) fn forget(&self, changes: &[Change]) {
        let _ = changes;
    }
}
