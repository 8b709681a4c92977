#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::testing::{TestApp, origin, sign_with};

#[tokio::test]
async fn a_key_file_leads_back_to_this_registry() {
    let app = TestApp::open().await;
    let (account, key, _) = app.account("puller").await;
    let file: serde_json::Value = serde_json::from_str(key.file.expose_secret()).unwrap();
    assert_eq!(file["token_uri"], "http://127.0.0.1:5000/token");
    assert_eq!(file["client_id"], account.unique_id.as_str());
    assert_eq!(file["private_key_id"], key.key.id.as_str());
    assert_eq!(key.key.valid_before, NEVER);
    assert!(public_key_pem(&key.key).starts_with("-----BEGIN PUBLIC KEY-----\n"));
}

#[tokio::test]
async fn keys_expire_when_they_were_asked_to() {
    let app = TestApp::open().await;
    let owner = app.owner().await;
    let (account, _, _) = app.account("puller").await;
    let reference = AccountReference::Email(account.email);
    let hour = Duration::from_secs(3_600);
    let key = app.create_key(&owner, &reference, Some(hour)).await;
    let key = key.unwrap().key;
    assert_eq!(key.valid_before, key.valid_after + hour);
    let forever = app
        .create_key(&owner, &reference, Some(Duration::MAX))
        .await;
    assert_eq!(forever.unwrap().key.valid_before, NEVER);
    let none = app
        .create_key(&owner, &reference, Some(Duration::ZERO))
        .await;
    assert!(none.is_err());
}

#[tokio::test]
async fn an_account_has_ten_keys_at_most() {
    let app = TestApp::open().await;
    let owner = app.owner().await;
    let (account, first, _) = app.account("puller").await;
    let reference = AccountReference::Email(account.email.clone());
    let public_key = first.key.public_key.clone();
    app.meta
        .write(Durability::Process, move |transaction| {
            for number in 1..limits::KEYS_PER_ACCOUNT_MAX {
                let key = ServiceAccountKey {
                    id: format!("{number:040}"),
                    account: account.email.clone(),
                    public_key: public_key.clone(),
                    origin: KeyOrigin::KeyFile,
                    disabled: false,
                    valid_after: NEVER,
                    valid_before: NEVER,
                    last_used_at: None,
                };
                keys::insert(transaction, &key)?;
            }
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    let refused = app.create_key(&owner, &reference, None).await.err();
    assert!(
        matches!(&refused, Some(Error::FailedPrecondition(reason)) if reason.contains("10 keys")),
        "{refused:?}"
    );
    let listed = app.list_keys(&owner, &reference).await.unwrap();
    assert_eq!(listed.len(), limits::KEYS_PER_ACCOUNT_MAX);
    app.delete_key(&owner, &reference, &listed[0].id)
        .await
        .unwrap();
    assert!(app.create_key(&owner, &reference, None).await.is_ok());
}

#[tokio::test]
async fn an_uploaded_key_signs_for_its_account() {
    let app = TestApp::open().await;
    let owner = app.owner().await;
    let (account, key, _) = app.account("puller").await;
    let (other, _, _) = app.account("pusher").await;
    let reference = AccountReference::Email(other.email.clone());
    let pem = public_key_pem(&key.key);
    let uploaded = app.upload_key(&owner, &reference, &pem).await.unwrap();
    assert_eq!(uploaded.origin, KeyOrigin::Uploaded);
    let again = app.upload_key(&owner, &reference, &pem).await;
    assert!(matches!(again, Err(Error::AlreadyExists(_))), "{again:?}");
    let now = Timestamp::now().as_second();
    let file = key.file.expose_secret().replace(&key.key.id, &uploaded.id);
    let assertion = sign_with(
        &SecretString::from(file),
        &serde_json::json!({
            "iss": other.email.as_str(), "aud": "http://127.0.0.1:5000/token", "iat": now, "exp": now + 60,
        }),
    );
    app.exchange_assertion(&assertion, None, &origin())
        .await
        .unwrap();
    let wrong = AccountReference::Email(account.email);
    let hidden = app.get_key(&owner, &wrong, &uploaded.id).await;
    assert!(matches!(hidden, Err(Error::NotFound { .. })), "{hidden:?}");
}
