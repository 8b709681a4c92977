//! Policies: read, replaced, and changed so that nobody else's change is lost.

use http::Method;
use wharf_types::kms::{CryptoKeyName, KeyRingName};
use wharf_types::wire::policies::{GetIamPolicyRequest, GetPolicyOptions, SetIamPolicyRequest};
use wharf_types::wire::storage::StoragePolicy;
use wharf_types::{BucketName, Policy, ProjectId, Resource, ServiceAccountEmail, limits};

use crate::Client;
use crate::client::Call;
use crate::error::Error;
use crate::kms;
use crate::service_accounts::AccountPath;

/// The format version that knows conditions.
const VERSION_WITH_CONDITIONS: i32 = 3;

/// What has a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyHolder {
    /// A project.
    Project(ProjectId),
    /// A bucket.
    Bucket(BucketName),
    /// A service account.
    ServiceAccount(ServiceAccountEmail),
    /// A key ring of KMS.
    KeyRing(KeyRingName),
    /// A key of KMS.
    CryptoKey(CryptoKeyName),
}

impl PolicyHolder {
    /// It as a resource.
    pub fn resource(&self) -> Resource {
        match self {
            Self::Project(id) => Resource::Project(id.clone()),
            Self::Bucket(name) => Resource::Bucket(name.clone()),
            Self::ServiceAccount(email) => Resource::ServiceAccount(email.clone()),
            Self::KeyRing(ring) => Resource::KeyRing(ring.clone()),
            Self::CryptoKey(key) => Resource::CryptoKey(key.clone()),
        }
    }
}

impl std::fmt::Display for PolicyHolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Project(id) => write!(f, "project [{id}]"),
            Self::Bucket(name) => write!(f, "bucket [{name}]"),
            Self::ServiceAccount(email) => write!(f, "service account [{email}]"),
            Self::KeyRing(ring) => write!(f, "key ring [{}]", ring.id()),
            Self::CryptoKey(key) => write!(f, "key [{}]", key.id()),
        }
    }
}

impl Client {
    /// Reads a policy, conditions included.
    pub async fn get_policy(&self, holder: &PolicyHolder) -> Result<Policy, Error> {
        let options = GetPolicyOptions {
            requested_policy_version: VERSION_WITH_CONDITIONS,
        };
        let request = GetIamPolicyRequest {
            options: Some(options),
        };
        match holder {
            PolicyHolder::Project(id) => {
                let verb = format!("{id}:getIamPolicy");
                let call = Call::post(["v1", "projects", &verb]).json(&request);
                self.call(call).await
            }
            PolicyHolder::ServiceAccount(email) => {
                let path = AccountPath::new(email, ":getIamPolicy");
                let call = Call::post(path.segments())
                    .query("options.requestedPolicyVersion", &VERSION_WITH_CONDITIONS);
                self.call(call).await
            }
            PolicyHolder::KeyRing(_) | PolicyHolder::CryptoKey(_) => {
                let verb = format!("{}:getIamPolicy", holder.resource());
                let call = Call::get(kms::path(&verb))
                    .query("options.requestedPolicyVersion", &VERSION_WITH_CONDITIONS);
                self.call(call).await
            }
            PolicyHolder::Bucket(name) => {
                let name = name.to_string();
                let call = Call::get(["storage", "v1", "b", &name, "iam"])
                    .query("optionsRequestedPolicyVersion", &VERSION_WITH_CONDITIONS);
                let policy: StoragePolicy = self.call(call).await?;
                Ok(policy.into_policy())
            }
        }
    }

    /// Replaces a policy. With an etag only if it is still the one that the etag names.
    pub async fn set_policy(&self, holder: &PolicyHolder, policy: Policy) -> Result<Policy, Error> {
        // One that has lost its last condition is still written by somebody who knows of them.
        let version = policy.version;
        let mut policy = policy.with_version();
        policy.version = policy.version.max(version);
        match holder {
            PolicyHolder::Project(id) => {
                let verb = format!("{id}:setIamPolicy");
                let call = Call::post(["v1", "projects", &verb]);
                self.call(call.json(&replacement(policy))).await
            }
            PolicyHolder::ServiceAccount(email) => {
                let path = AccountPath::new(email, ":setIamPolicy");
                let call = Call::post(path.segments());
                self.call(call.json(&replacement(policy))).await
            }
            PolicyHolder::KeyRing(_) | PolicyHolder::CryptoKey(_) => {
                let verb = format!("{}:setIamPolicy", holder.resource());
                let call = Call::post(kms::path(&verb));
                self.call(call.json(&replacement(policy))).await
            }
            PolicyHolder::Bucket(bucket) => {
                let name = bucket.to_string();
                let call = Call::new(Method::PUT, ["storage", "v1", "b", &name, "iam"]);
                let call = call.json(&StoragePolicy::new(bucket, policy));
                let policy: StoragePolicy = self.call(call).await?;
                Ok(policy.into_policy())
            }
        }
    }

    /// Reads a policy, lets `change` change it, and writes it if nobody else wrote meanwhile; else begins anew.
    /// `change` may run several times, and its refusal ends the matter.
    pub async fn change_policy<E: From<Error>>(
        &self,
        holder: &PolicyHolder,
        mut change: impl FnMut(&mut Policy) -> Result<(), E>,
    ) -> Result<Policy, E> {
        for _ in 0..limits::POLICY_ATTEMPTS_MAX {
            let before = self.get_policy(holder).await?;
            let mut policy = before.clone();
            change(&mut policy)?;
            if policy == before {
                return Ok(policy);
            }
            match self.set_policy(holder, policy).await {
                Err(Error::Refused(refusal)) if refusal.is_conflict() => {}
                done => return Ok(done?),
            }
        }
        Err(Error::Contended(limits::POLICY_ATTEMPTS_MAX).into())
    }
}

fn replacement(policy: Policy) -> SetIamPolicyRequest {
    SetIamPolicyRequest {
        policy,
        update_mask: None,
    }
}
