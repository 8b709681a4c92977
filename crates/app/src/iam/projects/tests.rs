#![expect(clippy::unwrap_used, reason = "tests")]

use jiff::Timestamp;

use super::*;
use crate::testing::TestApp;

#[tokio::test]
async fn who_creates_a_project_owns_it_and_others_do_not_see_it() {
    let app = TestApp::open().await;
    let owner = app.owner().await;
    let (account, _, maker) = app.account("maker1").await;
    let id = ProjectId::parse("my-project").unwrap();
    let refused = app
        .create_project(&maker, &id, ProjectChange::default())
        .await;
    assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
    let role = RoleName::parse("roles/resourcemanager.projectCreator").unwrap();
    let mut policy = app
        .get_policy(&owner, &Resource::Organization)
        .await
        .unwrap();
    policy.add(role, Member::ServiceAccount(account.email), None);
    app.set_policy(&owner, &Resource::Organization, policy)
        .await
        .unwrap();
    let project = app
        .create_project(&maker, &id, ProjectChange::default())
        .await
        .unwrap();
    assert_eq!(
        app.project_of_number(&maker, project.number).await.unwrap(),
        id
    );
    let hidden = app.project_of_number(&maker, 1).await.unwrap_err();
    assert!(matches!(hidden, Error::Denied(_)), "{hidden:?}");
    let absent = app.project_of_number(&owner, 1).await.unwrap_err();
    assert!(matches!(absent, Error::NotFound { .. }), "{absent:?}");
    assert_eq!(app.get_project(&maker, &id).await.unwrap(), project);
    let seen = app.list_projects(&maker, None, 10).await.unwrap();
    assert_eq!(seen, [project]);
    let all = app.list_projects(&owner, None, 10).await.unwrap();
    assert_eq!(all.len(), 2);
    let rest = app
        .list_projects(&owner, Some(&all[0].id), 10)
        .await
        .unwrap();
    assert_eq!(rest, all[1..]);
    let (_, _, stranger) = app.account("stranger").await;
    assert!(
        app.list_projects(&stranger, None, 10)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn projects_change_and_keep_their_name_when_deleted() {
    let app = TestApp::open().await;
    let owner = app.owner().await;
    let id = app.project("my-project").await;
    let change = ProjectChange {
        display_name: Some("Mine".to_owned()),
        labels: Some([("team".to_owned(), "web".to_owned())].into()),
        strict_deletes: Some(true),
    };
    let changed = app.update_project(&owner, &id, change).await.unwrap();
    assert!(changed.strict_deletes && changed.generation == 2);
    assert_eq!(*app.find_project(&id).await.unwrap().unwrap(), changed);
    for (key, value) in [("Team", "web"), ("1", "web"), ("team", "Web")] {
        let change = ProjectChange {
            labels: Some([(key.to_owned(), value.to_owned())].into()),
            ..ProjectChange::default()
        };
        let refused = app.update_project(&owner, &id, change).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
    }
    let deleted = app.delete_project(&owner, &id).await.unwrap();
    assert!(deleted.deleted_at.is_some());
    let again = app
        .create_project(&owner, &id, ProjectChange::default())
        .await;
    assert!(matches!(again, Err(Error::AlreadyExists(_))), "{again:?}");
    let restored = app.undelete_project(&owner, &id).await.unwrap();
    assert_eq!(restored.display_name, "Mine");
    let twice = app.undelete_project(&owner, &id).await;
    assert!(
        matches!(twice, Err(Error::FailedPrecondition(_))),
        "{twice:?}"
    );
}

#[tokio::test]
async fn after_thirty_days_a_deleted_project_stays_deleted() {
    let app = TestApp::open().await;
    let owner = app.owner().await;
    let id = app.project("my-project").await;
    let long_ago =
        Timestamp::now() - limits::PROJECT_RESTORE_MAX - std::time::Duration::from_secs(60);
    app.change_project(&id, move |project| {
        project.deleted_at = Some(long_ago);
        Ok(())
    })
    .await
    .unwrap();
    let refused = app.undelete_project(&owner, &id).await;
    assert!(
        matches!(refused, Err(Error::FailedPrecondition(_))),
        "{refused:?}"
    );
}
