//! A policy that somebody proposes: what it may say, and what of it may be added to the policy that is there.

use std::collections::HashSet;

use wharf_store::meta::Transaction;
use wharf_store::meta::access::{accounts, roles};
use wharf_types::federation;
use wharf_types::role::PredefinedRole;
use wharf_types::{Binding, Condition, Member, Policy, Resource, RoleName, limits};

use super::invalid;
use crate::Error;
use crate::iam::condition::Conditions;

/// A policy that is well-formed. Whether its roles and accounts exist is [`Proposal::check_additions`]'s to say.
pub(super) struct Proposal {
    on: Resource,
    policy: Policy,
    /// Whether whoever wrote it knows of conditions: it has version 3.
    knows_conditions: bool,
}

impl Proposal {
    /// Checks a policy for a resource, and puts its bindings in order. Blocks while it parses conditions.
    pub(super) fn new(
        on: &Resource,
        policy: Policy,
        conditions: &Conditions,
    ) -> Result<Self, Error> {
        let is_conditional = |binding: &&Binding| binding.condition.is_some();
        let conditional = policy.bindings.iter().filter(is_conditional).count();
        match policy.version {
            3 => {}
            0 | 1 if conditional == 0 => {}
            0 | 1 => {
                return Err(invalid(
                    "a policy with conditions has version 3: set \"version\": 3, and read policies with requestedPolicyVersion 3"
                        .to_owned(),
                ));
            }
            other => {
                return Err(invalid(format!(
                    "{other} is not a version of policies: 1, or 3 with conditions"
                )));
            }
        }
        check_size(&policy, conditional)?;
        for binding in &policy.bindings {
            check_binding(on, binding, conditions)?;
        }
        Ok(Self {
            on: on.clone(),
            knows_conditions: policy.version == 3,
            policy: merged(policy.bindings),
        })
    }

    pub(super) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Checks that a change of a policy with conditions comes from somebody who knows of them: else they would be lost
    /// by mistake. A write without an etag is no change, but replaces whatever there is.
    pub(super) fn check_version(&self, before: &Policy) -> Result<(), Error> {
        let has_conditions = before.bindings.iter().any(|b| b.condition.is_some());
        match has_conditions && !self.knows_conditions {
            false => Ok(()),
            true => Err(invalid(
                "the policy has conditions, and this would change it without them: read it with requestedPolicyVersion 3, and write it with \"version\": 3"
                    .to_owned(),
            )),
        }
    }

    /// Checks that the roles and accounts exist that `before` does not have.
    pub(super) fn check_additions(
        &self,
        transaction: &Transaction<'_>,
        before: &Policy,
    ) -> Result<(), Error> {
        let members = |policy: &Policy| -> HashSet<Member> {
            let bindings = policy.bindings.iter();
            bindings.flat_map(|b| b.members.iter().cloned()).collect()
        };
        let roles = |policy: &Policy| -> HashSet<RoleName> {
            policy.bindings.iter().map(|b| b.role.clone()).collect()
        };
        for role in roles(&self.policy).difference(&roles(before)) {
            self.check_role(transaction, role)?;
        }
        for member in members(&self.policy).difference(&members(before)) {
            if let Member::ServiceAccount(email) = member
                && accounts::find(transaction, email)?.is_none()
            {
                return Err(invalid(format!("service account {email} does not exist")));
            }
            if let Member::Other(text) = member {
                federation::check_member(text).map_err(|error| invalid(error.to_string()))?;
            }
        }
        Ok(())
    }

    fn check_role(&self, transaction: &Transaction<'_>, name: &RoleName) -> Result<(), Error> {
        let on = &self.on;
        let Some((project, _)) = name.custom_parts() else {
            return match PredefinedRole::find(name.as_str()) {
                Some(role) => match role.misfit(on) {
                    None => Ok(()),
                    Some(why) => Err(invalid(format!("{name} cannot be bound on {on}: {why}"))),
                },
                None => Err(invalid(format!(
                    "there is no role {name}: wharf iam roles list shows them"
                ))),
            };
        };
        if on.project().as_ref() != Some(&project) {
            return Err(invalid(format!(
                "{name} belongs to another project: a custom role is bound in its own project only"
            )));
        }
        match roles::find(transaction, name)? {
            Some(role) if role.deleted_at.is_none() => Ok(()),
            _ => Err(invalid(format!(
                "there is no role {name}: wharf iam roles list --project {project} shows the project's"
            ))),
        }
    }
}

fn check_size(policy: &Policy, conditional: usize) -> Result<(), Error> {
    let members: usize = policy.bindings.iter().map(|b| b.members.len()).sum();
    for (count, limit, what) in [
        (
            policy.bindings.len(),
            limits::POLICY_BINDINGS_MAX,
            "bindings",
        ),
        (members, limits::POLICY_MEMBERS_MAX, "members"),
        (
            conditional,
            limits::POLICY_CONDITIONS_MAX,
            "bindings with a condition",
        ),
    ] {
        if count > limit {
            return Err(invalid(format!(
                "the policy has {count} {what}, more than the {limit} that are allowed"
            )));
        }
    }
    Ok(())
}

fn check_binding(on: &Resource, binding: &Binding, conditions: &Conditions) -> Result<(), Error> {
    let role = &binding.role;
    for member in &binding.members {
        check_member(on, role, member)?;
    }
    let Some(condition) = &binding.condition else {
        return Ok(());
    };
    if role.is_basic() {
        return Err(invalid(format!(
            "{role} takes no condition: bind a narrower role, such as roles/storage.objectViewer"
        )));
    }
    let is_public =
        |member: &Member| matches!(member, Member::AllUsers | Member::AllAuthenticatedUsers);
    if let Some(member) = binding.members.iter().find(|member| is_public(member)) {
        return Err(invalid(format!("{member} takes no condition")));
    }
    match condition_problem(condition, conditions) {
        Some(problem) => Err(invalid(format!(
            "the condition {:?} of {role}: {problem}",
            wharf_types::text::shorten(&condition.title)
        ))),
        None => Ok(()),
    }
}

fn check_member(on: &Resource, role: &RoleName, member: &Member) -> Result<(), Error> {
    let refused = |message: &str| Err(invalid(format!("{member} {message}")));
    match (member, on) {
        (Member::ProjectRole(..), Resource::Bucket(_)) => Ok(()),
        (Member::ProjectRole(..), _) => {
            refused("stands in policies of buckets only: name the accounts themselves")
        }
        (Member::AllUsers, Resource::Organization) => {
            refused("on organizations/0 would open every project: bind it on a project or bucket")
        }
        (Member::AllUsers | Member::AllAuthenticatedUsers, Resource::ServiceAccount(_)) => {
            refused("would give a service account away")
        }
        (
            Member::AllUsers | Member::AllAuthenticatedUsers,
            Resource::KeyRing(_) | Resource::CryptoKey(_),
        ) => refused("would let everybody use a key"),
        (Member::AllUsers | Member::AllAuthenticatedUsers, _)
            if matches!(role.as_str(), "roles/owner" | "roles/editor") =>
        {
            refused("cannot be an owner or editor")
        }
        _ => Ok(()),
    }
}

/// What is wrong with a condition.
pub(super) fn condition_problem(condition: &Condition, conditions: &Conditions) -> Option<String> {
    if condition.title.trim().is_empty() {
        return Some("it has no title".to_owned());
    }
    let too_long = |what: &str, text: &str, limit: usize| {
        (text.chars().count() > limit)
            .then(|| format!("its {what} is longer than {limit} characters"))
    };
    let description = condition.description.as_deref().unwrap_or_default();
    let location = condition.location.as_deref().unwrap_or_default();
    too_long("title", &condition.title, limits::DISPLAY_NAME_LENGTH_MAX)
        .or_else(|| too_long("description", description, limits::DESCRIPTION_LENGTH_MAX))
        .or_else(|| too_long("location", location, limits::DESCRIPTION_LENGTH_MAX))
        .or_else(|| {
            let parsed = conditions.get(&condition.expression);
            parsed.err().map(|error| error.to_string())
        })
}

/// One binding for each role and condition, each member once; bindings without members are none.
fn merged(bindings: Vec<Binding>) -> Policy {
    let mut policy = Policy::default();
    let mut seen = HashSet::new();
    for binding in bindings {
        for member in binding.members {
            let (role, condition) = (&binding.role, &binding.condition);
            if !seen.insert((role.clone(), condition.clone(), member.clone())) {
                continue;
            }
            match policy
                .bindings
                .iter_mut()
                .find(|b| b.role == *role && b.condition == *condition)
            {
                Some(binding) => binding.members.push(member),
                None => policy.bindings.push(Binding {
                    role: role.clone(),
                    members: vec![member],
                    condition: condition.clone(),
                }),
            }
        }
    }
    policy.with_version()
}
