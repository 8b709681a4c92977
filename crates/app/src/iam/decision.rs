//! A decision that explains itself: what a 403, the audit log and the troubleshooter print.

use std::fmt;

use jiff::Timestamp;
use wharf_types::role::PredefinedRole;
use wharf_types::{Condition, Member, Permission, Principal, ProjectId, Resource, RoleName};

use crate::Restriction;

/// Whether somebody may, and why.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Who asked.
    pub principal: Principal,
    /// For what.
    pub permission: Permission,
    /// On what.
    pub resource: Resource,
    /// When: `request.time` in conditions.
    pub time: Timestamp,
    /// The answer: a binding grants it and nothing stands against it.
    pub allowed: bool,
    /// What stands against it, whatever the policies grant.
    pub obstacle: Option<Obstacle>,
    /// The policies that were looked at, from the resource up. An object has none of its own.
    pub levels: Vec<Level>,
}

/// What forbids something that the policies may grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The credential was made for less.
    Restriction(Restriction),
    /// The project's deletion was requested: nothing in it answers until it is restored.
    ProjectDeleted(ProjectId, Timestamp),
    /// The principal could not log in, as the text says: its account is disabled, was deleted, or has no usable key.
    /// Only the troubleshooter meets it: such a caller never comes as far as a decision.
    Account(String),
}

/// One policy and what it contributes.
#[derive(Clone, Debug)]
pub struct Level {
    /// Whose policy it is.
    pub resource: Resource,
    /// Whether it alone grants what was asked for.
    pub allowed: bool,
    /// Whether the asker may not read it: then its bindings are left out.
    pub hidden: bool,
    /// Its bindings: all of them for the troubleshooter, those that name the principal for a refusal.
    pub bindings: Vec<Consideration>,
}

/// One binding and what it contributes.
#[derive(Clone, Debug)]
pub struct Consideration {
    /// The role.
    pub role: RoleName,
    /// Whether the role carries the permission.
    pub carries: Carries,
    /// Each member, and whether it names the principal.
    pub members: Vec<(Member, bool)>,
    /// The condition, and what came of it.
    pub condition: Option<(Condition, Outcome)>,
}

/// Whether a role carries a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carries {
    /// By this permission: the one asked for, or the one that Artifact Registry has for the same.
    Yes(Permission),
    /// It carries others.
    No,
    /// It carries nothing: it is disabled, deleted, or never was.
    Nothing,
}

/// What came of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    True,
    /// It does not.
    False,
    /// It could not be evaluated, which grants nothing either: the reason.
    Failed(String),
}

impl Consideration {
    /// Whether it alone grants what was asked for.
    pub fn allows(&self) -> bool {
        matches!(self.carries, Carries::Yes(_))
            && self.named().is_some()
            && self
                .condition
                .as_ref()
                .is_none_or(|(_, outcome)| *outcome == Outcome::True)
    }

    /// The first member that names the principal.
    pub fn named(&self) -> Option<&Member> {
        self.members
            .iter()
            .find_map(|(member, names)| names.then_some(member))
    }
}

impl Decision {
    /// The binding that granted it, with its resource.
    pub fn granted_by(&self) -> Option<(&Resource, &Consideration)> {
        self.considered().find(|(_, binding)| binding.allows())
    }

    /// Why a condition did not hold, with the values that it saw; none for one that did.
    pub fn explain_outcome(&self, outcome: &Outcome) -> Option<String> {
        match outcome {
            Outcome::True => None,
            Outcome::False => Some(format!(
                "it is false where resource.name is {:?}, resource.type is {:?} and request.time is {:.0}",
                self.resource.name(),
                self.resource.kind(),
                self.time
            )),
            Outcome::Failed(reason) => Some(format!("it could not be evaluated: {reason}")),
        }
    }

    fn considered(&self) -> impl Iterator<Item = (&Resource, &Consideration)> {
        self.levels
            .iter()
            .flat_map(|level| level.bindings.iter().map(|b| (&level.resource, b)))
    }

    /// What of the policies explains a refusal best: a condition in the way, else a role that falls short.
    fn nearest(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = || {
            self.considered()
                .filter(|(_, binding)| binding.named().is_some())
        };
        let conditional =
            named().find_map(
                |(on, binding)| match (&binding.carries, &binding.condition) {
                    (Carries::Yes(_), Some((condition, outcome))) => {
                        Some((on, binding, condition, outcome))
                    }
                    _ => None,
                },
            );
        if let Some((on, binding, condition, outcome)) = conditional {
            let why = self.explain_outcome(outcome).unwrap_or_default();
            return write!(
                f,
                "{} on {on} would grant it under the condition {:?}, but {why}",
                binding.role, condition.title
            );
        }
        let mut roles = Vec::new();
        for (on, binding) in named() {
            let text = match binding.carries {
                Carries::Nothing => {
                    format!("{} on {on}, which is disabled or deleted", binding.role)
                }
                _ => format!("{} on {on}", binding.role),
            };
            if !roles.contains(&text) {
                roles.push(text);
            }
        }
        let is_hidden = self.levels.iter().any(|level| level.hidden);
        match roles.as_slice() {
            [] if is_hidden => f.write_str("it has no role there that you may see")?,
            [] => f.write_str("it has no role there")?,
            [one] => write!(f, "it has only {one}")?,
            [first, .., last] => {
                let between = if roles.len() > 2 { ", …, " } else { " and " };
                write!(f, "it has only {first}{between}{last}")?;
            }
        }
        match PredefinedRole::least_with(self.permission) {
            Some(role) => write!(f, "; {} would grant it", role.name),
            None => Ok(()),
        }
    }
}

/// One sentence: what was decided, and the binding or the lack that decided it.
impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (principal, permission, resource) = (&self.principal, self.permission, &self.resource);
        if self.allowed {
            let Some((on, binding)) = self.granted_by() else {
                return write!(
                    f,
                    "{principal} has {permission} on {resource} by a policy that you may not read"
                );
            };
            write!(
                f,
                "{principal} has {permission} on {resource}: {} on {on}",
                binding.role
            )?;
            if let Some(member) = binding.named() {
                write!(f, " is bound to {member}")?;
            }
            if let Some((condition, _)) = &binding.condition {
                write!(f, " under the condition {:?}, which holds", condition.title)?;
            }
            return Ok(());
        }
        write!(f, "{principal} lacks {permission} on {resource}: ")?;
        match &self.obstacle {
            Some(obstacle) => obstacle.fmt(f),
            None => self.nearest(f),
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Restriction(Restriction::Registry(scopes)) if scopes.is_empty() => f.write_str(
                "the registry token is for no repository: get one with the scope of this request",
            ),
            Self::Restriction(Restriction::Registry(scopes)) => {
                f.write_str("the registry token is only for")?;
                for scope in scopes.iter().take(4) {
                    write!(f, " {scope}")?;
                }
                f.write_str(": get one with the scope of this request")
            }
            Self::Restriction(_) => f.write_str(
                "the access token's OAuth scopes do not reach so far: get one with the scope https://www.googleapis.com/auth/cloud-platform",
            ),
            Self::ProjectDeleted(project, at) => write!(
                f,
                "project {project} was deleted at {at:.0}; whoever has resourcemanager.projects.undelete can restore it"
            ),
            Self::Account(reason) => f.write_str(reason),
        }
    }
}
