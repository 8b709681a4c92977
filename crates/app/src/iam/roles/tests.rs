#![expect(clippy::unwrap_used, reason = "tests")]

use wharf_store::meta::Durability;
use wharf_types::permission::{OBJECTS_CREATE, OBJECTS_GET};

use super::*;
use crate::testing::{TestApp, caller_named};

fn name(id: &str) -> RoleName {
    RoleName::parse(&format!("projects/my-project/roles/{id}")).unwrap()
}

fn carrying(permissions: &[Permission]) -> RoleContent {
    RoleContent {
        permissions: Some(permissions.to_vec()),
        ..RoleContent::default()
    }
}

#[tokio::test]
async fn a_role_is_made_changed_deleted_and_restored() {
    let app = TestApp::open().await;
    let project = app.project("my-project").await;
    let owner = app.owner().await;
    let content = RoleContent {
        title: Some("Puller".to_owned()),
        ..carrying(&[OBJECTS_GET, OBJECTS_CREATE, OBJECTS_GET])
    };
    let made = app
        .create_role(&owner, &name("puller"), content)
        .await
        .unwrap();
    assert_eq!(made.permissions, [OBJECTS_CREATE, OBJECTS_GET]);
    assert_eq!((made.stage.as_str(), made.generation), ("GA", 1));
    let etag = Some(Etag::of_generation(1));
    let changed = app
        .update_role(
            &owner,
            &name("puller"),
            carrying(&[OBJECTS_GET]),
            etag.clone(),
        )
        .await
        .unwrap();
    assert_eq!(
        (changed.title.as_str(), changed.permissions.len()),
        ("Puller", 1)
    );
    let late = app
        .update_role(&owner, &name("puller"), carrying(&[]), etag.clone())
        .await;
    assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
    let late = app.delete_role(&owner, &name("puller"), etag).await;
    assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
    app.delete_role(&owner, &name("puller"), None)
        .await
        .unwrap();
    assert!(
        app.list_roles(&owner, &project, false)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        app.list_roles(&owner, &project, true).await.unwrap().len(),
        1
    );
    for refused in [
        app.update_role(&owner, &name("puller"), carrying(&[]), None)
            .await,
        app.delete_role(&owner, &name("puller"), None).await,
    ] {
        assert!(
            matches!(refused, Err(Error::FailedPrecondition(_))),
            "{refused:?}"
        );
    }
    let again = app
        .create_role(&owner, &name("puller"), carrying(&[]))
        .await;
    assert!(matches!(again, Err(Error::AlreadyExists(_))), "{again:?}");
    let restored = app
        .undelete_role(&owner, &name("puller"), None)
        .await
        .unwrap();
    assert_eq!(
        (restored.permissions, restored.deleted_at),
        (vec![OBJECTS_GET], None)
    );
    let twice = app.undelete_role(&owner, &name("puller"), None).await;
    assert!(
        matches!(twice, Err(Error::FailedPrecondition(_))),
        "{twice:?}"
    );
}

#[tokio::test]
async fn after_seven_days_a_deleted_role_stays_deleted() {
    let app = TestApp::open().await;
    app.project("my-project").await;
    let owner = app.owner().await;
    app.create_role(&owner, &name("puller"), carrying(&[]))
        .await
        .unwrap();
    let mut role = app
        .delete_role(&owner, &name("puller"), None)
        .await
        .unwrap();
    role.deleted_at = role
        .deleted_at
        .map(|at| at - limits::ROLE_RESTORE_MAX - std::time::Duration::from_secs(60));
    app.meta
        .write(Durability::Process, move |transaction| {
            Ok::<_, Error>(roles::update(transaction, &role)?)
        })
        .await
        .unwrap();
    let late = app.undelete_role(&owner, &name("puller"), None).await;
    assert!(
        matches!(late, Err(Error::FailedPrecondition(_))),
        "{late:?}"
    );
}

#[tokio::test]
async fn predefined_roles_are_everybodys_and_nobodys_to_change() {
    let app = TestApp::open().await;
    let owner = app.owner().await;
    let viewer = RoleName::parse("roles/storage.objectViewer").unwrap();
    let stranger = caller_named("stranger@default.iam.gserviceaccount.com");
    assert!(matches!(
        app.get_role(&stranger, &viewer).await,
        Ok(Role::Predefined(role)) if role.name == viewer.as_str()
    ));
    let unknown = RoleName::parse("roles/none").unwrap();
    assert!(matches!(
        app.get_role(&owner, &unknown).await,
        Err(Error::NotFound { .. })
    ));
    let refused = app.update_role(&owner, &viewer, carrying(&[]), None).await;
    assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_custom_role_is_its_projects() {
    let app = TestApp::open().await;
    app.project("my-project").await;
    let owner = app.owner().await;
    let stranger = caller_named("stranger@default.iam.gserviceaccount.com");
    let refused = app
        .create_role(&stranger, &name("puller"), carrying(&[]))
        .await;
    assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
    app.create_role(&owner, &name("puller"), carrying(&[]))
        .await
        .unwrap();
    assert!(matches!(
        app.get_role(&stranger, &name("puller")).await,
        Err(Error::Denied(_))
    ));
    let absent = RoleName::parse("projects/no-project/roles/puller").unwrap();
    let refused = app.create_role(&owner, &absent, carrying(&[])).await;
    assert!(
        matches!(refused, Err(Error::NotFound { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn what_a_role_says_is_checked() {
    let app = TestApp::open().await;
    app.project("my-project").await;
    let owner = app.owner().await;
    for content in [
        RoleContent {
            stage: Some("FINISHED".to_owned()),
            ..RoleContent::default()
        },
        RoleContent {
            title: Some("t".repeat(101)),
            ..RoleContent::default()
        },
        RoleContent {
            description: Some("t".repeat(257)),
            ..RoleContent::default()
        },
        carrying(&[OBJECTS_GET; 3_001]),
    ] {
        let refused = app.create_role(&owner, &name("puller"), content).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn grantable_roles_are_those_that_mean_something_there() {
    let app = TestApp::open().await;
    app.project("my-project").await;
    let owner = app.owner().await;
    app.create_role(&owner, &name("puller"), carrying(&[OBJECTS_GET]))
        .await
        .unwrap();
    let grantable = async |caller: &Caller, on: &str| -> Vec<String> {
        let on = Resource::parse(on).unwrap();
        let roles = app.grantable_roles(caller, &on).await.unwrap();
        roles
            .iter()
            .map(|role| match role {
                Role::Predefined(role) => role.name.to_owned(),
                Role::Custom(role) => role.name.to_string(),
            })
            .collect()
    };
    let on_bucket = grantable(
        &owner,
        "projects/_/buckets/artifacts.my-project.appspot.com",
    )
    .await;
    assert!(on_bucket.is_sorted());
    assert!(on_bucket.contains(&"projects/my-project/roles/puller".to_owned()));
    assert!(on_bucket.contains(&"roles/storage.objectViewer".to_owned()));
    assert!(!on_bucket.contains(&"roles/iam.serviceAccountAdmin".to_owned()));
    let stranger = caller_named("stranger@default.iam.gserviceaccount.com");
    let seen = grantable(&stranger, "projects/my-project").await;
    assert!(!seen.iter().any(|role| role.starts_with("projects/")));
}
