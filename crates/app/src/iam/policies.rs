//! Policies: read, replaced, tested.

use wharf_types::{Permission, Policy, Resource};

use crate::{App, Caller, Error};

impl App {
    /// `getIamPolicy` of a project, bucket or service account.
    pub async fn get_policy(&self, caller: &Caller, resource: &Resource) -> Result<Policy, Error> {
        let _ = (caller, resource);
        unimplemented!()
    }

    /// `setIamPolicy`: compare-and-set by etag when the policy carries one.
    pub async fn set_policy(
        &self,
        caller: &Caller,
        resource: &Resource,
        policy: Policy,
    ) -> Result<Policy, Error> {
        let _ = (caller, resource, policy);
        unimplemented!()
    }

    /// `testIamPermissions`: those of `permissions` that the caller has.
    pub async fn test_permissions(
        &self,
        caller: &Caller,
        resource: &Resource,
        permissions: Vec<Permission>,
    ) -> Result<Vec<Permission>, Error> {
        let _ = (caller, resource, permissions);
        unimplemented!()
    }
}
