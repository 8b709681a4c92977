//! Service accounts.

use jiff::Timestamp;
use wharf_types::{ProjectId, ServiceAccountEmail};

/// A service account as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Its address, which is its name.
    pub email: ServiceAccountEmail,
    /// 21 digits, never used again.
    pub unique_id: String,
    /// The project it belongs to.
    pub project: ProjectId,
    /// For people.
    pub display_name: String,
    /// For people.
    pub description: String,
    /// Whether all its credentials are refused.
    pub disabled: bool,
    /// Counts changes; the etag.
    pub generation: i64,
    /// When it was created.
    pub created_at: Timestamp,
}
