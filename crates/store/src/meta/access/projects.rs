//! Projects.

use std::collections::BTreeMap;

use jiff::Timestamp;
use wharf_types::ProjectId;

/// A project as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// The id that people chose.
    pub id: ProjectId,
    /// The number that Google's clients show beside it.
    pub number: u64,
    /// For people.
    pub display_name: String,
    /// For people's tools.
    pub labels: BTreeMap<String, String>,
    /// Whether deletes follow Google's strict rules instead of OCI's.
    pub strict_deletes: bool,
    /// Counts changes; the etag.
    pub generation: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its deletion was requested.
    pub deleted_at: Option<Timestamp>,
}
