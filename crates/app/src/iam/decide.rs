//! The one decision.
//!
//! A question (who, what, on what, when) meets its [`Ground`]: the policies of the resource and of all that it is in,
//! and what they refer to, taken from memory. [`Ground::grant`] finds the binding that grants it, [`Ground::explain`]
//! tells of each binding why it does or does not; both ask the same [`Ground::consider`].

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use wharf_types::kms::CryptoKeyVersionName;
use wharf_types::permission::{
    ACCOUNTS_GET, ACCOUNTS_GET_IAM_POLICY, BUCKETS_GET_IAM_POLICY, CRYPTO_KEYS_GET_IAM_POLICY,
    KEY_RINGS_GET_IAM_POLICY, PROJECTS_CREATE, PROJECTS_DELETE, PROJECTS_GET,
    PROJECTS_GET_IAM_POLICY, PROJECTS_UNDELETE, PROJECTS_UPDATE, PermissionSet,
};
use wharf_types::principal::BasicRole;
use wharf_types::{
    Binding, Member, Permission, Principal, ProjectId, Resource, RoleName, ServiceAccountEmail,
};

use super::condition::Attributes;
pub use super::decision::{Carries, Consideration, Decision, Level, Obstacle, Outcome};
use super::rules::{Grants, Rule, Rules, names};
use crate::audit::{Entry, Event, Grounds};
use crate::{App, Caller, Denied, Error};

/// Who asks for what, on what, when.
struct Question<'a> {
    principal: &'a Principal,
    permission: Permission,
    /// The permission, and the one that Artifact Registry has for the same.
    wanted: PermissionSet,
    resource: &'a Resource,
    time: Timestamp,
    /// `resource.name`, once a condition wants it.
    name: OnceLock<String>,
}

/// All that the policies say about a resource.
struct Ground {
    /// The policies, from the resource up.
    levels: Vec<Arc<Rules>>,
    /// What the custom roles carry that they name.
    roles: Vec<(RoleName, PermissionSet)>,
    /// The policies of projects, for the members that stand for their owners, editors and viewers.
    projects: Vec<Arc<Rules>>,
    /// The project, if its deletion was requested.
    deleted: Option<(ProjectId, Timestamp)>,
}

/// The binding that granted something.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    rules: Arc<Rules>,
    rule: usize,
    member: usize,
}

impl Grant {
    /// Whose policy has the binding.
    pub(crate) fn on(&self) -> &Resource {
        &self.rules.on
    }

    /// The binding.
    pub(crate) fn binding(&self) -> &Binding {
        &self.rules.rules[self.rule].binding
    }

    /// The member that names the principal.
    pub(crate) fn member(&self) -> &Member {
        &self.binding().members[self.member]
    }

    /// One by the first member of a binding.
    #[cfg(test)]
    pub(crate) fn for_tests(on: Resource, binding: wharf_types::Binding) -> Self {
        let policy = wharf_types::Policy {
            bindings: vec![binding],
            ..Default::default()
        };
        Self {
            rules: Arc::new(Rules::new(on, Some(policy), &Default::default())),
            rule: 0,
            member: 0,
        }
    }
}

/// What a binding is to a question. The condition is looked at last, and only where it matters.
struct Finding {
    carries: Carries,
    member: Option<usize>,
}

impl<'a> Question<'a> {
    fn new(principal: &'a Principal, permission: Permission, resource: &'a Resource) -> Self {
        let equivalent = permission.equivalent();
        Self {
            principal,
            permission,
            wanted: [permission].into_iter().chain(equivalent).collect(),
            resource,
            time: Timestamp::now(),
            name: OnceLock::new(),
        }
    }

    fn outcome(&self, rule: &Rule) -> Outcome {
        let compiled = match &rule.condition {
            None => return Outcome::True,
            Some(Err(error)) => return Outcome::Failed(error.to_string()),
            Some(Ok(compiled)) => compiled,
        };
        let attributes = Attributes {
            name: self.name.get_or_init(|| self.resource.name()),
            kind: self.resource.kind(),
            service: self.resource.service(),
            time: self.time,
        };
        match compiled.evaluate(&attributes) {
            Ok(true) => Outcome::True,
            Ok(false) => Outcome::False,
            Err(reason) => Outcome::Failed(reason),
        }
    }
}

impl Ground {
    /// What a binding's role carries.
    fn permissions(&self, rule: &Rule) -> PermissionSet {
        match &rule.role {
            Grants::Always(permissions) => *permissions,
            Grants::Custom(name) => self
                .roles
                .iter()
                .find(|(role, _)| role == name)
                .map(|(_, permissions)| *permissions)
                .unwrap_or_default(),
        }
    }

    fn has_basic(&self, principal: &Principal, role: BasicRole, project: &ProjectId) -> bool {
        self.projects
            .iter()
            .find(|rules| matches!(&rules.on, Resource::Project(id) if id == project))
            .is_some_and(|rules| rules.gives_basic(role, principal))
    }

    fn member(&self, rule: &Rule, principal: &Principal) -> Option<usize> {
        rule.named(principal, |role, project| {
            self.has_basic(principal, role, project)
        })
    }

    fn consider(&self, rule: &Rule, question: &Question<'_>) -> Finding {
        let permissions = self.permissions(rule);
        let carries = if permissions.is_empty() {
            Carries::Nothing
        } else if !permissions.intersects(&question.wanted) {
            Carries::No
        } else if permissions.contains(question.permission) {
            Carries::Yes(question.permission)
        } else {
            Carries::Yes(
                question
                    .permission
                    .equivalent()
                    .unwrap_or(question.permission),
            )
        };
        Finding {
            carries,
            member: self.member(rule, question.principal),
        }
    }

    /// The first binding that grants it.
    fn grant(&self, question: &Question<'_>) -> Option<Grant> {
        self.levels.iter().find_map(|rules| {
            rules.rules.iter().enumerate().find_map(|(place, rule)| {
                if !self.permissions(rule).intersects(&question.wanted) {
                    return None;
                }
                let member = self.member(rule, question.principal)?;
                (question.outcome(rule) == Outcome::True).then(|| Grant {
                    rules: rules.clone(),
                    rule: place,
                    member,
                })
            })
        })
    }

    /// Whether the principal has any permission on the resource at all, so that it may know of it. That somebody may
    /// create projects tells them nothing of those that are there.
    fn is_visible(&self, question: &Question<'_>) -> bool {
        self.levels
            .iter()
            .flat_map(|rules| &rules.rules)
            .any(|rule| {
                let mut permissions = self.permissions(rule);
                permissions.remove(PROJECTS_CREATE);
                !permissions.is_empty()
                    && self.member(rule, question.principal).is_some()
                    && question.outcome(rule) == Outcome::True
            })
    }

    /// What the policies make of it, binding by binding: all of them, or those that name the principal.
    fn explain(&self, question: &Question<'_>, all: bool) -> Vec<Level> {
        let has_basic =
            |role, project: &ProjectId| self.has_basic(question.principal, role, project);
        let consider = |rule: &Rule| {
            let finding = self.consider(rule, question);
            if !all && finding.member.is_none() {
                return None;
            }
            let members = rule.binding.members.iter();
            Some(Consideration {
                role: rule.binding.role.clone(),
                carries: finding.carries,
                members: members
                    .map(|member| {
                        let names = names(member, question.principal, &has_basic);
                        (member.clone(), names)
                    })
                    .filter(|(_, names)| all || *names)
                    .collect(),
                condition: rule
                    .binding
                    .condition
                    .clone()
                    .map(|condition| (condition, question.outcome(rule))),
            })
        };
        self.levels
            .iter()
            .map(|rules| {
                let bindings: Vec<_> = rules.rules.iter().filter_map(consider).collect();
                Level {
                    resource: rules.on.clone(),
                    allowed: bindings.iter().any(Consideration::allows),
                    hidden: false,
                    bindings,
                }
            })
            .collect()
    }

    /// What stands against it whatever the policies grant.
    fn obstacle(&self, caller: Option<&Caller>, question: &Question<'_>) -> Option<Obstacle> {
        if let Some((project, at)) = &self.deleted
            && !(matches!(question.resource, Resource::Project(_))
                && is_of_lifecycle(question.permission))
        {
            return Some(Obstacle::ProjectDeleted(project.clone(), *at));
        }
        caller
            .map(|caller| &caller.restriction)
            .filter(|restriction| !restriction.allows(question.permission, question.resource))
            .map(|restriction| Obstacle::Restriction(restriction.clone()))
    }
}

/// What can be done to a project whose deletion was requested.
fn is_of_lifecycle(permission: Permission) -> bool {
    matches!(
        permission,
        PROJECTS_GET | PROJECTS_DELETE | PROJECTS_UNDELETE | PROJECTS_UPDATE
    )
}

impl App {
    /// Asks whether the caller has any one of `permissions` on the resource, and writes the answer into the audit log.
    /// Artifact Registry's equivalents count too. What was asked before is answered from memory, without suspending.
    pub(crate) async fn authorize(
        &self,
        caller: &Caller,
        permissions: &[Permission],
        resource: &Resource,
    ) -> Result<(), Error> {
        let ground = self.ground(resource).await?;
        let mut refused: Option<Question<'_>> = None;
        for permission in permissions {
            let question = Question::new(&caller.principal, *permission, resource);
            match ground.grant(&question) {
                Some(grant) if ground.obstacle(Some(caller), &question).is_none() => {
                    self.record(caller, *permission, resource, Grounds::Granted(grant))
                        .await;
                    return Ok(());
                }
                // Of several, the one that only the credential stands against tells the caller most.
                Some(_) => refused = Some(question),
                None => refused = refused.or(Some(question)),
            }
        }
        let Some(question) = refused else {
            return Err(Error::internal("a verb asked for no permission"));
        };
        Err(self.refuse(caller, &ground, &question).await)
    }

    async fn refuse(&self, caller: &Caller, ground: &Ground, question: &Question<'_>) -> Error {
        let decision = ground.decision(Some(caller), question, false);
        let explanation = decision.to_string();
        let (permission, resource) = (question.permission, question.resource);
        let reason = explanation.as_str().into();
        self.record(caller, permission, resource, Grounds::Refused { reason })
            .await;
        let visible = ground.is_visible(question);
        Error::Denied(Box::new(Denied {
            principal: decision.principal,
            permission,
            resource: decision.resource,
            visible,
            explanation: if visible {
                explanation
            } else {
                format!(
                    "permission {permission} denied on resource {resource} (or it may not exist)"
                )
            },
        }))
    }

    async fn record(
        &self,
        caller: &Caller,
        permission: Permission,
        resource: &Resource,
        grounds: Grounds,
    ) {
        let count = match &grounds {
            Grounds::Granted(_) => &self.iam.granted,
            Grounds::Refused { .. } => &self.iam.refused,
        };
        count.fetch_add(1, Ordering::Relaxed);
        let event = Event::Decision {
            permission,
            resource: resource.clone(),
            grounds,
        };
        self.audit.record(Entry::of(caller, event)).await;
    }

    /// Decisions since the start, for a metric: those that granted something, and those that refused it.
    pub fn decisions(&self) -> (u64, u64) {
        (
            self.iam.granted.load(Ordering::Relaxed),
            self.iam.refused.load(Ordering::Relaxed),
        )
    }

    /// The same, for lists that show each what it may see: no audit entry.
    pub(crate) async fn is_allowed(
        &self,
        caller: &Caller,
        permission: Permission,
        resource: &Resource,
    ) -> Result<bool, Error> {
        let ground = self.ground(resource).await?;
        let question = Question::new(&caller.principal, permission, resource);
        Ok(ground.obstacle(Some(caller), &question).is_none() && ground.grant(&question).is_some())
    }

    /// Those of `permissions` that the caller has, in their order: no audit entry.
    pub(super) async fn allowed_of(
        &self,
        caller: &Caller,
        permissions: Vec<Permission>,
        resource: &Resource,
    ) -> Result<Vec<Permission>, Error> {
        let ground = self.ground(resource).await?;
        let is_allowed = |permission: &Permission| {
            let question = Question::new(&caller.principal, *permission, resource);
            ground.obstacle(Some(caller), &question).is_none() && ground.grant(&question).is_some()
        };
        Ok(permissions.into_iter().filter(is_allowed).collect())
    }

    /// Explains what the decision about somebody would be (Policy Troubleshooter). Needs the right to read the policy
    /// of the resource; policies above it that the caller may not read stay hidden. Everybody may ask about themselves,
    /// and sees then what a refusal would tell them.
    pub async fn troubleshoot(
        &self,
        caller: &Caller,
        principal: Principal,
        permission: Permission,
        resource: Resource,
    ) -> Result<Decision, Error> {
        let is_own = principal == caller.principal;
        if !is_own {
            let (reading, holder) = policy_reader(&resource);
            self.authorize(caller, &[reading], &holder).await?;
        }
        let ground = self.ground(&resource).await?;
        let question = Question::new(&principal, permission, &resource);
        if is_own {
            let mut decision = ground.decision(Some(caller), &question, false);
            if !ground.is_visible(&question) {
                decision.obstacle = decision
                    .obstacle
                    .filter(|obstacle| matches!(obstacle, Obstacle::Restriction(_)));
                decision.levels.clear();
            }
            return Ok(decision);
        }
        let mut decision = ground.decision(None, &question, true);
        for level in &mut decision.levels {
            let (reading, holder) = policy_reader(&level.resource);
            if !self.is_allowed(caller, reading, &holder).await? {
                level.hidden = true;
                level.bindings.clear();
            }
        }
        if let Principal::ServiceAccount(email) = &principal
            && let Some(problem) = self.account_problem(caller, email).await?
        {
            decision.allowed = false;
            decision.obstacle.get_or_insert(Obstacle::Account(problem));
        }
        Ok(decision)
    }

    /// Why an account cannot log in, if the caller may know of it.
    async fn account_problem(
        &self,
        caller: &Caller,
        email: &ServiceAccountEmail,
    ) -> Result<Option<String>, Error> {
        let resource = Resource::ServiceAccount(email.clone());
        if !self.is_allowed(caller, ACCOUNTS_GET, &resource).await? {
            return Ok(None);
        }
        self.iam.credentials.problem(&self.meta, email).await
    }

    /// Takes from memory all that the policies say about a resource. Of a project that is not there, nothing is kept:
    /// its names would push out what is needed.
    async fn ground(&self, resource: &Resource) -> Result<Ground, Error> {
        let (meta, memory) = (&self.meta, &self.iam.memory);
        let mut levels = Vec::with_capacity(4);
        let mut deleted = None;
        let owner;
        let project_id = match resource {
            Resource::Organization => None,
            Resource::Project(id) => Some(id),
            Resource::Bucket(bucket) | Resource::Object { bucket, .. } => Some(&bucket.project),
            Resource::ServiceAccount(email) => {
                owner = email.project();
                Some(&owner)
            }
            Resource::KeyRing(ring) => {
                owner = ring.project();
                Some(&owner)
            }
            Resource::CryptoKey(key)
            | Resource::CryptoKeyVersion(CryptoKeyVersionName { key, .. }) => {
                owner = key.project();
                Some(&owner)
            }
        };
        if let Some(id) = project_id
            && let Some(project) = self.iam.credentials.project(meta, id).await?
        {
            deleted = project.deleted_at.map(|at| (id.clone(), at));
            match resource {
                Resource::Bucket(bucket) | Resource::Object { bucket, .. } => {
                    levels.push(memory.bucket(meta, bucket).await?);
                }
                Resource::ServiceAccount(email) => levels.push(memory.account(meta, email).await?),
                Resource::KeyRing(ring) => levels.push(memory.key_ring(meta, ring).await?),
                Resource::CryptoKey(key)
                | Resource::CryptoKeyVersion(CryptoKeyVersionName { key, .. }) => {
                    levels.push(memory.crypto_key(meta, key).await?);
                    levels.push(memory.key_ring(meta, &key.ring()).await?);
                }
                Resource::Organization | Resource::Project(_) => {}
            }
            levels.push(memory.project(meta, id).await?);
        }
        levels.push(memory.organization(meta).await?);
        let mut ground = Ground {
            levels,
            roles: Vec::new(),
            projects: Vec::new(),
            deleted,
        };
        self.refer(&mut ground).await?;
        Ok(ground)
    }

    /// Adds what the policies refer to: custom roles, and the owners, editors and viewers of projects.
    async fn refer(&self, ground: &mut Ground) -> Result<(), Error> {
        let (meta, memory) = (&self.meta, &self.iam.memory);
        for rules in &ground.levels {
            for name in &rules.custom_roles {
                let permissions = memory.role(meta, name).await?;
                ground.roles.push((name.clone(), permissions));
            }
            for id in &rules.projects {
                let project = self.iam.credentials.project(meta, id).await?;
                if project.is_some_and(|project| project.deleted_at.is_none()) {
                    ground.projects.push(memory.project(meta, id).await?);
                }
            }
        }
        Ok(())
    }
}

impl Ground {
    fn decision(&self, caller: Option<&Caller>, question: &Question<'_>, all: bool) -> Decision {
        let obstacle = self.obstacle(caller, question);
        let levels = self.explain(question, all);
        Decision {
            principal: question.principal.clone(),
            permission: question.permission,
            resource: question.resource.clone(),
            time: question.time,
            allowed: obstacle.is_none() && levels.iter().any(|level| level.allowed),
            obstacle,
            levels,
        }
    }
}

/// What it takes to read the policy that is decisive for a resource, and whose policy that is.
fn policy_reader(resource: &Resource) -> (Permission, Resource) {
    match resource {
        Resource::Organization | Resource::Project(_) => {
            (PROJECTS_GET_IAM_POLICY, resource.clone())
        }
        Resource::Bucket(bucket) | Resource::Object { bucket, .. } => {
            (BUCKETS_GET_IAM_POLICY, Resource::Bucket(bucket.clone()))
        }
        Resource::ServiceAccount(_) => (ACCOUNTS_GET_IAM_POLICY, resource.clone()),
        Resource::KeyRing(_) => (KEY_RINGS_GET_IAM_POLICY, resource.clone()),
        Resource::CryptoKey(key) | Resource::CryptoKeyVersion(CryptoKeyVersionName { key, .. }) => {
            (CRYPTO_KEYS_GET_IAM_POLICY, Resource::CryptoKey(key.clone()))
        }
    }
}

#[cfg(test)]
mod cases;
#[cfg(test)]
mod tests;
