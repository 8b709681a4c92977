//! Policies, one for each resource that has any.

use std::collections::BTreeSet;

use wharf_types::{Policy, Resource};

use crate::Error;
use crate::meta::{Change, Row, Transaction};

/// A policy as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPolicy {
    /// The policy, without its etag.
    pub policy: Policy,
    /// Counts changes; the etag.
    pub generation: i64,
}

fn read(row: &Row<'_>) -> Result<StoredPolicy, Error> {
    Ok(StoredPolicy {
        policy: serde_json::from_str(&row.text(0)?)
            .map_err(|error| Error::Corrupt(format!("a policy: {error}")))?,
        generation: row.integer(1)?,
    })
}

/// Reads the policy of a resource.
pub fn find(
    transaction: &Transaction<'_>,
    resource: &Resource,
) -> Result<Option<StoredPolicy>, Error> {
    transaction.find(
        "SELECT policy, generation FROM policies WHERE resource = $1",
        &[(&resource.name()).into()],
        read,
    )
}

/// Replaces the policy of a resource and answers its new generation.
pub fn put(
    transaction: &Transaction<'_>,
    resource: &Resource,
    policy: &Policy,
) -> Result<i64, Error> {
    let name = resource.name();
    let text = serde_json::to_string(&Policy {
        version: policy.version,
        bindings: policy.bindings.clone(),
        etag: None,
    })
    .map_err(|error| Error::Corrupt(error.to_string()))?;
    let generation = transaction.insert(
        "INSERT INTO policies (resource, policy, generation) VALUES ($1, $2, 1)
         ON CONFLICT (resource) DO UPDATE SET policy = excluded.policy, generation = policies.generation + 1
         RETURNING generation",
        &[(&name).into(), (&text).into()],
    )?;
    index(transaction, &name, policy)?;
    transaction.changed(Change::Policy(resource.clone()));
    Ok(generation)
}

/// Brings `policy_members` up to date: rows of members that came or went, no others.
fn index(transaction: &Transaction<'_>, resource: &str, policy: &Policy) -> Result<(), Error> {
    let members = policy.bindings.iter().flat_map(|binding| &binding.members);
    let now: BTreeSet<String> = members.map(ToString::to_string).collect();
    let before: BTreeSet<String> = transaction
        .list(
            "SELECT member FROM policy_members WHERE resource = $1",
            &[resource.into()],
            |row| row.text(0),
        )?
        .into_iter()
        .collect();
    for member in before.difference(&now) {
        transaction.execute(
            "DELETE FROM policy_members WHERE member = $1 AND resource = $2",
            &[member.into(), resource.into()],
        )?;
    }
    for member in now.difference(&before) {
        transaction.execute(
            "INSERT INTO policy_members (member, resource) VALUES ($1, $2)",
            &[member.into(), resource.into()],
        )?;
    }
    Ok(())
}

/// Forgets the policy of a resource that is deleted.
pub fn delete(transaction: &Transaction<'_>, resource: &Resource) -> Result<(), Error> {
    transaction.execute(
        "DELETE FROM policies WHERE resource = $1",
        &[(&resource.name()).into()],
    )?;
    transaction.changed(Change::Policy(resource.clone()));
    Ok(())
}

/// Every resource whose policy names the member, by its text.
pub fn naming(transaction: &Transaction<'_>, member: &str) -> Result<Vec<Resource>, Error> {
    transaction.list(
        "SELECT resource FROM policy_members WHERE member = $1 ORDER BY resource",
        &[member.into()],
        |row| {
            Resource::parse(&row.text(0)?)
                .map_err(|error| Error::Corrupt(format!("a policy's resource: {error}")))
        },
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use wharf_types::{Member, RoleName};

    use super::*;
    use crate::meta::{Durability, Meta};

    fn policy(members: &[&str]) -> Policy {
        let mut policy = Policy::default();
        for member in members {
            let role = RoleName::parse("roles/viewer").unwrap();
            policy.add(role, Member::parse(member).unwrap(), None);
        }
        policy.with_version()
    }

    #[tokio::test]
    async fn a_policy_is_found_by_its_resource_and_by_its_members() {
        let folder = tempfile::tempdir().unwrap();
        let meta = Meta::open(folder.path(), |_| ()).unwrap();
        let resource = Resource::parse("projects/my-project").unwrap();
        let check = resource.clone();
        meta.write(Durability::Process, move |t| {
            let resource = &check;
            let (anna, all) = ("user:anna@example.com", "allUsers");
            assert_eq!(find(t, resource)?, None);
            assert_eq!(put(t, resource, &policy(&[anna, all]))?, 1);
            assert_eq!(put(t, resource, &policy(&[all]))?, 2);
            let stored = find(t, resource)?.unwrap();
            assert_eq!(stored.policy, policy(&[all]));
            assert_eq!(stored.generation, 2);
            assert_eq!(naming(t, anna)?, []);
            assert_eq!(naming(t, all)?, std::slice::from_ref(resource));
            delete(t, resource)?;
            assert_eq!(find(t, resource)?, None);
            assert_eq!(naming(t, all)?, []);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    }
}
