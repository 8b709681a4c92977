#![expect(clippy::unwrap_used, reason = "tests")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt as _;
use serde_json::json;
use wharf_store::meta::Durability;
use wharf_types::ProjectId;

use wharf_types::Principal;

use super::*;
use crate::iam::accounts::AccountReference;
use crate::iam::tokens::Exchanged;
use crate::testing::{TestApp, bearer, key_credential, origin, sign_with};

fn basic(user: &str, password: &str) -> Credential {
    Credential::Basic {
        user: user.to_owned(),
        password: SecretString::from(password.to_owned()),
    }
}

async fn refusal(app: &TestApp, credential: &Credential) -> String {
    match app.authenticate(credential, origin()).await {
        Err(Error::Unauthenticated(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

/// Every form in which the holder of a key file can prove to be one.
async fn all_forms(app: &TestApp, file: &SecretString, caller: &Caller) -> Vec<Credential> {
    let now = Timestamp::now().as_second();
    let email = match &caller.principal {
        Principal::ServiceAccount(email) => email.to_string(),
        other => panic!("{other}"),
    };
    let assertion = json!({
        "iss": email, "sub": email, "aud": "http://127.0.0.1:5000/", "iat": now, "exp": now + 3600,
    });
    let assertion = sign_with(file, &assertion);
    let Exchanged::Access(access) = app
        .exchange_assertion(&assertion, None, &origin())
        .await
        .unwrap()
    else {
        panic!("no access token");
    };
    let registry = app.issue_registry_token(caller, &[]).await.unwrap();
    vec![
        key_credential(file),
        basic("_json_key_base64", &STANDARD.encode(file.expose_secret())),
        bearer(&access.token),
        bearer(&registry.token),
        bearer(&assertion),
    ]
}

#[tokio::test]
async fn every_spelling_of_every_client_logs_in() {
    let app = TestApp::open().await;
    let (account, key, caller) = app.account("puller").await;
    let forms = all_forms(&app, &key.file, &caller).await;
    for credential in &forms {
        let caller = app.authenticate(credential, origin()).await.unwrap();
        assert_eq!(
            caller.principal,
            Principal::ServiceAccount(account.email.clone())
        );
        assert_eq!(caller.key_id(), Some(key.key.id.as_str()));
    }
    let Credential::Bearer(token) = &forms[2] else {
        panic!()
    };
    for user in [
        "oauth2accesstoken",
        "_token",
        "gclouddockertoken",
        "_dcgcloud_token",
        "_dcgcr_2.1.0_token",
    ] {
        let credential = basic(user, &format!("{}\n", token.expose_secret()));
        assert!(app.authenticate(&credential, origin()).await.is_ok());
    }
    let anonymous = app.authenticate(&Credential::None, origin()).await.unwrap();
    assert_eq!(anonymous.principal, Principal::Anonymous);
}

#[tokio::test]
async fn mistakes_get_a_hint_and_an_audit_record_without_the_secret() {
    let app = TestApp::open().await;
    let (account, key, _) = app.account("puller").await;
    let file = key.file.expose_secret();
    for (credential, hint) in [
        (basic(account.email.as_str(), file), "_json_key"),
        (basic("somebody", file), "_json_key"),
        (basic("", file), "_json_key"),
        (basic("_json_key", "key.json"), "path"),
        (
            basic("_json_key", &STANDARD.encode(file)),
            "_json_key_base64",
        ),
        (basic("_json_key", &"x".repeat(20_000)), "longer than"),
        (basic("oauth2accesstoken", "nonsense"), "not a JWT"),
        (
            basic("_json_key", &file.replace(&key.key.id, &"0".repeat(40))),
            "not known here",
        ),
        (
            basic("_json_key", &file.replace("puller@", "owner@")),
            "another service account",
        ),
    ] {
        let reason = refusal(&app, &credential).await;
        assert!(reason.contains(hint), "{hint}: {reason}");
    }
    app.close().await;
    let log = std::fs::read_to_string(app.folder.path().join("audit.jsonl")).unwrap();
    assert!(log.contains("authentication_failed") && log.contains("not known here"));
    assert!(!log.contains("PRIVATE KEY") && !log.contains("nonsense"));
}

#[tokio::test]
async fn a_private_key_of_another_key_proves_nothing() {
    let app = TestApp::open().await;
    let (_, one, _) = app.account("puller").await;
    let (_, two, _) = app.account("pusher").await;
    let mixed = one
        .file
        .expose_secret()
        .replace(&one.key.id, &two.key.id)
        .replace("puller@", "pusher@");
    let reason = refusal(&app, &basic("_json_key", &mixed)).await;
    assert!(reason.contains("does not belong"), "{reason}");
}

#[tokio::test]
async fn what_is_revoked_stops_with_the_next_request_in_every_form() {
    let app = TestApp::open().await;
    let owner = app.owner().await;
    let (account, key, caller) = app.account("puller").await;
    let reference = AccountReference::Email(account.email.clone());
    let forms = all_forms(&app, &key.file, &caller).await;
    let all_refused = async |reason: &str| {
        for credential in &forms {
            let told = refusal(&app, credential).await;
            assert!(told.contains(reason), "{reason}: {told}");
        }
    };
    let all_accepted = async || {
        for credential in &forms {
            app.authenticate(credential, origin()).await.unwrap();
        }
    };
    all_accepted().await;
    app.set_key_disabled(&owner, &reference, &key.key.id, true)
        .await
        .unwrap();
    all_refused("iam.serviceAccountKeys.enable").await;
    app.set_key_disabled(&owner, &reference, &key.key.id, false)
        .await
        .unwrap();
    all_accepted().await;
    app.set_account_disabled(&owner, &reference, true)
        .await
        .unwrap();
    all_refused("iam.serviceAccounts.enable").await;
    app.set_account_disabled(&owner, &reference, false)
        .await
        .unwrap();
    all_accepted().await;
    app.delete_key(&owner, &reference, &key.key.id)
        .await
        .unwrap();
    all_refused("was deleted").await;
    app.delete_account(&owner, &reference).await.unwrap();
    all_refused("was deleted").await;
    // Somebody new under the old address is somebody else.
    let project = ProjectId::parse("default").unwrap();
    app.create_account(&owner, &project, "puller", Default::default())
        .await
        .unwrap();
    all_refused("was deleted").await;
}

#[tokio::test]
async fn a_deleted_project_takes_its_accounts_along_until_it_is_restored() {
    let app = TestApp::open().await;
    let owner = app.owner().await;
    let project = app.project("my-project").await;
    let account = app
        .create_account(&owner, &project, "puller", Default::default())
        .await
        .unwrap();
    let reference = AccountReference::Email(account.email);
    let key = app.create_key(&owner, &reference, None).await.unwrap();
    let credential = key_credential(&key.file);
    app.authenticate(&credential, origin()).await.unwrap();
    app.delete_project(&owner, &project).await.unwrap();
    let reason = refusal(&app, &credential).await;
    assert!(reason.contains("project my-project"), "{reason}");
    app.undelete_project(&owner, &project).await.unwrap();
    app.authenticate(&credential, origin()).await.unwrap();
}

#[tokio::test]
async fn an_expired_key_is_refused_in_every_form() {
    let app = TestApp::open().await;
    let (_, key, caller) = app.account("puller").await;
    let forms = all_forms(&app, &key.file, &caller).await;
    let mut expired = key.key.clone();
    expired.valid_before = Timestamp::now();
    app.meta
        .write(Durability::Machine, move |transaction| {
            keys::delete(transaction, &expired)?;
            keys::insert(transaction, &expired)?;
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    for credential in &forms {
        let reason = refusal(&app, credential).await;
        assert!(reason.contains("expired at 2"), "{reason}");
    }
}

#[tokio::test]
async fn tokens_survive_a_restart_and_another_registry_refuses_them() {
    let app = TestApp::open().await;
    let (_, key, caller) = app.account("puller").await;
    let forms = all_forms(&app, &key.file, &caller).await;
    let app = app.reopen().await;
    for credential in &forms {
        app.authenticate(credential, origin()).await.unwrap();
    }
    let other = TestApp::open().await;
    for (credential, hint) in forms.iter().zip([
        "another registry",
        "another registry",
        "not issued by",
        "not issued by",
        "another registry",
    ]) {
        let reason = refusal(&other, credential).await;
        assert!(reason.contains(hint), "{reason}");
    }
}

#[tokio::test]
async fn the_use_of_a_key_is_noted_once_an_hour() {
    let app = TestApp::open().await;
    let (_, key, _) = app.account("puller").await;
    let used = async || {
        app.find_key(&key.key.id)
            .await
            .unwrap()
            .unwrap()
            .last_used_at
    };
    while used().await.is_none() {
        tokio::task::yield_now().await;
    }
    let first = used().await;
    for _ in 0..3 {
        app.log_in(&key.file).await;
    }
    assert_eq!(used().await, first);
}

#[tokio::test]
async fn many_who_bring_the_same_key_at_once_are_all_let_in() {
    let app = TestApp::open().await;
    let (_, key, _) = app.account("puller").await;
    let app = app.reopen().await;
    let nodes = (0..20).map(|_| app.log_in(&key.file));
    let callers = futures_util::future::join_all(nodes).await;
    assert!(
        callers
            .iter()
            .all(|caller| caller.key_id() == Some(&*key.key.id))
    );
}

#[tokio::test]
async fn a_credential_that_was_seen_is_checked_without_waiting() {
    fn sent<T: Send>(future: T) -> T {
        future
    }
    let app = TestApp::open().await;
    let (_, key, caller) = app.account("puller").await;
    let forms = all_forms(&app, &key.file, &caller).await;
    for credential in &forms {
        app.authenticate(credential, origin()).await.unwrap();
        let again = sent(app.authenticate(credential, origin()));
        assert!(again.now_or_never().is_some_and(|caller| caller.is_ok()));
    }
}
