//! Policies: read, replaced, tested.

mod proposal;

use wharf_store::meta::access::{accounts, policies, projects};
use wharf_store::meta::images::buckets;
use wharf_store::meta::kms::{crypto_keys, key_rings};
use wharf_store::meta::{Durability, Transaction};
use wharf_types::error::OciCode;
use wharf_types::permission::{
    ACCOUNTS_GET_IAM_POLICY, ACCOUNTS_SET_IAM_POLICY, BUCKETS_GET_IAM_POLICY,
    BUCKETS_SET_IAM_POLICY, CRYPTO_KEYS_GET_IAM_POLICY, CRYPTO_KEYS_SET_IAM_POLICY,
    KEY_RINGS_GET_IAM_POLICY, KEY_RINGS_SET_IAM_POLICY, PROJECTS_GET_IAM_POLICY,
    PROJECTS_SET_IAM_POLICY,
};
use wharf_types::{Condition, Etag, Permission, Policy, Principal, Resource, limits};

use super::{owners, rules};
use crate::{App, Caller, Error, Missing, clock};
use proposal::Proposal;

impl App {
    /// `getIamPolicy` of the registry, a project, a bucket or a service account, with its etag.
    pub async fn get_policy(&self, caller: &Caller, resource: &Resource) -> Result<Policy, Error> {
        let (reading, _) = permissions(resource)?;
        self.authorize(caller, &[reading], resource).await?;
        let resource = resource.clone();
        self.meta
            .read(move |transaction| {
                check_there(transaction, &resource)?;
                let (policy, generation) = current(transaction, &resource)?;
                Ok(with_etag(policy, generation))
            })
            .await
    }

    /// `setIamPolicy`: replaces the policy, and answers the new one. If `policy` carries an etag, it must be that of
    /// the policy as it is now: else [`Error::Conflict`]. Bindings of one role under one condition become one; what
    /// the policy had already stays allowed, even where it could not be added any more, such as a deleted role.
    pub async fn set_policy(
        &self,
        caller: &Caller,
        resource: &Resource,
        policy: Policy,
    ) -> Result<Policy, Error> {
        let (_, writing) = permissions(resource)?;
        self.authorize(caller, &[writing], resource).await?;
        let etag = policy.etag.clone();
        let (on, memory) = (resource.clone(), self.iam.memory.conditions.clone());
        // Conditions are parsed on threads of their own, which are waited for.
        let proposal = tokio::task::spawn_blocking(move || Proposal::new(&on, policy, &memory))
            .await
            .map_err(Error::internal)??;
        let (resource, now) = (resource.clone(), clock::now());
        self.meta
            .write(Durability::Machine, move |transaction| {
                check_there(transaction, &resource)?;
                let (before, generation) = current(transaction, &resource)?;
                if let Some(etag) = &etag {
                    if *etag != Etag::of_generation(generation) {
                        return Err(Error::Conflict(format!("the policy of {resource}")));
                    }
                    proposal.check_version(&before)?;
                }
                proposal.check_additions(transaction, &before)?;
                let after = proposal.policy();
                let generation = owners::keep_one(transaction, now, || {
                    Ok(policies::put(transaction, &resource, after)?)
                })?;
                Ok(with_etag(after.clone(), generation))
            })
            .await
    }

    /// `testIamPermissions`: those of `permissions` that the caller has. Needs no permission, and tells nobody whether
    /// the resource is there.
    pub async fn test_permissions(
        &self,
        caller: &Caller,
        resource: &Resource,
        permissions: Vec<Permission>,
    ) -> Result<Vec<Permission>, Error> {
        if permissions.len() > limits::TESTED_PERMISSIONS_MAX {
            return Err(invalid(format!(
                "more than {} permissions cannot be tested at once",
                limits::TESTED_PERMISSIONS_MAX
            )));
        }
        self.allowed_of(caller, permissions, resource).await
    }

    /// `iamPolicies:lintPolicy` of a condition: what is wrong with it; nothing if it could stand in a policy.
    pub async fn lint_condition(
        &self,
        caller: &Caller,
        condition: Condition,
    ) -> Result<Option<String>, Error> {
        if caller.principal == Principal::Anonymous {
            return Err(Error::Unauthenticated(
                "log in to have a condition checked".to_owned(),
            ));
        }
        let memory = self.iam.memory.conditions.clone();
        tokio::task::spawn_blocking(move || proposal::condition_problem(&condition, &memory))
            .await
            .map_err(Error::internal)
    }
}

fn invalid(message: String) -> Error {
    Error::invalid(OciCode::Unsupported, message)
}

/// What it takes to read and to replace a policy.
fn permissions(resource: &Resource) -> Result<(Permission, Permission), Error> {
    match resource {
        Resource::Organization | Resource::Project(_) => {
            Ok((PROJECTS_GET_IAM_POLICY, PROJECTS_SET_IAM_POLICY))
        }
        Resource::Bucket(_) => Ok((BUCKETS_GET_IAM_POLICY, BUCKETS_SET_IAM_POLICY)),
        Resource::ServiceAccount(_) => Ok((ACCOUNTS_GET_IAM_POLICY, ACCOUNTS_SET_IAM_POLICY)),
        Resource::KeyRing(_) => Ok((KEY_RINGS_GET_IAM_POLICY, KEY_RINGS_SET_IAM_POLICY)),
        Resource::CryptoKey(_) => Ok((CRYPTO_KEYS_GET_IAM_POLICY, CRYPTO_KEYS_SET_IAM_POLICY)),
        Resource::CryptoKeyVersion(version) => Err(invalid(format!(
            "versions have no policy of their own: set that of {}",
            version.key
        ))),
        Resource::Object { bucket, .. } => Err(invalid(format!(
            "objects have no policy of their own: set that of projects/_/buckets/{bucket}, with a condition on resource.name"
        ))),
    }
}

/// The policy as it is, and how often it was changed.
fn current(transaction: &Transaction<'_>, resource: &Resource) -> Result<(Policy, i64), Error> {
    Ok(match policies::find(transaction, resource)? {
        Some(stored) => (stored.policy, stored.generation),
        None => (rules::initial_policy(resource), 0),
    })
}

fn with_etag(policy: Policy, generation: i64) -> Policy {
    Policy {
        etag: Some(Etag::of_generation(generation)),
        ..policy.with_version()
    }
}

fn check_there(transaction: &Transaction<'_>, resource: &Resource) -> Result<(), Error> {
    if let Some(id) = resource.project()
        && projects::find(transaction, &id)?.is_none_or(|project| project.deleted_at.is_some())
    {
        return Err(Error::not_found(Missing::Project, id));
    }
    match resource {
        Resource::Bucket(name) if buckets::find(transaction, name)?.is_none() => {
            Err(Error::not_found(Missing::Bucket, name))
        }
        Resource::ServiceAccount(email) if accounts::find(transaction, email)?.is_none() => {
            Err(Error::not_found(Missing::ServiceAccount, email))
        }
        Resource::KeyRing(ring) if key_rings::find(transaction, ring)?.is_none() => {
            Err(Error::not_found(Missing::KeyRing, ring))
        }
        Resource::CryptoKey(key) if crypto_keys::find(transaction, key)?.is_none() => {
            Err(Error::not_found(Missing::CryptoKey, key))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
