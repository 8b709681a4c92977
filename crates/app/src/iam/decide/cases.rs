//! The table of decisions: what Google documents of its IAM, case by case, asked of a registry.
//!
//! `cases/*.cases` are texts that read like the documentation: a claim, the policies that it is about, who may and may
//! not do what by them, and the reason that the decision gives. This module builds the policies through the verbs, asks,
//! and compares. `language` reads the texts; `docs/testing.md` explains how to write one.

#![expect(clippy::unwrap_used, reason = "tests")]

mod language;

use std::collections::HashMap;

use wharf_store::meta::Durability;
use wharf_store::meta::access::policies;
use wharf_types::permission::{CRYPTO_KEYS_GET, KEY_RINGS_GET, OBJECTS_GET, VERSIONS_GET};
use wharf_types::{Condition, Policy};

use super::*;
use crate::iam::accounts::{AccountChange, AccountReference};
use crate::iam::roles::RoleContent;
use crate::testing::{TestApp, origin};
use language::{Answer, Binding as Written, Case, Statement, Step};

/// The one project that nearly every case is about, and another beside it.
const PROJECTS: [&str; 2] = ["acme-shop", "acme-bank"];
/// The service accounts of `acme-shop`; `teller` is one of `acme-bank`.
const ACCOUNTS: [(&str, &str); 4] = [
    ("puller", PROJECTS[0]),
    ("pusher", PROJECTS[0]),
    ("keeper", PROJECTS[0]),
    ("teller", PROJECTS[1]),
];
const BUCKETS: [&str; 3] = [
    "artifacts.acme-shop.appspot.com",
    "us.artifacts.acme-shop.appspot.com",
    "artifacts.acme-bank.appspot.com",
];
const FOLDER: &str = "containers/repositories/library/";
/// The title of the condition where a case is about nothing but its expression.
const TITLE: &str = "the expression";

/// A registry with the projects, accounts and buckets that the cases speak of.
struct World {
    app: TestApp,
    owner: Caller,
    /// The policies as they are before each case.
    before: Vec<(Resource, Option<Policy>)>,
    /// Federated principals, by the names that the case gave them.
    federated: HashMap<String, Principal>,
}

impl World {
    async fn new() -> Self {
        let app = TestApp::open().await;
        let owner = app.owner().await;
        for id in PROJECTS {
            app.project(id).await;
        }
        for (id, project) in ACCOUNTS {
            create_account(&app, &owner, id, project).await;
        }
        let mut holders = vec![Resource::Organization];
        for name in BUCKETS {
            let Resource::Bucket(bucket) = resource(&format!("gs://{name}")) else {
                panic!("{name} is no bucket");
            };
            app.create_bucket(&owner, &bucket, Default::default())
                .await
                .unwrap();
            holders.push(Resource::Bucket(bucket));
        }
        holders.extend(PROJECTS.map(|id| resource(&format!("projects/{id}"))));
        holders.extend(ACCOUNTS.map(|(id, _)| resource(&format!("accounts/{id}"))));
        let mut before = Vec::new();
        for on in holders {
            let wanted = on.clone();
            let stored = app
                .meta
                .read(move |transaction| Ok::<_, Error>(policies::find(transaction, &wanted)?));
            before.push((on, stored.await.unwrap().map(|stored| stored.policy)));
        }
        Self {
            app,
            owner,
            before,
            federated: HashMap::new(),
        }
    }

    /// Makes all as it was before the case.
    async fn reset(&mut self) {
        self.federated.clear();
        for id in PROJECTS {
            let id = ProjectId::parse(id).unwrap();
            // One that was not deleted has nothing to be restored.
            let _ = self.app.undelete_project(&self.owner, &id).await;
        }
        for (id, project) in ACCOUNTS {
            let account = account(id);
            if self.app.get_account(&self.owner, &account).await.is_err() {
                create_account(&self.app, &self.owner, id, project).await;
            }
            self.app
                .set_account_disabled(&self.owner, &account, false)
                .await
                .unwrap();
        }
        let before = self.before.clone();
        self.app
            .meta
            .write(Durability::Process, move |transaction| {
                for (on, policy) in &before {
                    match policy {
                        Some(policy) => drop(policies::put(transaction, on, policy)?),
                        None => drop(policies::delete(transaction, on)?),
                    }
                }
                Ok::<_, Error>(())
            })
            .await
            .unwrap();
    }

    fn principal(&self, name: &str) -> Principal {
        if let Some(principal) = self.federated.get(name) {
            return principal.clone();
        }
        match (name, member(name)) {
            ("anonymous", _) => Principal::Anonymous,
            (_, Ok(Member::ServiceAccount(email))) => Principal::ServiceAccount(email),
            (_, Ok(Member::Other(text))) => match text.strip_prefix("user:") {
                Some(email) => Principal::User(email.into()),
                None => Principal::Federated {
                    principal: text,
                    sets: Vec::new(),
                },
            },
            _ => panic!("{name} is nobody who could ask"),
        }
    }

    async fn add(&self, on: &Resource, written: &Written) -> Result<(), String> {
        let mut policy = self.app.get_policy(&self.owner, on).await.unwrap();
        for name in &written.members {
            let condition = written
                .condition
                .as_ref()
                .map(|(title, expression)| Condition {
                    title: title.clone(),
                    expression: expression.clone(),
                    ..Condition::default()
                });
            policy.add(
                RoleName::parse(&written.role).unwrap(),
                member(name)?,
                condition,
            );
        }
        self.set(on, policy.with_version()).await
    }

    async fn set(&self, on: &Resource, policy: Policy) -> Result<(), String> {
        match self.app.set_policy(&self.owner, on, policy).await {
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// What is decided, by both ways that the registry decides it.
    async fn decide(
        &self,
        principal: &Principal,
        permission: Permission,
        on: &Resource,
        time: Timestamp,
    ) -> Decision {
        let caller = Caller {
            principal: principal.clone(),
            ..Caller::anonymous(origin())
        };
        let ground = self.app.ground(on).await.unwrap();
        let question = Question {
            time,
            ..Question::new(principal, permission, on)
        };
        let decision = ground.decision(Some(&caller), &question, false);
        let is_granted = ground.obstacle(Some(&caller), &question).is_none()
            && ground.grant(&question).is_some();
        assert_eq!(is_granted, decision.allowed, "{decision}");
        decision
    }

    /// The reason, with the short names of the cases in it.
    fn shorten(&self, decision: &Decision) -> String {
        let sentence = decision.to_string();
        let (_, reason) = sentence
            .split_once(&format!("{}: ", decision.resource))
            .unwrap();
        let mut reason = reason.to_owned();
        for (id, project) in ACCOUNTS {
            let email = format!("{id}@{project}.iam.gserviceaccount.com");
            reason = reason
                .replace(
                    &format!("projects/{project}/serviceAccounts/{email}"),
                    &format!("accounts/{id}"),
                )
                .replace(&format!("serviceAccount:{email}"), id)
                .replace(&email, id);
        }
        for (name, principal) in &self.federated {
            reason = reason.replace(
                &format!("is bound to {principal}"),
                &format!("is bound to {name}"),
            );
        }
        reason
            .replace(&format!("/objects/{FOLDER}"), "/")
            .replace("projects/_/buckets/", "gs://")
    }

    async fn run(&mut self, step: &Step) -> Result<(), String> {
        match &step.statement {
            Statement::Gives(on, written) => self.add(&resource(on), written).await,
            Statement::Takes(on, role, name) => {
                let on = resource(on);
                let mut policy = self.app.get_policy(&self.owner, &on).await.unwrap();
                let role = RoleName::parse(role).unwrap();
                match policy.remove(&role, &member(name)?, |_| true) {
                    true => self.set(&on, policy).await,
                    false => Err(format!("{name} does not have {role} there")),
                }
            }
            Statement::Clears(on) => self.set(&resource(on), Policy::default()).await,
            Statement::Role(name, change) => self.change_role(name, change).await,
            Statement::Account(id, change) => self.change_account(id, change).await,
            Statement::Project(id, change) => {
                let id = ProjectId::parse(id).unwrap();
                let changed = match change.as_str() {
                    "deleted" => self.app.delete_project(&self.owner, &id).await.map(drop),
                    _ => self.app.undelete_project(&self.owner, &id).await.map(drop),
                };
                changed.map_err(|error| error.to_string())
            }
            Statement::Federated(name, principal, sets) => {
                let principal = Principal::Federated {
                    principal: principal.as_str().into(),
                    sets: sets.iter().map(|set| set.as_str().into()).collect(),
                };
                self.federated.insert(name.clone(), principal);
                Ok(())
            }
            Statement::Asks {
                who,
                permission,
                on,
                at,
                answer,
            } => {
                let (who, on) = (self.principal(who), resource(on));
                let permission = Permission::parse(permission).unwrap();
                let decision = self.decide(&who, permission, &on, *at).await;
                self.compare(&decision, *answer, &step.reason)
            }
            Statement::Troubleshoots {
                who,
                permission,
                on,
                answer,
            } => {
                let (who, on) = (self.principal(who), resource(on));
                let permission = Permission::parse(permission).unwrap();
                let decision = self
                    .app
                    .troubleshoot(&self.owner, who, permission, on)
                    .await
                    .unwrap();
                self.compare(&decision, *answer, &step.reason)
            }
            Statement::Evaluates {
                expression,
                on,
                at,
                answer,
            } => {
                self.evaluate(expression, on, *at, *answer, &step.reason)
                    .await
            }
        }
    }

    fn compare(&self, decision: &Decision, answer: Answer, expected: &str) -> Result<(), String> {
        let reason = self.shorten(decision);
        if decision.allowed != (answer == Answer::Yes) {
            return Err(format!("it is decided otherwise: {reason}"));
        }
        match matches(&reason, expected) {
            true => Ok(()),
            false => Err(format!("the reason is another: {reason}")),
        }
    }

    /// Binds the puller under nothing but the expression, and asks.
    async fn evaluate(
        &self,
        expression: &str,
        on: &str,
        at: Timestamp,
        answer: Answer,
        reason: &str,
    ) -> Result<(), String> {
        let on = resource(on);
        let (role, permission) = match &on {
            Resource::Organization | Resource::Project(_) => ("roles/browser", PROJECTS_GET),
            Resource::Bucket(_) => ("roles/storage.admin", BUCKETS_GET_IAM_POLICY),
            Resource::Object { .. } => ("roles/storage.objectViewer", OBJECTS_GET),
            Resource::ServiceAccount(_) => ("roles/iam.serviceAccountViewer", ACCOUNTS_GET),
            Resource::KeyRing(_) => ("roles/cloudkms.admin", KEY_RINGS_GET),
            Resource::CryptoKey(_) => ("roles/cloudkms.admin", CRYPTO_KEYS_GET),
            Resource::CryptoKeyVersion(_) => ("roles/cloudkms.admin", VERSIONS_GET),
        };
        let holder = resource("projects/acme-shop");
        let mut policy = self.app.get_policy(&self.owner, &holder).await.unwrap();
        policy
            .bindings
            .retain(|binding| binding.condition.is_none());
        self.set(
            &holder,
            Policy {
                version: 3,
                ..policy
            },
        )
        .await?;
        let written = Written {
            role: role.to_owned(),
            members: vec!["puller".to_owned()],
            condition: Some((TITLE.to_owned(), expression.to_owned())),
        };
        let bound = self.add(&holder, &written).await;
        let refused = format!("the condition {TITLE:?} of {role}: {reason}");
        match (answer, bound) {
            (Answer::Refused, Err(message)) if matches(&message, &refused) => return Ok(()),
            (Answer::Refused, other) => return Err(format!("it is not refused so: {other:?}")),
            (_, bound) => bound?,
        }
        let decision = self
            .decide(&self.principal("puller"), permission, &on, at)
            .await;
        let expected = match answer {
            Answer::Yes => format!(
                "{role} on projects/acme-shop is bound to puller under the condition {TITLE:?}, which holds"
            ),
            Answer::No => format!(
                "{role} on projects/acme-shop would grant it under the condition {TITLE:?}, but it is false where …"
            ),
            _ => format!(
                "{role} on projects/acme-shop would grant it under the condition {TITLE:?}, but it could not be evaluated: {reason}"
            ),
        };
        self.compare(&decision, answer, &expected)
    }

    async fn change_role(&self, name: &str, change: &str) -> Result<(), String> {
        let name = RoleName::parse(name).unwrap();
        let permissions = |names: &str| -> Vec<Permission> {
            let names = names.split(", ");
            names.map(|name| Permission::parse(name).unwrap()).collect()
        };
        let changed = match change.split_once(' ') {
            Some(("carries", names)) => {
                let content = RoleContent {
                    permissions: Some(permissions(names)),
                    ..RoleContent::default()
                };
                match self.app.get_role(&self.owner, &name).await {
                    Ok(_) => {
                        self.app
                            .update_role(&self.owner, &name, content, None)
                            .await
                    }
                    Err(_) => self.app.create_role(&self.owner, &name, content).await,
                }
            }
            Some(("is", "deleted")) => self.app.delete_role(&self.owner, &name, None).await,
            Some(("is", "restored")) => self.app.undelete_role(&self.owner, &name, None).await,
            Some(("is", stage)) => {
                let content = RoleContent {
                    stage: Some(stage.to_owned()),
                    ..RoleContent::default()
                };
                self.app
                    .update_role(&self.owner, &name, content, None)
                    .await
            }
            _ => panic!("a role does not {change}"),
        };
        changed.map(drop).map_err(|error| error.to_string())
    }

    async fn change_account(&self, id: &str, change: &str) -> Result<(), String> {
        let (app, owner) = (&self.app, &self.owner);
        let changed = match change {
            "disabled" => app.set_account_disabled(owner, &account(id), true).await,
            "enabled" => app.set_account_disabled(owner, &account(id), false).await,
            "deleted" => app.delete_account(owner, &account(id)).await,
            "given a key" => app.create_key(owner, &account(id), None).await.map(drop),
            "made anew" => {
                create_account(app, owner, id, PROJECTS[0]).await;
                Ok(())
            }
            _ => panic!("an account is not {change}"),
        };
        changed.map_err(|error| error.to_string())
    }
}

async fn create_account(app: &App, owner: &Caller, id: &str, project: &str) {
    let project = ProjectId::parse(project).unwrap();
    app.create_account(owner, &project, id, AccountChange::default())
        .await
        .unwrap();
}

fn account(id: &str) -> AccountReference {
    match member(id) {
        Ok(Member::ServiceAccount(email)) => AccountReference::Email(email),
        _ => panic!("{id} is no account of the cases"),
    }
}

/// A member by its short name, or as policies write it.
fn member(name: &str) -> Result<Member, String> {
    let short = ACCOUNTS.iter().find(|(id, _)| *id == name);
    let text = match short {
        Some((id, project)) => format!("serviceAccount:{id}@{project}.iam.gserviceaccount.com"),
        None => name.to_owned(),
    };
    Member::parse(&text).map_err(|error| error.to_string())
}

/// A resource by its short name (`gs://BUCKET/IMAGE/OBJECT`, `accounts/ID`), or by its full one.
fn resource(name: &str) -> Resource {
    let name = match (name.strip_prefix("gs://"), name.strip_prefix("accounts/")) {
        (Some(path), _) => match path.split_once('/') {
            Some((bucket, object)) => {
                format!("projects/_/buckets/{bucket}/objects/{FOLDER}{object}")
            }
            None => format!("projects/_/buckets/{path}"),
        },
        (_, Some(id)) => match account(id) {
            AccountReference::Email(email) => {
                format!("projects/{}/serviceAccounts/{email}", email.project())
            }
            AccountReference::UniqueId(_) => unreachable!("accounts are named by address"),
        },
        _ => name.to_owned(),
    };
    Resource::parse(&name).unwrap()
}

/// Whether a text is the expected one, in which `…` stands for anything.
fn matches(text: &str, expected: &str) -> bool {
    match expected.split_once('…') {
        Some((start, end)) => {
            text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end)
        }
        None => text == expected,
    }
}

/// Runs the cases of a file one after the other, and tells of all that come out otherwise.
async fn run(file: &str, text: &str) {
    let cases = language::parse(text).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut world = World::new().await;
    let mut wrong = Vec::new();
    for Case { claim, page, steps } in &cases {
        for step in steps {
            if let Err(message) = world.run(step).await {
                wrong.push(format!(
                    "{file}:{}: {claim} ({page})\n    {message}",
                    step.line
                ));
            }
        }
        world.reset().await;
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// One test for each file.
macro_rules! files {
    ($($name:ident: $about:literal,)*) => {
        const FILES: &[(&str, &str)] =
            &[$((stringify!($name), include_str!(concat!("cases/", stringify!($name), ".cases")))),*];
        $(
            #[doc = $about]
            #[tokio::test]
            async fn $name() {
                run(
                    concat!(stringify!($name), ".cases"),
                    include_str!(concat!("cases/", stringify!($name), ".cases")),
                )
                .await;
            }
        )*
    };
}

files! {
    inheritance: "What is granted above holds below, and nothing takes it away.",
    members: "Whom a member names.",
    roles: "What a role carries.",
    custom_roles: "Roles of a project's own, from the first to the last of their life.",
    resource_conditions: "Conditions that look at the resource.",
    time_conditions: "Conditions that look at the clock.",
    expressions: "What a condition can be made of.",
    buckets: "Policies of buckets, and the members that stand for a project's owners, editors and viewers.",
    keys: "Keys of Cloud KMS.",
    accounts: "Policies of service accounts, and accounts that are disabled or deleted.",
}

#[test]
fn every_case_has_a_claim_of_its_own_and_there_are_two_hundred_decisions() {
    let mut claims = std::collections::HashSet::new();
    let mut decisions = 0;
    for (file, text) in FILES {
        for case in language::parse(text).unwrap() {
            decisions += case.steps.iter().filter(|step| step.is_decision()).count();
            assert!(
                claims.insert(case.claim.clone()),
                "{file}: {} is there twice",
                case.claim
            );
        }
    }
    assert!(decisions >= 200, "{decisions} decisions");
}
