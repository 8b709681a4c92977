//! The decision against a model of it that is as naive as can be: texts, loops, no memory.

use std::sync::LazyLock;

use proptest::prelude::*;
use wharf_store::meta::access::roles::{self, CustomRole};
use wharf_types::role::PredefinedRole;
use wharf_types::scope::Scope;

use super::*;
use crate::Restriction;

const ACCOUNTS: [&str; 3] = [
    "serviceAccount:alice1@alpha-one.iam.gserviceaccount.com",
    "serviceAccount:bobby1@alpha-one.iam.gserviceaccount.com",
    "serviceAccount:carol1@beta-two.iam.gserviceaccount.com",
];
const MEMBERS: [&str; 18] = [
    ACCOUNTS[0],
    ACCOUNTS[1],
    ACCOUNTS[2],
    "allUsers",
    "allAuthenticatedUsers",
    "user:dora@example.com",
    "user:else@example.com",
    "domain:example.com",
    "group:all@example.com",
    "projectOwner:alpha-one",
    "projectEditor:alpha-one",
    "projectViewer:alpha-one",
    "projectOwner:beta-two",
    "projectViewer:beta-two",
    "projectOwner:gone-three",
    "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/s",
    "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*",
    "deleted:serviceAccount:alice1@alpha-one.iam.gserviceaccount.com?uid=1",
];
const ROLES: [&str; 12] = [
    "roles/owner",
    "roles/editor",
    "roles/viewer",
    "roles/storage.objectViewer",
    "roles/storage.objectAdmin",
    "roles/storage.admin",
    "roles/storage.legacyBucketReader",
    "roles/artifactregistry.reader",
    "roles/artifactregistry.createOnPushWriter",
    "roles/iam.serviceAccountAdmin",
    "projects/alpha-one/roles/puller",
    "projects/alpha-one/roles/none",
];
/// A condition, and what it means.
type Meaning = fn(resource: &str) -> bool;
const CONDITIONS: [(&str, Meaning); 6] = [
    ("true", |_| true),
    ("false", |_| false),
    ("1 / 0 == 1", |_| false),
    (
        r#"resource.name.startsWith("projects/_/buckets/us.")"#,
        |resource| resource.starts_with("projects/_/buckets/us."),
    ),
    (
        r#"resource.type == "storage.googleapis.com/Object" && request.time < timestamp("2100-01-01T00:00:00Z")"#,
        |resource| resource.contains("/objects/"),
    ),
    (
        r#"request.time < timestamp("2020-01-01T00:00:00Z")"#,
        |_| false,
    ),
];
/// Resources that have policies.
const HOLDERS: [&str; 8] = [
    "organizations/0",
    "projects/alpha-one",
    "projects/beta-two",
    "projects/gone-three",
    "projects/_/buckets/artifacts.alpha-one.appspot.com",
    "projects/_/buckets/us.artifacts.alpha-one.appspot.com",
    "projects/_/buckets/artifacts.beta-two.appspot.com",
    "projects/alpha-one/serviceAccounts/alice1@alpha-one.iam.gserviceaccount.com",
];
const OBJECTS: [&str; 4] = [
    "projects/_/buckets/artifacts.alpha-one.appspot.com/objects/containers/repositories/library/web/tag_v1",
    "projects/_/buckets/us.artifacts.alpha-one.appspot.com/objects/containers/repositories/library/web/",
    "projects/_/buckets/artifacts.beta-two.appspot.com/objects/containers/repositories/library/api/tag_v2",
    "projects/_/buckets/artifacts.gone-three.appspot.com/objects/containers/repositories/library/api/tag_v2",
];
const PERMISSIONS: [&str; 9] = [
    "storage.objects.get",
    "storage.objects.list",
    "storage.objects.create",
    "storage.objects.delete",
    "storage.buckets.create",
    "storage.buckets.get",
    "iam.serviceAccounts.get",
    "resourcemanager.projects.get",
    "resourcemanager.projects.setIamPolicy",
];
/// What Artifact Registry calls the same.
const EQUIVALENTS: [(&str, &str); 8] = [
    (
        "storage.objects.get",
        "artifactregistry.repositories.downloadArtifacts",
    ),
    ("storage.objects.list", "artifactregistry.tags.list"),
    (
        "storage.objects.create",
        "artifactregistry.repositories.uploadArtifacts",
    ),
    ("storage.objects.update", "artifactregistry.tags.update"),
    (
        "storage.objects.delete",
        "artifactregistry.repositories.deleteArtifacts",
    ),
    (
        "storage.buckets.create",
        "artifactregistry.repositories.createOnPush",
    ),
    ("storage.buckets.get", "artifactregistry.repositories.get"),
    ("storage.buckets.list", "artifactregistry.repositories.list"),
];

/// A binding by its places in the tables above.
type ModelBinding = (usize, Vec<usize>, Option<usize>);

/// The policy of each holder, or none.
#[derive(Clone, Debug)]
struct World(Vec<Option<Vec<ModelBinding>>>);

fn binding() -> impl Strategy<Value = ModelBinding> {
    (
        0..ROLES.len(),
        proptest::collection::vec(0..MEMBERS.len(), 0..4),
        proptest::option::of(0..CONDITIONS.len()),
    )
}

fn world() -> impl Strategy<Value = World> {
    let policy = proptest::option::of(proptest::collection::vec(binding(), 0..5));
    proptest::collection::vec(policy, HOLDERS.len()).prop_map(World)
}

// ---- the model ----

fn project_of(resource: &str) -> Option<&str> {
    ["alpha-one", "beta-two", "gone-three"]
        .into_iter()
        .find(|project| resource.contains(project))
}

/// Whose policies count for a resource.
fn chain(resource: &str) -> Vec<String> {
    let mut chain = Vec::new();
    if let Some((bucket, _)) = resource.split_once("/objects/") {
        chain.push(bucket.to_owned());
    } else if resource.contains("/buckets/") || resource.contains("/serviceAccounts/") {
        chain.push(resource.to_owned());
    }
    chain.extend(project_of(resource).map(|project| format!("projects/{project}")));
    chain.push("organizations/0".to_owned());
    chain
}

fn policy_of(world: &World, holder: &str) -> Vec<(String, Vec<String>, Option<usize>)> {
    let place = HOLDERS.iter().position(|name| *name == holder);
    match place.and_then(|place| world.0[place].clone()) {
        Some(bindings) => bindings
            .into_iter()
            .map(|(role, members, condition)| {
                let members = members.into_iter().map(|m| MEMBERS[m].to_owned()).collect();
                (ROLES[role].to_owned(), members, condition)
            })
            .collect(),
        None if holder.contains("/buckets/") => {
            let project = project_of(holder).unwrap();
            let all = |names: &[&str]| names.iter().map(|n| format!("{n}:{project}")).collect();
            vec![
                (
                    "roles/storage.legacyBucketOwner".to_owned(),
                    all(&["projectOwner", "projectEditor"]),
                    None,
                ),
                (
                    "roles/storage.legacyBucketReader".to_owned(),
                    all(&["projectViewer"]),
                    None,
                ),
            ]
        }
        None => Vec::new(),
    }
}

fn role_has(role: &str, permission: &str) -> bool {
    let equivalent = EQUIVALENTS
        .iter()
        .find(|(name, _)| *name == permission)
        .map(|(_, other)| *other);
    match PredefinedRole::find(role) {
        Some(role) => role
            .permissions()
            .any(|p| p.as_str() == permission || Some(p.as_str()) == equivalent),
        None => role.ends_with("/puller") && permission == "storage.objects.get",
    }
}

fn is_named(world: &World, member: &str, principal: &Principal) -> bool {
    if let Some((kind, project)) = member.split_once(':')
        && let Some(role) = kind.strip_prefix("project")
    {
        return project != "gone-three"
            && policy_of(world, &format!("projects/{project}")).iter().any(
                |(bound, members, condition)| {
                    *bound == format!("roles/{}", role.to_lowercase())
                        && condition.is_none()
                        && members
                            .iter()
                            .any(|m| !m.starts_with("project") && is_named(world, m, principal))
                },
            );
    }
    match principal {
        Principal::Anonymous => member == "allUsers",
        Principal::Federated { principal, sets } => {
            member == "allUsers"
                || **principal == *member
                || sets.iter().any(|set| **set == *member)
        }
        Principal::User(email) => {
            member.starts_with("all")
                || member == format!("user:{email}")
                || member == format!("domain:{}", email.split_once('@').unwrap().1)
        }
        Principal::ServiceAccount(email) => {
            member.starts_with("all") || member == format!("serviceAccount:{email}")
        }
    }
}

fn model(world: &World, principal: &Principal, permission: &str, resource: &str) -> bool {
    if project_of(resource) == Some("gone-three")
        && !(resource == "projects/gone-three" && permission == "resourcemanager.projects.get")
    {
        return false;
    }
    chain(resource).iter().any(|holder| {
        policy_of(world, holder)
            .iter()
            .any(|(role, members, condition)| {
                role_has(role, permission)
                    && members
                        .iter()
                        .any(|member| is_named(world, member, principal))
                    && condition.is_none_or(|condition| CONDITIONS[condition].1(resource))
            })
    })
}

// ---- the registry, told to be that world ----

struct Fixture {
    runtime: tokio::runtime::Runtime,
    app: TestApp,
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let app = runtime.block_on(async {
        let app = TestApp::open().await;
        let owner = app.owner().await;
        for name in ["alpha-one", "beta-two", "gone-three"] {
            app.project(name).await;
        }
        app.delete_project(&owner, &ProjectId::parse("gone-three").unwrap())
            .await
            .unwrap();
        app.meta
            .write(Durability::Process, |transaction| {
                for (id, stage) in [("puller", "GA"), ("none", "DISABLED")] {
                    let project = ProjectId::parse("alpha-one").unwrap();
                    let role = CustomRole {
                        name: RoleName::custom(&project, id).unwrap(),
                        project,
                        title: String::new(),
                        description: String::new(),
                        stage: stage.to_owned(),
                        permissions: vec![OBJECTS_GET],
                        generation: 1,
                        deleted_at: None,
                    };
                    roles::insert(transaction, &role)?;
                }
                Ok::<_, Error>(())
            })
            .await
            .unwrap();
        app
    });
    Fixture { runtime, app }
});

/// Makes the registry that world: tests of this module take turns at it.
static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());

async fn install(world: &World) {
    let world = world.clone();
    FIXTURE
        .app
        .meta
        .write(Durability::Process, move |transaction| {
            for (holder, bindings) in HOLDERS.iter().zip(&world.0) {
                let on = resource(holder);
                let Some(bindings) = bindings else {
                    policies::delete(transaction, &on)?;
                    continue;
                };
                let bindings = bindings
                    .iter()
                    .map(|(role, members, condition)| Binding {
                        role: RoleName::parse(ROLES[*role]).unwrap(),
                        members: members
                            .iter()
                            .map(|member| Member::parse(MEMBERS[*member]).unwrap())
                            .collect(),
                        condition: condition.and_then(|c| super::condition(CONDITIONS[c].0)),
                    })
                    .collect();
                let policy = Policy {
                    bindings,
                    ..Policy::default()
                };
                policies::put(transaction, &on, &policy)?;
            }
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

fn callers() -> Vec<Caller> {
    let as_caller = |principal| Caller {
        principal,
        ..Caller::anonymous(origin())
    };
    let accounts = ACCOUNTS.map(|account| caller_named(&account["serviceAccount:".len()..]));
    let others = [
        Principal::Anonymous,
        Principal::User("dora@example.com".into()),
        Principal::User("dora@example.org".into()),
        Principal::Federated {
            principal: MEMBERS[15].into(),
            sets: vec![MEMBERS[16].into()],
        },
    ];
    accounts.into_iter().chain(others.map(as_caller)).collect()
}

fn resources() -> impl Iterator<Item = &'static str> {
    HOLDERS.into_iter().chain(OBJECTS)
}

fn permissions() -> impl Iterator<Item = Permission> {
    PERMISSIONS
        .into_iter()
        .map(|name| Permission::parse(name).unwrap())
}

/// Everything that is allowed: (who, what, on what) by their places.
async fn allowed(restriction: &Restriction) -> Vec<bool> {
    let mut allowed = Vec::new();
    for mut caller in callers() {
        caller.restriction = restriction.clone();
        for name in resources() {
            let on = resource(name);
            for permission in permissions() {
                let answer = FIXTURE.app.is_allowed(&caller, permission, &on).await;
                allowed.push(answer.unwrap());
            }
        }
    }
    allowed
}

fn implies(less: &[bool], more: &[bool]) -> bool {
    less.iter().zip(more).all(|(less, more)| !less || *more)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn the_decision_is_the_models(world in world()) {
        let _turn = TURN.lock();
        FIXTURE.runtime.block_on(async {
            install(&world).await;
            let mut answers = allowed(&Restriction::None).await.into_iter();
            for caller in callers() {
                for name in resources() {
                    for permission in permissions() {
                        let expected = model(&world, &caller.principal, permission.as_str(), name);
                        prop_assert_eq!(
                            answers.next(), Some(expected),
                            "{} {} {}", caller.principal, permission, name
                        );
                        // The explanation comes to the same answer, and names a binding exactly if there is one.
                        let on = resource(name);
                        let ground = FIXTURE.app.ground(&on).await.unwrap();
                        let question = Question::new(&caller.principal, permission, &on);
                        for all in [false, true] {
                            let decision = ground.decision(Some(&caller), &question, all);
                            prop_assert_eq!(decision.allowed, expected, "{}", decision);
                            prop_assert!(!expected || decision.granted_by().is_some());
                            prop_assert!(decision.to_string().len() < 2_000);
                        }
                    }
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_further_binding_never_takes_away(
        world in world(), holder in 0..HOLDERS.len(), further in binding(),
    ) {
        let _turn = TURN.lock();
        // A policy that replaces a bucket's initial one may well take away: this is about a further binding.
        prop_assume!(world.0[holder].is_some() || !HOLDERS[holder].contains("/buckets/"));
        let mut more = world.clone();
        more.0[holder].get_or_insert_default().push(further);
        FIXTURE.runtime.block_on(async {
            install(&world).await;
            let less_allowed = allowed(&Restriction::None).await;
            install(&more).await;
            let more_allowed = allowed(&Restriction::None).await;
            prop_assert!(implies(&less_allowed, &more_allowed));
            install(&world).await;
            prop_assert_eq!(allowed(&Restriction::None).await, less_allowed, "and its removal takes back just that");
            Ok(())
        })?;
    }

    #[test]
    fn a_restriction_only_narrows(
        world in world(),
        scopes in proptest::collection::vec(
            prop_oneof![
                Just("repository:alpha-one/web:pull"), Just("repository:alpha-one/web:push"),
                Just("repository:beta-two/api:*"), Just("repository:alpha-one:pull"), Just("registry:catalog:*"),
            ],
            0..4,
        ),
    ) {
        let _turn = TURN.lock();
        FIXTURE.runtime.block_on(async {
            install(&world).await;
            let all = allowed(&Restriction::None).await;
            let mut more: Vec<bool> = vec![false; all.len()];
            for floor in [OauthFloor::Nothing, OauthFloor::ReadOnly, OauthFloor::ReadWrite, OauthFloor::Full] {
                let less = more;
                more = allowed(&Restriction::Oauth(floor)).await;
                prop_assert!(implies(&less, &more));
            }
            prop_assert_eq!(&more, &all);
            let token = Restriction::Registry(Scope::parse_list(scopes.iter().copied()).into());
            let by_token = allowed(&token).await;
            prop_assert!(implies(&by_token, &all));
            let fewer = Restriction::Registry(Scope::parse_list(scopes.iter().copied().skip(1)).into());
            prop_assert!(implies(&allowed(&fewer).await, &by_token));
            Ok(())
        })?;
    }
}
