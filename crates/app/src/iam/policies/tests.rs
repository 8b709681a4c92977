#![expect(clippy::unwrap_used, reason = "tests")]

use wharf_types::permission::{OBJECTS_GET, PROJECTS_GET, PROJECTS_SET_IAM_POLICY};
use wharf_types::{BucketName, Member, ProjectId, RoleName, ServiceAccountEmail};

use super::*;
use crate::iam::roles::RoleContent;
use crate::testing::{TestApp, caller_named, origin};

fn project() -> Resource {
    Resource::parse("projects/my-project").unwrap()
}

fn policy(json: serde_json::Value) -> Policy {
    serde_json::from_value(json).unwrap()
}

fn binding(role: &str, members: &[&str]) -> Policy {
    policy(serde_json::json!({"bindings": [{"role": role, "members": members}]}))
}

fn conditional(role: &str, member: &str, expression: &str) -> Policy {
    policy(serde_json::json!({"version": 3, "bindings": [{
        "role": role,
        "members": [member],
        "condition": {"title": "sometimes", "expression": expression},
    }]}))
}

struct Test {
    app: TestApp,
    owner: Caller,
}

impl Test {
    async fn new() -> Self {
        let app = TestApp::open().await;
        app.project("my-project").await;
        let owner = app.owner().await;
        Self { app, owner }
    }

    async fn set(&self, on: &Resource, policy: Policy) -> Result<Policy, Error> {
        self.app.set_policy(&self.owner, on, policy).await
    }

    async fn refusal(&self, on: &Resource, policy: Policy) -> String {
        match self.set(on, policy).await {
            Err(Error::Invalid { message, .. }) => message,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_policy_reads_back_as_it_was_set_with_its_etag() {
    let test = Test::new().await;
    let fresh = test.app.get_policy(&test.owner, &project()).await.unwrap();
    assert_eq!(fresh.bindings.len(), 1, "its creator owns it");
    assert_eq!(fresh.version, 1);
    let set = test
        .set(
            &project(),
            conditional(
                "roles/storage.objectViewer",
                "user:anna@example.com",
                "true",
            ),
        )
        .await
        .unwrap();
    assert_eq!(set.version, 3);
    assert_ne!(set.etag, fresh.etag);
    assert_eq!(
        test.app.get_policy(&test.owner, &project()).await.unwrap(),
        set
    );
    let condition = set.bindings[0].condition.as_ref().unwrap();
    assert_eq!(condition.expression, "true");
}

#[tokio::test]
async fn of_two_who_change_the_same_policy_the_second_is_told() {
    let test = Test::new().await;
    let read = test.app.get_policy(&test.owner, &project()).await.unwrap();
    let mut mine = binding("roles/viewer", &["user:anna@example.com"]);
    mine.etag.clone_from(&read.etag);
    test.set(&project(), mine.clone()).await.unwrap();
    let late = test.set(&project(), mine.clone()).await;
    assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
    mine.etag = Some(Etag(Vec::new()));
    let empty = test.set(&project(), mine.clone()).await;
    assert!(matches!(empty, Err(Error::Conflict(_))), "{empty:?}");
    // Without an etag it is meant to overwrite.
    mine.etag = None;
    test.set(&project(), mine).await.unwrap();
}

#[tokio::test]
async fn what_was_never_set_has_an_etag_too() {
    let test = Test::new().await;
    let (account, _, _) = test.app.account("reader").await;
    let on = Resource::ServiceAccount(account.email);
    let unset = test.app.get_policy(&test.owner, &on).await.unwrap();
    assert!(unset.bindings.is_empty());
    let mut first = binding("roles/iam.serviceAccountAdmin", &["user:anna@example.com"]);
    first.etag.clone_from(&unset.etag);
    test.set(&on, first.clone()).await.unwrap();
    let late = test.set(&on, first).await;
    assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
}

#[tokio::test]
async fn bindings_of_one_role_become_one() {
    let test = Test::new().await;
    let json = serde_json::json!({"bindings": [
        {"role": "roles/viewer", "members": ["user:anna@example.com", "user:Anna@Example.com"]},
        {"role": "roles/storage.objectViewer", "members": ["allUsers"]},
        {"role": "roles/viewer", "members": ["user:bert@example.com", "user:anna@example.com"]},
        {"role": "roles/browser", "members": []},
        {"role": "roles/browser"},
    ]});
    let set = test.set(&project(), policy(json)).await.unwrap();
    let names: Vec<_> = set
        .bindings
        .iter()
        .map(|b| (b.role.as_str(), b.members.len()))
        .collect();
    assert_eq!(
        names,
        [("roles/viewer", 2), ("roles/storage.objectViewer", 1)]
    );
}

#[tokio::test]
async fn a_bucket_begins_with_the_policy_that_cloud_storage_gives() {
    let test = Test::new().await;
    let name = BucketName::parse("artifacts.my-project.appspot.com").unwrap();
    test.app
        .create_bucket(&test.owner, &name, Default::default())
        .await
        .unwrap();
    let on = Resource::Bucket(name);
    let initial = test.app.get_policy(&test.owner, &on).await.unwrap();
    assert_eq!(
        serde_json::to_value(&initial.bindings).unwrap(),
        serde_json::json!([
            {"role": "roles/storage.legacyBucketOwner", "members": ["projectEditor:my-project", "projectOwner:my-project"]},
            {"role": "roles/storage.legacyBucketReader", "members": ["projectViewer:my-project"]},
        ])
    );
    // It can be written back, and emptied.
    let same = test.set(&on, initial).await.unwrap();
    assert_eq!(same.bindings.len(), 2);
    let emptied = test.set(&on, Policy::default()).await.unwrap();
    assert!(emptied.bindings.is_empty());
    assert!(
        test.app
            .get_policy(&test.owner, &on)
            .await
            .unwrap()
            .bindings
            .is_empty()
    );
}

#[tokio::test]
async fn policies_that_mean_nothing_or_too_much_are_refused() {
    let test = Test::new().await;
    let (_, _, reader) = test.app.account("reader").await;
    let account = Resource::parse(&format!(
        "projects/default/serviceAccounts/{}",
        reader
            .principal
            .to_string()
            .trim_start_matches("serviceAccount:")
    ))
    .unwrap();
    let anna = "user:anna@example.com";
    let puller = "roles/storage.objectViewer";
    let many: Vec<String> = (0..1_501)
        .map(|n| format!("user:u{n}@example.com"))
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for (on, policy, told) in [
        (
            project(),
            binding("roles/none", &[anna]),
            "there is no role roles/none",
        ),
        (
            project(),
            binding("projects/my-project/roles/none", &[anna]),
            "there is no role",
        ),
        (
            project(),
            binding("projects/your-project/roles/none", &[anna]),
            "another project",
        ),
        (
            Resource::Organization,
            binding("projects/my-project/roles/none", &[anna]),
            "another project",
        ),
        (
            account.clone(),
            binding(puller, &[anna]),
            "carries nothing that is decided there",
        ),
        (
            project(),
            binding("roles/resourcemanager.projectCreator", &[anna]),
            "carries nothing",
        ),
        (
            project(),
            binding(
                puller,
                &["serviceAccount:nobody@my-project.iam.gserviceaccount.com"],
            ),
            "does not exist",
        ),
        (
            project(),
            binding(puller, &["projectViewer:my-project"]),
            "buckets only",
        ),
        (
            Resource::Organization,
            binding(puller, &["allUsers"]),
            "would open every project",
        ),
        (
            account,
            binding(
                "roles/iam.serviceAccountKeyAdmin",
                &["allAuthenticatedUsers"],
            ),
            "give a service account away",
        ),
        (
            project(),
            binding("roles/owner", &["allUsers"]),
            "cannot be an owner",
        ),
        (
            project(),
            binding("roles/editor", &["allAuthenticatedUsers"]),
            "cannot be an owner or editor",
        ),
        (project(), binding(puller, &many), "1501 members"),
        (
            project(),
            conditional("roles/viewer", anna, "true"),
            "takes no condition",
        ),
        (
            project(),
            conditional(puller, "allUsers", "true"),
            "takes no condition",
        ),
        (
            project(),
            conditional(puller, anna, "resource.nmae == 'x'"),
            "resource.name",
        ),
        (project(), conditional(puller, anna, "1"), "true or false"),
        (
            project(),
            Policy {
                version: 1,
                ..conditional(puller, anna, "true")
            },
            "version 3",
        ),
        (
            project(),
            Policy {
                version: 2,
                ..binding(puller, &[anna])
            },
            "not a version",
        ),
    ] {
        let refused = test.refusal(&on, policy).await;
        assert!(refused.contains(told), "{refused}");
    }
    let mut untitled = conditional(puller, anna, "true");
    untitled.bindings[0]
        .condition
        .as_mut()
        .unwrap()
        .title
        .clear();
    assert!(
        test.refusal(&project(), untitled)
            .await
            .contains("no title")
    );
    let mut conditions = Policy::default();
    for number in 0..=limits::POLICY_CONDITIONS_MAX {
        let more = conditional(puller, anna, &format!("{number} == 0"));
        conditions.bindings.extend(more.bindings);
    }
    conditions.version = 3;
    assert!(
        test.refusal(&project(), conditions)
            .await
            .contains("with a condition")
    );
}

#[tokio::test]
async fn objects_have_no_policy() {
    let test = Test::new().await;
    let object = Resource::parse("projects/_/buckets/artifacts.my-project.appspot.com/objects/containers/repositories/library/web/tag_v1").unwrap();
    assert!(
        test.refusal(&object, Policy::default())
            .await
            .contains("set that of projects/_/buckets/")
    );
    assert!(test.app.get_policy(&test.owner, &object).await.is_err());
}

#[tokio::test]
async fn what_a_policy_has_already_may_stay() {
    let test = Test::new().await;
    let name = RoleName::parse("projects/my-project/roles/puller").unwrap();
    let content = RoleContent {
        permissions: Some(vec![OBJECTS_GET]),
        ..RoleContent::default()
    };
    test.app
        .create_role(&test.owner, &name, content)
        .await
        .unwrap();
    let set = test
        .set(
            &project(),
            binding(name.as_str(), &["user:anna@example.com"]),
        )
        .await
        .unwrap();
    test.app
        .delete_role(&test.owner, &name, None)
        .await
        .unwrap();
    // The role is gone, and whoever changes something else need not mend that first.
    let mut more = set.clone();
    more.add(
        RoleName::parse("roles/viewer").unwrap(),
        Member::parse("user:bert@example.com").unwrap(),
        None,
    );
    test.set(&project(), more).await.unwrap();
    test.set(&project(), Policy::default()).await.unwrap();
    assert!(
        test.refusal(
            &project(),
            binding(name.as_str(), &["user:anna@example.com"])
        )
        .await
        .contains("no role")
    );
}

#[tokio::test]
async fn nobody_locks_themselves_out_of_the_registry() {
    let test = Test::new().await;
    let on = Resource::Organization;
    for policy in [
        Policy::default(),
        binding("roles/owner", &["user:anna@example.com"]),
        binding("roles/viewer", &[&test.owner.principal.to_string()]),
    ] {
        let refused = test.set(&on, policy).await;
        assert!(
            matches!(refused, Err(Error::FailedPrecondition(_))),
            "{refused:?}"
        );
    }
    test.app
        .authorize(&test.owner, &[PROJECTS_GET], &on)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_policy_needs_its_permission_and_its_resource() {
    let test = Test::new().await;
    let stranger = caller_named("stranger@default.iam.gserviceaccount.com");
    let refused = test
        .app
        .set_policy(&stranger, &project(), Policy::default())
        .await;
    assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
    let refused = test.app.get_policy(&stranger, &project()).await;
    assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
    for absent in [
        "projects/no-project",
        "projects/_/buckets/artifacts.my-project.appspot.com",
        "projects/my-project/serviceAccounts/nobody@my-project.iam.gserviceaccount.com",
    ] {
        let absent = Resource::parse(absent).unwrap();
        for result in [
            test.app.get_policy(&test.owner, &absent).await,
            test.set(&absent, Policy::default()).await,
        ] {
            assert!(
                matches!(result, Err(Error::NotFound { .. })),
                "{absent}: {result:?}"
            );
        }
    }
}

#[tokio::test]
async fn everybody_can_test_what_they_may_and_nothing_more() {
    let test = Test::new().await;
    let (_, _, reader) = test.app.account("reader").await;
    let asked = vec![OBJECTS_GET, PROJECTS_SET_IAM_POLICY, PROJECTS_GET];
    let held = async |caller: &Caller, on: &Resource| {
        test.app
            .test_permissions(caller, on, asked.clone())
            .await
            .unwrap()
    };
    assert!(held(&reader, &project()).await.is_empty());
    test.set(
        &project(),
        binding(
            "roles/storage.objectViewer",
            &[&reader.principal.to_string()],
        ),
    )
    .await
    .unwrap();
    assert_eq!(held(&reader, &project()).await, [OBJECTS_GET, PROJECTS_GET]);
    assert!(
        held(&Caller::anonymous(origin()), &project())
            .await
            .is_empty()
    );
    let absent = Resource::parse("projects/no-project").unwrap();
    assert!(held(&reader, &absent).await.is_empty());
    let many = vec![OBJECTS_GET; 101];
    let refused = test.app.test_permissions(&reader, &project(), many).await;
    assert!(matches!(refused, Err(Error::Invalid { .. })));
}

#[tokio::test]
async fn a_condition_can_be_checked_before_it_is_used() {
    let test = Test::new().await;
    let lint = async |expression: &str| {
        let condition = Condition {
            expression: expression.to_owned(),
            title: "t".to_owned(),
            ..Condition::default()
        };
        test.app
            .lint_condition(&test.owner, condition)
            .await
            .unwrap()
    };
    assert_eq!(
        lint("request.time < timestamp('2030-01-01T00:00:00Z')").await,
        None
    );
    assert!(
        lint("request.time < '2030-01-01T00:00:00Z'")
            .await
            .unwrap()
            .contains("timestamp(")
    );
    let anonymous = test
        .app
        .lint_condition(&Caller::anonymous(origin()), Condition::default())
        .await;
    assert!(matches!(anonymous, Err(Error::Unauthenticated(_))));
}

#[tokio::test]
async fn an_account_made_anew_inherits_no_binding_and_no_policy() {
    use crate::iam::accounts::{AccountChange, AccountReference};
    let test = Test::new().await;
    let (account, _, reader) = test.app.account("reader").await;
    let reference = AccountReference::Email(account.email.clone());
    let own = Resource::ServiceAccount(account.email.clone());
    let viewer = binding(
        "roles/storage.objectViewer",
        &[&reader.principal.to_string()],
    );
    test.set(&project(), viewer).await.unwrap();
    test.set(
        &own,
        binding("roles/iam.serviceAccountAdmin", &["user:anna@example.com"]),
    )
    .await
    .unwrap();
    assert!(
        test.app
            .is_allowed(&reader, OBJECTS_GET, &project())
            .await
            .unwrap()
    );
    test.app
        .delete_account(&test.owner, &reference)
        .await
        .unwrap();
    let id = ProjectId::parse("default").unwrap();
    test.app
        .create_account(&test.owner, &id, "reader", AccountChange::default())
        .await
        .unwrap();
    assert!(
        !test
            .app
            .is_allowed(&reader, OBJECTS_GET, &project())
            .await
            .unwrap()
    );
    assert!(
        test.app
            .get_policy(&test.owner, &own)
            .await
            .unwrap()
            .bindings
            .is_empty()
    );
    let policy = test.app.get_policy(&test.owner, &project()).await.unwrap();
    let dead = policy.bindings[0].members[0].to_string();
    assert_eq!(
        dead,
        format!("deleted:{}?uid={}", reader.principal, account.unique_id)
    );
    let _: ServiceAccountEmail = account.email;
}
