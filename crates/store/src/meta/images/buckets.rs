//! Buckets.

use std::collections::BTreeMap;

use jiff::Timestamp;
use wharf_types::BucketName;

use crate::Error;
use crate::meta::Transaction;

/// A bucket as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its name, which knows project and location.
    pub name: BucketName,
    /// For people's tools.
    pub labels: BTreeMap<String, String>,
    /// Counts changes: `metageneration`.
    pub generation: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// Reads a bucket.
pub fn find(transaction: &Transaction<'_>, name: &BucketName) -> Result<Option<Bucket>, Error> {
    let _ = (transaction, name);
    unimplemented!()
}
