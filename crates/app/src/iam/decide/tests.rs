#![expect(clippy::unwrap_used, reason = "tests")]

mod model;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wharf_store::meta::Durability;
use wharf_store::meta::access::policies;
use wharf_types::permission::{
    BUCKETS_CREATE, BUCKETS_GET, OBJECTS_CREATE, OBJECTS_DELETE, OBJECTS_GET, OBJECTS_LIST,
};
use wharf_types::scope::{OauthFloor, Scope};
use wharf_types::{Condition, Policy};

use super::*;
use crate::iam::accounts::AccountReference;
use crate::iam::projects::ProjectChange;
use crate::iam::roles::RoleContent;
use crate::testing::{TestApp, caller_named, origin};
use crate::{Origin, Restriction};

const FOLDER: &str =
    "projects/_/buckets/artifacts.my-project.appspot.com/objects/containers/repositories/library/";
const READER: &str = "reader@my-project.iam.gserviceaccount.com";

fn resource(name: &str) -> Resource {
    Resource::parse(name).unwrap()
}

fn tag() -> Resource {
    resource(&format!("{FOLDER}web/tag_v1"))
}

fn bucket() -> Resource {
    resource("projects/_/buckets/artifacts.my-project.appspot.com")
}

fn project() -> Resource {
    resource("projects/my-project")
}

fn condition(expression: &str) -> Option<Condition> {
    Some(Condition {
        expression: expression.to_owned(),
        title: "only some".to_owned(),
        ..Condition::default()
    })
}

fn policy(bindings: &[(&str, &str, Option<Condition>)]) -> Policy {
    let mut policy = Policy::default();
    for (role, member, condition) in bindings {
        policy.add(
            RoleName::parse(role).unwrap(),
            Member::parse(member).unwrap(),
            condition.clone(),
        );
    }
    policy.with_version()
}

/// Writes a policy past the rules of `set_policy`.
async fn put(app: &App, on: Resource, policy: Policy) {
    app.meta
        .write(Durability::Process, move |transaction| {
            policies::put(transaction, &on, &policy)?;
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn denied(app: &App, caller: &Caller, permission: Permission, on: &Resource) -> Box<Denied> {
    match app.authorize(caller, &[permission], on).await {
        Err(Error::Denied(denied)) => denied,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn nothing_is_granted_by_default() {
    let app = TestApp::open().await;
    app.project("my-project").await;
    for caller in [Caller::anonymous(origin()), caller_named(READER)] {
        for on in [tag(), bucket(), project(), Resource::Organization] {
            for permission in Permission::all() {
                assert!(!app.is_allowed(&caller, permission, &on).await.unwrap());
            }
        }
    }
}

#[tokio::test]
async fn a_binding_grants_on_everything_below_and_nothing_beside() {
    let app = TestApp::open().await;
    app.project("my-project").await;
    app.project("your-project").await;
    let reader = caller_named(READER);
    let member = format!("serviceAccount:{READER}");
    let yours = resource(&format!("{FOLDER}web/tag_v1").replace("my-project", "your-project"));
    for (on, of_others) in [
        (bucket(), false),
        (project(), false),
        (Resource::Organization, true),
    ] {
        put(
            &app,
            on.clone(),
            policy(&[("roles/storage.objectViewer", &member, None)]),
        )
        .await;
        assert!(
            app.is_allowed(&reader, OBJECTS_GET, &tag()).await.unwrap(),
            "{on}"
        );
        assert!(
            !app.is_allowed(&reader, OBJECTS_CREATE, &tag())
                .await
                .unwrap()
        );
        assert_eq!(
            app.is_allowed(&reader, OBJECTS_GET, &yours).await.unwrap(),
            of_others
        );
        put(&app, on, Policy::default()).await;
        assert!(!app.is_allowed(&reader, OBJECTS_GET, &tag()).await.unwrap());
    }
}

#[tokio::test]
async fn roles_of_artifact_registry_mean_the_same() {
    let app = TestApp::open().await;
    app.project("my-project").await;
    let reader = caller_named(READER);
    let member = format!("serviceAccount:{READER}");
    put(
        &app,
        project(),
        policy(&[("roles/artifactregistry.writer", &member, None)]),
    )
    .await;
    for permission in [OBJECTS_GET, OBJECTS_LIST, OBJECTS_CREATE] {
        app.authorize(&reader, &[permission], &tag()).await.unwrap();
    }
    for permission in [OBJECTS_DELETE, BUCKETS_CREATE] {
        assert!(!app.is_allowed(&reader, permission, &tag()).await.unwrap());
    }
}

#[tokio::test]
async fn a_refusal_names_the_condition_in_the_way_and_what_it_saw() {
    let app = TestApp::open().await;
    app.project("my-project").await;
    let reader = caller_named(READER);
    let member = format!("serviceAccount:{READER}");
    let only_api = condition(r#"resource.name.contains("/library/api/")"#);
    put(
        &app,
        project(),
        policy(&[
            ("roles/storage.objectViewer", &member, only_api),
            ("roles/browser", &member, None),
        ]),
    )
    .await;
    let denied = denied(&app, &reader, OBJECTS_GET, &tag()).await;
    assert!(denied.visible);
    for part in [
        "storage.objects.get",
        "web/tag_v1",
        "roles/storage.objectViewer on projects/my-project",
        "\"only some\"",
        "it is false where resource.name is \"projects/_/buckets/",
        "request.time is 20",
    ] {
        assert!(denied.explanation.contains(part), "{}", denied.explanation);
    }
    let api = resource(&format!("{FOLDER}api/tag_v1"));
    app.authorize(&reader, &[OBJECTS_GET], &api).await.unwrap();
}

#[tokio::test]
async fn a_condition_that_fails_grants_nothing_and_says_why() {
    let app = TestApp::open().await;
    app.project("my-project").await;
    let reader = caller_named(READER);
    let member = format!("serviceAccount:{READER}");
    for (expression, told) in [
        (
            r#"timestamp(resource.name) < request.time"#,
            "could not be evaluated",
        ),
        ("1 / 0 == 1", "could not be evaluated"),
        // As if an older version had let it in.
        ("resource.nonsense", "could not be evaluated"),
        (
            "true || true || true || true || true || true || true || true || true || true || true || true || true || true",
            "could not be evaluated",
        ),
    ] {
        let bindings = [
            (
                "roles/storage.objectViewer",
                &*member,
                condition(expression),
            ),
            ("roles/browser", &*member, None),
        ];
        put(&app, project(), policy(&bindings)).await;
        let denied = denied(&app, &reader, OBJECTS_GET, &tag()).await;
        assert!(denied.explanation.contains(told), "{}", denied.explanation);
    }
}

#[tokio::test]
async fn a_stranger_hears_the_same_of_what_is_there_and_what_is_not() {
    let app = TestApp::open().await;
    app.project("my-project").await;
    let stranger = caller_named("stranger@default.iam.gserviceaccount.com");
    // That everybody may create projects shows nobody those of others.
    let everybody = (
        "roles/resourcemanager.projectCreator",
        "allAuthenticatedUsers",
        None,
    );
    put(&app, Resource::Organization, policy(&[everybody])).await;
    let there = denied(&app, &stranger, OBJECTS_GET, &tag()).await;
    let absent = resource(&tag().name().replace("my-project", "no-project"));
    let absent = denied(&app, &stranger, OBJECTS_GET, &absent).await;
    assert!(!there.visible && !absent.visible);
    assert_eq!(
        there.explanation,
        absent.explanation.replace("no-project", "my-project")
    );
    assert!(there.explanation.ends_with("(or it may not exist)"));
    // Whoever may see something of the project is told more.
    let member = format!("serviceAccount:{READER}");
    put(&app, project(), policy(&[("roles/browser", &member, None)])).await;
    let known = denied(&app, &caller_named(READER), OBJECTS_GET, &tag()).await;
    assert!(known.visible);
    assert!(
        known.explanation.contains("it has only roles/browser on projects/my-project and roles/resourcemanager.projectCreator on organizations/0; roles/storage.objectViewer would grant it"),
        "{}",
        known.explanation
    );
}

#[tokio::test]
async fn owners_editors_and_viewers_of_a_project_are_those_of_its_own_policy() {
    let app = TestApp::open().await;
    app.project("my-project").await;
    app.project("your-project").await;
    let reader = caller_named(READER);
    let member = format!("serviceAccount:{READER}");
    let lists = |app: &TestApp| {
        let app = Arc::clone(app);
        let reader = reader.clone();
        async move {
            app.is_allowed(&reader, BUCKETS_GET, &bucket())
                .await
                .unwrap()
        }
    };
    // A bucket that was given no policy has Cloud Storage's.
    assert!(!lists(&app).await);
    put(
        &app,
        resource("projects/your-project"),
        policy(&[("roles/viewer", &member, None)]),
    )
    .await;
    assert!(!lists(&app).await);
    put(
        &app,
        bucket(),
        policy(&[(
            "roles/storage.legacyBucketReader",
            "projectViewer:your-project",
            None,
        )]),
    )
    .await;
    assert!(
        lists(&app).await,
        "another project's viewers can be named too"
    );
    put(&app, resource("projects/your-project"), Policy::default()).await;
    assert!(!lists(&app).await, "and are looked up as they are now");
}

#[tokio::test]
async fn a_custom_role_grants_what_it_carries_now() {
    let app = TestApp::open().await;
    app.project("my-project").await;
    let owner = app.owner().await;
    let reader = caller_named(READER);
    let name = RoleName::parse("projects/my-project/roles/puller").unwrap();
    let content = RoleContent {
        permissions: Some(vec![OBJECTS_GET]),
        ..RoleContent::default()
    };
    let bindings = [(name.as_str(), &*format!("serviceAccount:{READER}"), None)];
    put(&app, project(), policy(&bindings)).await;
    let can = async |permission| app.is_allowed(&reader, permission, &tag()).await.unwrap();
    assert!(!can(OBJECTS_GET).await, "there is no such role yet");
    app.create_role(&owner, &name, content).await.unwrap();
    assert!(can(OBJECTS_GET).await && !can(OBJECTS_LIST).await);
    let stage = |stage: &str| RoleContent {
        stage: Some(stage.to_owned()),
        ..RoleContent::default()
    };
    app.update_role(&owner, &name, stage("DISABLED"), None)
        .await
        .unwrap();
    assert!(!can(OBJECTS_GET).await);
    app.update_role(&owner, &name, stage("GA"), None)
        .await
        .unwrap();
    assert!(can(OBJECTS_GET).await);
    app.delete_role(&owner, &name, None).await.unwrap();
    assert!(!can(OBJECTS_GET).await);
    app.undelete_role(&owner, &name, None).await.unwrap();
    assert!(can(OBJECTS_GET).await);
}

#[tokio::test]
async fn nothing_in_a_deleted_project_answers_until_it_is_restored() {
    let app = TestApp::open().await;
    let id = app.project("my-project").await;
    let owner = app.owner().await;
    app.authorize(&owner, &[OBJECTS_GET], &tag()).await.unwrap();
    app.delete_project(&owner, &id).await.unwrap();
    let refused = denied(&app, &owner, OBJECTS_GET, &tag()).await;
    assert!(
        refused
            .explanation
            .contains("project my-project was deleted at")
    );
    let account = resource(&format!("projects/my-project/serviceAccounts/{READER}"));
    denied(&app, &owner, ACCOUNTS_GET, &account).await;
    denied(&app, &owner, PROJECTS_GET_IAM_POLICY, &project()).await;
    app.authorize(&owner, &[PROJECTS_GET], &project())
        .await
        .unwrap();
    let stranger = caller_named("stranger@default.iam.gserviceaccount.com");
    assert!(!denied(&app, &stranger, OBJECTS_GET, &tag()).await.visible);
    app.undelete_project(&owner, &id).await.unwrap();
    app.authorize(&owner, &[OBJECTS_GET], &tag()).await.unwrap();
}

#[tokio::test]
async fn a_credential_made_for_less_does_less_and_the_refusal_says_so() {
    let app = TestApp::open().await;
    app.project("my-project").await;
    let mut owner = app.owner().await;
    owner.restriction =
        Restriction::Registry(Scope::parse_list(["repository:my-project/web:pull"]).into());
    app.authorize(&owner, &[OBJECTS_GET], &tag()).await.unwrap();
    let refused = denied(&app, &owner, OBJECTS_CREATE, &tag()).await;
    assert!(
        refused
            .explanation
            .contains("the registry token is only for repository:my-project/web:pull"),
        "{}",
        refused.explanation
    );
    owner.restriction = Restriction::Oauth(OauthFloor::ReadOnly);
    app.authorize(&owner, &[OBJECTS_GET], &tag()).await.unwrap();
    let refused = denied(&app, &owner, OBJECTS_CREATE, &tag()).await;
    assert!(
        refused.explanation.contains("OAuth scopes"),
        "{}",
        refused.explanation
    );
}

#[tokio::test]
async fn the_audit_log_names_the_binding_or_the_lack() {
    let app = TestApp::open().await;
    app.project("my-project").await;
    let owner = app.owner().await;
    app.authorize(&owner, &[OBJECTS_GET], &tag()).await.unwrap();
    let _ = denied(&app, &caller_named(READER), OBJECTS_GET, &tag()).await;
    app.audit.flush().await;
    let log = std::fs::read_to_string(app.folder.path().join("audit.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [.., granted, refused] = lines.as_slice() else {
        panic!("{log}");
    };
    assert_eq!(granted["allowed"], true);
    assert_eq!(granted["binding"]["role"], "roles/owner");
    assert_eq!(granted["binding"]["resource"], "projects/my-project");
    assert_eq!(
        granted["binding"]["member"],
        "serviceAccount:owner@default.iam.gserviceaccount.com"
    );
    assert_eq!(refused["allowed"], false);
    assert_eq!(refused["principal"], format!("serviceAccount:{READER}"));
    assert!(
        refused["reason"]
            .as_str()
            .unwrap()
            .contains("it has no role there")
    );
}

#[tokio::test]
async fn the_troubleshooter_tells_of_every_binding() {
    let app = TestApp::open().await;
    app.project("my-project").await;
    let owner = app.owner().await;
    let member = format!("serviceAccount:{READER}");
    let principal = caller_named(READER).principal;
    put(
        &app,
        bucket(),
        policy(&[
            ("roles/storage.objectViewer", &member, condition("false")),
            ("roles/storage.objectAdmin", "user:anna@example.com", None),
        ]),
    )
    .await;
    let decision = app
        .troubleshoot(&owner, principal.clone(), OBJECTS_GET, tag())
        .await
        .unwrap();
    assert!(!decision.allowed);
    let names: Vec<_> = decision
        .levels
        .iter()
        .map(|level| level.resource.name())
        .collect();
    assert_eq!(
        names,
        [
            bucket().name(),
            project().name(),
            "organizations/0".to_owned()
        ]
    );
    let [viewer, admin] = decision.levels[0].bindings.as_slice() else {
        panic!("{decision:?}");
    };
    assert_eq!(viewer.carries, Carries::Yes(OBJECTS_GET));
    assert!(viewer.named().is_some());
    assert_eq!(viewer.condition.as_ref().unwrap().1, Outcome::False);
    assert_eq!(admin.carries, Carries::Yes(OBJECTS_GET));
    assert!(admin.named().is_none() && !admin.allows());
    // Such an account never was.
    assert!(
        matches!(decision.obstacle, Some(Obstacle::Account(_))),
        "{decision}"
    );
    let anonymous = app
        .troubleshoot(&owner, Principal::Anonymous, OBJECTS_GET, tag())
        .await
        .unwrap();
    assert_eq!(anonymous.obstacle, None);
}

#[tokio::test]
async fn the_troubleshooter_shows_nobody_a_policy_that_they_may_not_read() {
    let app = TestApp::open().await;
    app.project("my-project").await;
    let owner = app.owner().await;
    let asker = caller_named("inquirer@my-project.iam.gserviceaccount.com");
    let principal = owner.principal.clone();
    let asked = app
        .troubleshoot(&asker, principal.clone(), OBJECTS_GET, tag())
        .await;
    assert!(matches!(asked, Err(Error::Denied(_))));
    let admin = (
        "roles/storage.admin",
        "serviceAccount:inquirer@my-project.iam.gserviceaccount.com",
        None,
    );
    put(&app, bucket(), policy(&[admin])).await;
    let decision = app
        .troubleshoot(&asker, principal, OBJECTS_GET, tag())
        .await
        .unwrap();
    assert!(decision.allowed);
    let hidden: Vec<_> = decision.levels.iter().map(|level| level.hidden).collect();
    assert_eq!(hidden, [false, true, true]);
    assert!(decision.levels[1].bindings.is_empty());
    assert!(
        decision
            .to_string()
            .contains("a policy that you may not read")
    );
}

#[tokio::test]
async fn everybody_may_ask_about_themselves_and_learns_nothing_of_others() {
    let app = TestApp::open().await;
    let id = app.project("my-project").await;
    let owner = app.owner().await;
    let (_, _, reader) = app.account("reader").await;
    let member = format!("{}", reader.principal);
    put(
        &app,
        bucket(),
        policy(&[
            ("roles/storage.objectViewer", &member, None),
            ("roles/storage.objectViewer", "user:anna@example.com", None),
            ("roles/storage.objectAdmin", "user:anna@example.com", None),
        ]),
    )
    .await;
    let ask = async |on: Resource| {
        app.troubleshoot(&reader, reader.principal.clone(), OBJECTS_GET, on)
            .await
            .unwrap()
    };
    let own = ask(tag()).await;
    assert!(own.allowed);
    assert!(!format!("{own:?}").contains("anna"));
    app.delete_project(&owner, &id).await.unwrap();
    let stranger = caller_named("stranger@default.iam.gserviceaccount.com");
    let nothing = app
        .troubleshoot(&stranger, stranger.principal.clone(), OBJECTS_GET, tag())
        .await
        .unwrap();
    assert!(nothing.obstacle.is_none() && nothing.levels.is_empty());
}

#[tokio::test]
async fn the_troubleshooter_says_that_an_account_is_disabled() {
    let app = TestApp::open().await;
    let owner = app.owner().await;
    let (account, _, reader) = app.account("reader").await;
    put(
        &app,
        Resource::Organization,
        policy(&[
            ("roles/owner", &owner.principal.to_string(), None),
            (
                "roles/storage.objectViewer",
                &reader.principal.to_string(),
                None,
            ),
        ]),
    )
    .await;
    let reference = AccountReference::Email(account.email);
    app.set_account_disabled(&owner, &reference, true)
        .await
        .unwrap();
    let decision = app
        .troubleshoot(
            &owner,
            reader.principal,
            OBJECTS_GET,
            resource("projects/default"),
        )
        .await
        .unwrap();
    assert!(!decision.allowed && decision.levels.iter().any(|level| level.allowed));
    assert!(decision.to_string().contains("is disabled"), "{decision}");
}

/// The time between a change's acknowledgement and its effect is nothing, whoever asks meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_request_after_an_acknowledged_revocation_is_allowed() {
    let app = TestApp::open().await;
    app.project("my-project").await;
    let member = format!("serviceAccount:{READER}");
    // Even: revoked and acknowledged. Odd: may be either.
    let epoch = Arc::new(AtomicU64::new(0));
    let mut readers = Vec::new();
    for _ in 0..4 {
        let (app, epoch) = (Arc::clone(&app), epoch.clone());
        readers.push(tokio::spawn(async move {
            let reader = caller_named(READER);
            let (mut asked_while_revoked, mut allowed) = (0, 0);
            loop {
                let before = epoch.load(Ordering::SeqCst);
                if before == u64::MAX {
                    return (asked_while_revoked, allowed);
                }
                let is_allowed = app.is_allowed(&reader, OBJECTS_GET, &tag()).await.unwrap();
                if before == epoch.load(Ordering::SeqCst) && before % 2 == 0 {
                    assert!(!is_allowed, "after revocation {before}");
                    asked_while_revoked += 1;
                }
                allowed += u64::from(is_allowed);
                tokio::task::yield_now().await;
            }
        }));
    }
    let viewer = policy(&[("roles/storage.objectViewer", &member, None)]);
    for _ in 0..100 {
        epoch.fetch_add(1, Ordering::SeqCst);
        put(&app, project(), viewer.clone()).await;
        assert!(
            app.is_allowed(&caller_named(READER), OBJECTS_GET, &tag())
                .await
                .unwrap()
        );
        put(&app, project(), Policy::default()).await;
        epoch.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    epoch.store(u64::MAX, Ordering::SeqCst);
    let (mut asked, mut allowed) = (0, 0);
    for reader in readers {
        let (more_asked, more_allowed) = reader.await.unwrap();
        asked += more_asked;
        allowed += more_allowed;
    }
    assert!(
        asked > 100 && allowed > 0,
        "{asked} asked, {allowed} allowed"
    );
}

/// Prints what one decision costs: `cargo test --release -p wharf-app -- --ignored --nocapture cost_of`.
#[tokio::test]
#[ignore = "a measurement"]
async fn cost_of_a_decision() {
    let app = TestApp::open().await;
    app.project("my-project").await;
    let reader = caller_named(READER);
    let member = format!("serviceAccount:{READER}");
    let mut measured = String::new();
    for (what, condition) in [
        ("without a condition", None),
        (
            "with a condition",
            condition(r#"resource.name.startsWith("projects/_/buckets/artifacts.my-project.")"#),
        ),
    ] {
        let viewer = policy(&[("roles/storage.objectViewer", &member, condition)]);
        put(&app, project(), viewer).await;
        for (how, is_audited) in [("asked", false), ("asked and audited", true)] {
            let on = tag();
            let begun = std::time::Instant::now();
            const ROUNDS: u32 = 100_000;
            for _ in 0..ROUNDS {
                if is_audited {
                    app.authorize(&reader, &[OBJECTS_GET], &on).await.unwrap();
                } else {
                    assert!(app.is_allowed(&reader, OBJECTS_GET, &on).await.unwrap());
                }
            }
            measured.push_str(&format!("{how} {what}: {:?}\n", begun.elapsed() / ROUNDS));
        }
    }
    let path = std::env::temp_dir().join("wharf-cost-of-a-decision.txt");
    std::fs::write(path, measured).unwrap();
}

#[tokio::test]
async fn what_is_in_memory_is_decided_without_suspending() {
    let app = TestApp::open().await;
    app.project("my-project").await;
    let owner = app.owner().await;
    app.authorize(&owner, &[OBJECTS_GET], &tag()).await.unwrap();
    let on = tag();
    let mut again = std::pin::pin!(app.authorize(&owner, &[OBJECTS_GET], &on));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let ready = again.as_mut().poll(&mut context);
    assert!(matches!(ready, std::task::Poll::Ready(Ok(()))));
}

#[tokio::test]
async fn undone_writes_change_nothing_that_is_decided() {
    let app = TestApp::open().await;
    let owner = app.owner().await;
    let id = ProjectId::parse("my-project").unwrap();
    app.create_project(&owner, &id, ProjectChange::default())
        .await
        .unwrap();
    let (on, member) = (project(), format!("serviceAccount:{READER}"));
    let viewer = policy(&[("roles/storage.objectViewer", &member, None)]);
    let undone = app
        .meta
        .write(Durability::Process, move |transaction| {
            policies::put(transaction, &on, &viewer)?;
            Err::<(), _>(Error::Unsupported("undo".to_owned()))
        })
        .await;
    assert!(undone.is_err());
    let reader = Caller {
        origin: Origin::default(),
        ..caller_named(READER)
    };
    assert!(!app.is_allowed(&reader, OBJECTS_GET, &tag()).await.unwrap());
}
