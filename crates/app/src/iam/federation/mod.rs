//! Workload identity federation: tokens of other issuers (a Kubernetes cluster's, a CI's) are accepted here, without a key
//! that somebody would have to keep (Google IAM, "Workload identity federation").
//!
//! | module | what it is |
//! | --- | --- |
//! | [`pools`] | the verbs of pools |
//! | [`providers`] | the verbs of providers: whose tokens, and as whom |
//! | [`exchange`] | the verb: a token of theirs for one of ours (RFC 8693) |
//! | `subject_token` | a token of theirs: its form and times |
//! | `attributes` | from its claims to a principal and the sets that contain it |
//! | `key_set` | public keys of an issuer (RFC 7517), and signatures under them |
//! | `issuers` | asking issuers for their keys, seldom |
//! | `memory` | pools as they are now, for each use of a token that came of one |

mod attributes;
pub mod exchange;
mod issuers;
mod key_set;
mod memory;
pub mod pools;
pub mod providers;
mod subject_token;

#[cfg(fuzzing)]
pub(super) use {
    attributes::Attributes, issuers::read_discovery, key_set::KeySet, subject_token::SubjectToken,
};

use jiff::Timestamp;
use wharf_outbound::Client;
use wharf_store::meta::Change;
use wharf_types::limits;

/// What this room keeps in memory.
pub(crate) struct State {
    issuers: issuers::Issuers,
    memory: memory::Memory,
}

impl State {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            issuers: issuers::Issuers::new(client),
            memory: memory::Memory::default(),
        }
    }

    /// Drops what a commit changed.
    pub(crate) fn forget(&self, changes: &[Change]) {
        self.memory.forget(changes);
    }
}

/// Whether something whose deletion was requested is gone for good.
fn is_gone(deleted_at: Option<Timestamp>, now: Timestamp) -> bool {
    deleted_at.is_some_and(|at| now.duration_since(at).unsigned_abs() > limits::POOL_RESTORE_MAX)
}

#[cfg(test)]
mod tests;
