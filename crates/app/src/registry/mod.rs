//! The registry: push, pull, list, delete, and the collection of garbage.

use wharf_store::meta::Change;

pub mod blobs;
pub mod buckets;
pub mod delete;
#[cfg(fuzzing)]
pub mod fuzzing;
mod garbage;
mod intake;
pub mod list;
mod manifest;
mod marker;
pub mod objects;
pub mod pull;
pub mod push;
pub mod referrers;
mod sessions;
#[cfg(test)]
mod testing;
pub mod uploads;

/// What this room keeps in memory.
#[derive(Default)]
pub(crate) struct State {
    blobs: blobs::Cache,
    buckets: buckets::Known,
    manifests: pull::Cache,
    marker: marker::Marker,
    sessions: sessions::Sessions,
}

impl State {
    /// Drops what a commit changed.
    pub(crate) fn forget(&self, changes: &[Change]) {
        for change in changes {
            self.blobs.forget(change);
            self.buckets.forget(change);
            self.manifests.forget(change);
        }
    }
}
