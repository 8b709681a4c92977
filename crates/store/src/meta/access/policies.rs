//! Policies, one for each resource that has any.

use wharf_types::{Policy, Resource};

use crate::Error;
use crate::meta::Transaction;

/// A policy as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPolicy {
    /// The policy, without its etag.
    pub policy: Policy,
    /// Counts changes; the etag.
    pub generation: i64,
}

/// Reads the policy of a resource.
pub fn find(
    transaction: &Transaction<'_>,
    resource: &Resource,
) -> Result<Option<StoredPolicy>, Error> {
    let _ = (transaction, resource);
    unimplemented!()
}

/// Replaces the policy of a resource and answers its new generation.
pub fn put(
    transaction: &Transaction<'_>,
    resource: &Resource,
    policy: &Policy,
) -> Result<i64, Error> {
    let _ = (transaction, resource, policy);
    unimplemented!()
}

/// Forgets the policy of a resource that is deleted.
pub fn delete(transaction: &Transaction<'_>, resource: &Resource) -> Result<(), Error> {
    let _ = (transaction, resource);
    unimplemented!()
}

/// Every resource whose policy names the member, by its text.
pub fn naming(transaction: &Transaction<'_>, member: &str) -> Result<Vec<Resource>, Error> {
    let _ = (transaction, member);
    unimplemented!()
}
