//! The one decision.

use wharf_types::{Permission, Principal, Resource};

pub use super::decision::{Carries, Consideration, Decision, Level, Obstacle, Outcome};
use crate::{App, Caller, Error};

impl App {
    /// Asks whether the caller has any one of `permissions` on the resource, and writes the answer into the audit log.
    /// Artifact Registry's equivalents count too.
    pub(crate) async fn authorize(
        &self,
        caller: &Caller,
        permissions: &[Permission],
        resource: &Resource,
    ) -> Result<(), Error> {
        let _ = (caller, permissions, resource);
        unimplemented!()
    }

    /// The same, for lists that show each what it may see: no audit entry.
    pub(crate) async fn is_allowed(
        &self,
        caller: &Caller,
        permission: Permission,
        resource: &Resource,
    ) -> Result<bool, Error> {
        let _ = (caller, permission, resource);
        unimplemented!()
    }

    /// Explains what the decision about somebody would be (Policy Troubleshooter). Needs the right to read the
    /// policies of the resource.
    pub async fn troubleshoot(
        &self,
        caller: &Caller,
        principal: Principal,
        permission: Permission,
        resource: Resource,
    ) -> Result<Decision, Error> {
        let _ = (caller, principal, permission, resource);
        unimplemented!()
    }
}
