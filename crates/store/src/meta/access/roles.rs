//! Custom roles.

use jiff::Timestamp;
use wharf_types::{Permission, ProjectId, RoleName};

/// A custom role as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomRole {
    /// `projects/P/roles/ID`
    pub name: RoleName,
    /// The project it belongs to.
    pub project: ProjectId,
    /// For people.
    pub title: String,
    /// For people.
    pub description: String,
    /// `ALPHA`, `BETA`, `GA`, …
    pub stage: String,
    /// What it carries.
    pub permissions: Vec<Permission>,
    /// Counts changes; the etag.
    pub generation: i64,
    /// When its deletion was requested.
    pub deleted_at: Option<Timestamp>,
}
