#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};
use wharf_types::Principal;

use super::*;
use crate::iam::authenticate::Credential;
use crate::testing::{TestApp, bearer, origin, sign_with};

const EMAIL: &str = "puller@default.iam.gserviceaccount.com";

/// The claims of a good assertion, with some replaced; `null` removes one.
fn claims(replaced: &Value) -> Value {
    let now = Timestamp::now().as_second();
    let mut claims = json!({
        "iss": EMAIL, "aud": "https://oauth2.googleapis.com/token", "iat": now, "exp": now + 3600,
        "scope": "https://www.googleapis.com/auth/cloud-platform",
    });
    for (name, value) in replaced.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    claims
}

async fn exchange(app: &TestApp, assertion: &SecretString) -> Result<IssuedToken, Error> {
    exchange_for(app, assertion, None).await
}

async fn exchange_for(
    app: &TestApp,
    assertion: &SecretString,
    scope: Option<&str>,
) -> Result<IssuedToken, Error> {
    match app.exchange_assertion(assertion, scope, &origin()).await? {
        Exchanged::Access(issued) => Ok(issued),
        Exchanged::Id(_) => panic!("an ID token"),
    }
}

async fn log_in(app: &TestApp, token: &SecretString) -> Result<Caller, Error> {
    app.authenticate(&bearer(token), origin()).await
}

fn scopes(texts: &[&str]) -> Vec<Scope> {
    Scope::parse_list(texts.iter().copied())
}

#[tokio::test]
async fn a_signed_assertion_is_worth_an_access_token() {
    let app = TestApp::open().await;
    let (_, key, _) = app.account("puller").await;
    for (replaced, floor) in [
        (json!({}), OauthFloor::Full),
        (json!({"scope": null}), OauthFloor::Full),
        (json!({"sub": EMAIL}), OauthFloor::Full),
        (
            json!({"aud": "http://127.0.0.1:5000/token"}),
            OauthFloor::Full,
        ),
        (
            json!({"aud": ["https://a.test", "http://127.0.0.1:5000"]}),
            OauthFloor::Full,
        ),
        (
            json!({"scope": "openid https://www.googleapis.com/auth/devstorage.read_only"}),
            OauthFloor::ReadOnly,
        ),
    ] {
        let issued = exchange(&app, &sign_with(&key.file, &claims(&replaced))).await;
        let issued = issued.unwrap();
        assert_eq!(issued.lifetime, limits::ACCESS_TOKEN_LIFETIME);
        let caller = log_in(&app, &issued.token).await.unwrap();
        assert_eq!(caller.restriction, Restriction::Oauth(floor));
        assert_eq!(caller.key_id(), Some(key.key.id.as_str()));
    }
    let assertion = sign_with(&key.file, &claims(&json!({})));
    let scope = "https://www.googleapis.com/auth/devstorage.read_write";
    let issued = exchange_for(&app, &assertion, Some(scope));
    let caller = log_in(&app, &issued.await.unwrap().token).await.unwrap();
    assert_eq!(
        caller.restriction,
        Restriction::Oauth(OauthFloor::ReadWrite)
    );
}

#[tokio::test]
async fn whoever_has_an_assertion_gets_no_more_than_its_signer_meant() {
    let app = TestApp::open().await;
    let (_, key, _) = app.account("puller").await;
    let read_only = json!({"scope": "https://www.googleapis.com/auth/devstorage.read_only"});
    let assertion = sign_with(&key.file, &claims(&read_only));
    for scope in [
        None,
        Some(""),
        Some("https://www.googleapis.com/auth/cloud-platform"),
        Some("https://www.googleapis.com/auth/devstorage.read_only"),
    ] {
        let issued = exchange_for(&app, &assertion, scope).await;
        let caller = log_in(&app, &issued.unwrap().token).await.unwrap();
        assert_eq!(
            caller.restriction,
            Restriction::Oauth(OauthFloor::ReadOnly),
            "{scope:?}"
        );
    }
}

#[tokio::test]
async fn assertions_that_prove_nothing_are_told_apart() {
    let app = TestApp::open().await;
    let (_, key, _) = app.account("puller").await;
    let (_, other, _) = app.account("pusher").await;
    let now = Timestamp::now().as_second();
    for (replaced, hint) in [
        (json!({"exp": now + 3_700}), "short-lived"),
        (json!({"iat": now - 4_000, "exp": now - 400}), "expired"),
        (json!({"iat": null}), "\"iat\""),
        (json!({"aud": "https://elsewhere.test/token"}), "\"aud\""),
        (
            json!({"aud": "https://googleapis.com.elsewhere.test/"}),
            "\"aud\"",
        ),
        (json!({"aud": null}), "\"aud\""),
        (
            json!({"iss": "owner@default.iam.gserviceaccount.com"}),
            "\"iss\"",
        ),
        (json!({"sub": "somebody@example.com"}), "delegation"),
    ] {
        let refused = exchange(&app, &sign_with(&key.file, &claims(&replaced))).await;
        let Err(Error::Unauthenticated(reason)) = refused else {
            panic!("{hint}: {refused:?}")
        };
        assert!(reason.contains(hint), "{hint}: {reason}");
    }
    let good = sign_with(&key.file, &claims(&json!({})));
    let foreign = sign_with(&other.file, &claims(&json!({})));
    let (head, _) = good.expose_secret().rsplit_once('.').unwrap();
    let (_, signature) = foreign.expose_secret().rsplit_once('.').unwrap();
    let forged = SecretString::from(format!("{head}.{signature}"));
    let refused = exchange(&app, &forged).await;
    assert!(
        matches!(&refused, Err(Error::Unauthenticated(reason)) if reason == "Invalid JWT Signature."),
        "{refused:?}"
    );
    let issued = exchange(&app, &good).await.unwrap();
    for malformed in ["", "a.b.c", "x", issued.token.expose_secret()] {
        let refused = exchange(&app, &SecretString::from(malformed)).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn self_signed_bearers_are_for_us_or_have_a_scope() {
    let app = TestApp::open().await;
    let (_, key, _) = app.account("puller").await;
    let try_one = async |replaced: &Value| {
        let token = sign_with(&key.file, &claims(replaced));
        log_in(&app, &token).await.map(|caller| caller.restriction)
    };
    let full = Ok(Restriction::Oauth(OauthFloor::Full));
    let plain = Ok(Restriction::None);
    for (replaced, expected) in [
        (json!({"sub": EMAIL, "aud": null}), &full),
        (
            json!({"sub": EMAIL, "scope": null, "aud": "http://127.0.0.1:5000/"}),
            &plain,
        ),
        (
            json!({"sub": EMAIL, "scope": null, "aud": "https://cloudkms.googleapis.com/"}),
            &plain,
        ),
    ] {
        assert_eq!(
            try_one(&replaced).await.map_err(|error| error.to_string()),
            *expected
        );
    }
    for replaced in [
        json!({"aud": null}),
        json!({"sub": EMAIL, "aud": null, "scope": null}),
        json!({"sub": EMAIL, "aud": "https://elsewhere.test/"}),
        json!({"sub": EMAIL, "aud": 7}),
        json!({"sub": EMAIL, "aud": null, "exp": 7}),
    ] {
        let refused = try_one(&replaced).await;
        assert!(
            matches!(refused, Err(Error::Unauthenticated(_))),
            "{replaced}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_self_signed_bearer_for_one_host_is_not_good_at_another() {
    let app = TestApp::open().await;
    let (_, key, _) = app.account("puller").await;
    let token = sign_with(
        &key.file,
        &claims(&json!({"sub": EMAIL, "scope": null, "aud": "http://127.0.0.1:5000/"})),
    );
    assert!(log_in(&app, &token).await.is_ok());
    let elsewhere = Origin {
        base_url: "http://other.test".into(),
        ..origin()
    };
    let refused = app.authenticate(&bearer(&token), elsewhere).await;
    assert!(matches!(refused, Err(Error::Unauthenticated(_))));
    assert!(log_in(&app, &token).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nor_when_both_hosts_are_asked_at_once() {
    let app = TestApp::open().await;
    let (_, key, _) = app.account("puller").await;
    for number in 0..50 {
        let there =
            json!({"sub": EMAIL, "scope": null, "aud": "http://127.0.0.1:5000/", "n": number});
        let token = sign_with(&key.file, &claims(&there));
        let ask = |base_url: &str| {
            let (app, credential) = (std::sync::Arc::clone(&app), bearer(&token));
            let origin = Origin {
                base_url: base_url.into(),
                ..origin()
            };
            tokio::spawn(async move { app.authenticate(&credential, origin).await.is_ok() })
        };
        let asked = [
            ask("http://127.0.0.1:5000"),
            ask("http://other.test"),
            ask("http://127.0.0.1:5000"),
            ask("http://other.test"),
        ];
        for (place, answer) in asked.into_iter().enumerate() {
            assert_eq!(answer.await.unwrap(), place % 2 == 0, "round {number}");
        }
    }
}

#[tokio::test]
async fn a_registry_token_never_widens_what_it_was_issued_on() {
    let app = TestApp::open().await;
    let (_, _, mut caller) = app.account("puller").await;
    let asked = scopes(&[
        "repository:my-project/a:pull,push,delete repository:my-project/b:pull registry:catalog:*",
    ]);
    let carried = async |caller: &Caller, asked: &[Scope]| {
        let issued = app.issue_registry_token(caller, asked).await.unwrap();
        let caller = log_in(&app, &issued.token).await.unwrap();
        match &caller.restriction {
            Restriction::Registry(scopes) => (scopes.to_vec(), caller.clone()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(carried(&caller, &asked).await.0, asked);
    caller.restriction = Restriction::Oauth(OauthFloor::ReadOnly);
    assert_eq!(
        carried(&caller, &asked).await.0,
        scopes(&["repository:my-project/a:pull repository:my-project/b:pull registry:catalog:*"])
    );
    caller.restriction = Restriction::Oauth(OauthFloor::Nothing);
    assert!(carried(&caller, &asked).await.0.is_empty());
    caller.restriction = Restriction::None;
    let (_, narrow) = carried(&caller, &scopes(&["repository:my-project/a:pull"])).await;
    assert_eq!(
        carried(&narrow, &asked).await.0,
        scopes(&["repository:my-project/a:pull"])
    );
    let (_, pusher) = carried(&caller, &scopes(&["repository:my-project/a:push"])).await;
    assert_eq!(
        carried(&pusher, &asked).await.0,
        scopes(&["repository:my-project/a:push,delete"])
    );
}

#[tokio::test]
async fn a_registry_token_ends_with_the_credential_and_stays_a_bearer() {
    let app = TestApp::open().await;
    let (_, _, mut caller) = app.account("puller").await;
    let issued = app.issue_registry_token(&caller, &[]).await.unwrap();
    assert_eq!(issued.lifetime, limits::REGISTRY_TOKEN_LIFETIME);
    caller.expires_at = Some(Timestamp::now() + Duration::from_secs(100));
    let issued = app.issue_registry_token(&caller, &[]).await.unwrap();
    assert!((98..=100).contains(&issued.lifetime.as_secs()));
    caller.expires_at = Some(Timestamp::now() - Duration::from_secs(1));
    let issued = app.issue_registry_token(&caller, &[]).await.unwrap();
    let refused = log_in(&app, &issued.token).await.unwrap_err();
    assert!(refused.to_string().contains("expired"), "{refused}");
    let long: Vec<_> = (0..limits::TOKEN_SCOPES_MAX)
        .map(|n| format!("repository:my-project/{}{n}:pull", "a".repeat(230)))
        .collect();
    let long: Vec<_> = long.iter().map(String::as_str).collect();
    caller.expires_at = None;
    let issued = app
        .issue_registry_token(&caller, &scopes(&long))
        .await
        .unwrap();
    assert!(log_in(&app, &issued.token).await.is_ok());
}

#[tokio::test]
async fn the_anonymous_caller_has_tokens_too() {
    let app = TestApp::open().await;
    let anonymous = app.authenticate(&Credential::None, origin()).await.unwrap();
    let issued = app
        .issue_registry_token(&anonymous, &scopes(&["repository:my-project/a:pull"]))
        .await
        .unwrap();
    let caller = log_in(&app, &issued.token).await.unwrap();
    assert_eq!(caller.principal, Principal::Anonymous);
    assert!(matches!(&caller.restriction, Restriction::Registry(scopes) if scopes.len() == 1));
}

#[tokio::test]
async fn issued_tokens_are_in_the_audit_log_without_themselves() {
    let app = TestApp::open().await;
    let (_, _, caller) = app.account("puller").await;
    let issued = app
        .issue_registry_token(&caller, &scopes(&["repository:my-project/a:pull"]))
        .await
        .unwrap();
    app.close().await;
    let log = std::fs::read_to_string(app.folder.path().join("audit.jsonl")).unwrap();
    let line = log
        .lines()
        .find(|line| line.contains("token_issued"))
        .unwrap();
    assert!(
        line.contains("repository:my-project/a:pull") && line.contains(EMAIL),
        "{line}"
    );
    assert!(!log.contains(issued.token.expose_secret()));
}
