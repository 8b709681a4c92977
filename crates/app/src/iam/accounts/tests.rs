#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::testing::TestApp;

fn by_email(account: &ServiceAccount) -> AccountReference {
    AccountReference::Email(account.email.clone())
}

fn by_id(account: &ServiceAccount) -> AccountReference {
    AccountReference::UniqueId(account.unique_id.clone())
}

#[tokio::test]
async fn accounts_are_made_found_changed_and_listed() {
    let app = TestApp::open().await;
    let owner = app.owner().await;
    let project = app.project("my-project").await;
    for id in ["charlie", "alice1", "bobby1"] {
        let content = AccountChange {
            display_name: Some(format!("{id}'s")),
            description: None,
        };
        app.create_account(&owner, &project, id, content)
            .await
            .unwrap();
    }
    let page = app.list_accounts(&owner, &project, None, 2).await.unwrap();
    let ids: Vec<_> = page.iter().map(|a| a.email.account_id()).collect();
    assert_eq!(ids, ["alice1", "bobby1"]);
    let rest = app
        .list_accounts(&owner, &project, Some(&page[1].email), 2)
        .await
        .unwrap();
    assert_eq!(rest.len(), 1);
    let change = AccountChange {
        display_name: None,
        description: Some("pulls".to_owned()),
    };
    let changed = app
        .update_account(&owner, &by_id(&page[0]), change)
        .await
        .unwrap();
    assert_eq!(
        (changed.display_name.as_str(), changed.description.as_str()),
        ("alice1's", "pulls")
    );
    assert_eq!(changed.generation, 2);
    let read = app.get_account(&owner, &by_email(&page[0])).await.unwrap();
    assert_eq!(read, changed);
}

#[tokio::test]
async fn what_cannot_be_is_refused_clearly() {
    let app = TestApp::open().await;
    let owner = app.owner().await;
    let project = app.project("my-project").await;
    let create = async |id: &str, display_name: &str| {
        let content = AccountChange {
            display_name: Some(display_name.to_owned()),
            description: None,
        };
        app.create_account(&owner, &project, id, content).await
    };
    create("puller", "").await.unwrap();
    let again = create("puller", "").await;
    assert!(matches!(again, Err(Error::AlreadyExists(_))), "{again:?}");
    for (id, name) in [
        ("x", ""),
        ("Puller1", ""),
        ("second", &"x".repeat(101)),
        ("second", "\u{1b}[31m"),
    ] {
        let refused = create(id, name).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
    }
    let absent = ProjectId::parse("not-there").unwrap();
    let refused = app
        .create_account(&owner, &absent, "puller", AccountChange::default())
        .await;
    assert!(
        matches!(refused, Err(Error::NotFound { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_unique_id_tells_strangers_nothing() {
    let app = TestApp::open().await;
    let owner = app.owner().await;
    let (_, _, stranger) = app.account("stranger").await;
    let (account, _, _) = app.account("puller").await;
    let unknown = AccountReference::UniqueId("100000000000000000000".to_owned());
    let of_unknown = app.get_account(&stranger, &unknown).await.unwrap_err();
    let of_known = app.get_account(&stranger, &by_id(&account)).await;
    let of_known = of_known.unwrap_err();
    let (Error::Denied(unknown_denied), Error::Denied(known_denied)) = (&of_unknown, &of_known)
    else {
        panic!("{of_unknown:?} {of_known:?}")
    };
    assert_eq!(unknown_denied.resource, known_denied.resource);
    assert_eq!(unknown_denied.visible, known_denied.visible);
    assert_eq!(
        of_unknown
            .to_string()
            .replace("100000000000000000000", "ID"),
        of_known.to_string().replace(&account.unique_id, "ID")
    );
    let found = app.get_account(&owner, &by_id(&account)).await.unwrap();
    assert_eq!(found.email, account.email);
    let absent = app.get_account(&owner, &unknown).await;
    assert!(matches!(absent, Err(Error::NotFound { .. })), "{absent:?}");
}

#[tokio::test]
async fn policies_bury_a_deleted_account() {
    let app = TestApp::open().await;
    let owner = app.owner().await;
    let (account, _, _) = app.account("puller").await;
    let project = Resource::Project(account.project.clone());
    let role = wharf_types::RoleName::parse("roles/viewer").unwrap();
    let mut policy = wharf_types::Policy::default();
    policy.add(role, Member::ServiceAccount(account.email.clone()), None);
    app.set_policy(&owner, &project, policy).await.unwrap();
    app.delete_account(&owner, &by_email(&account))
        .await
        .unwrap();
    let policy = app.get_policy(&owner, &project).await.unwrap();
    assert_eq!(
        policy.bindings[0].members[0].to_string(),
        format!(
            "deleted:serviceAccount:{}?uid={}",
            account.email, account.unique_id
        )
    );
    let content = AccountChange::default();
    let anew = app
        .create_account(&owner, &account.project, "puller", content)
        .await
        .unwrap();
    assert_ne!(anew.unique_id, account.unique_id);
}

#[tokio::test]
async fn the_last_owner_stays() {
    let app = TestApp::open().await;
    let owner = app.owner().await;
    let email = ServiceAccountEmail::parse("owner@default.iam.gserviceaccount.com").unwrap();
    let reference = AccountReference::Email(email);
    let key = owner.key_id().unwrap().to_owned();
    let default = ProjectId::parse("default").unwrap();
    let refusals = [
        app.delete_account(&owner, &reference).await,
        app.set_account_disabled(&owner, &reference, true).await,
        app.set_key_disabled(&owner, &reference, &key, true).await,
        app.delete_key(&owner, &reference, &key).await,
        app.delete_project(&owner, &default).await.map(drop),
    ];
    for refused in refusals {
        assert!(
            matches!(&refused, Err(Error::FailedPrecondition(reason)) if reason.contains("owner")),
            "{refused:?}"
        );
    }
    assert!(app.get_account(&owner, &reference).await.is_ok());
    let (second, _, _) = app.account("second").await;
    let mut policy = app
        .get_policy(&owner, &Resource::Organization)
        .await
        .unwrap();
    policy.bindings[0]
        .members
        .push(Member::ServiceAccount(second.email.clone()));
    app.set_policy(&owner, &Resource::Organization, policy)
        .await
        .unwrap();
    app.set_account_disabled(&owner, &reference, true)
        .await
        .unwrap();
}
