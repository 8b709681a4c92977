#![expect(clippy::unwrap_used, reason = "tests")]

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use wharf_types::permission::{OBJECTS_CREATE, OBJECTS_GET, PROJECTS_GET};
use wharf_types::scope::OauthFloor;
use wharf_types::{Binding, Resource};

use super::*;
use crate::iam::accounts::{AccountChange, ServiceAccount};
use crate::iam::jwt;
use crate::iam::keys::NewKey;
use crate::iam::tokens::Exchanged;
use crate::testing::{TestApp, bearer, origin};
use crate::{Holder, Restriction};

const CLOUD_PLATFORM: &str = "https://www.googleapis.com/auth/cloud-platform";

fn target(account: &ServiceAccount, delegates: &[&ServiceAccount]) -> Target {
    let named = |account: &ServiceAccount| AccountReference::Email(account.email.clone());
    Target {
        account: named(account),
        delegates: delegates.iter().map(|account| named(account)).collect(),
    }
}

/// Gives a role on an account to whoever has another.
async fn grant(app: &TestApp, on: &ServiceAccount, role: &str, to: &ServiceAccount) {
    let owner = app.owner().await;
    let on = Resource::ServiceAccount(on.email.clone());
    let mut policy = app.get_policy(&owner, &on).await.unwrap();
    policy.bindings.push(Binding {
        role: role.parse().unwrap(),
        members: vec![format!("serviceAccount:{}", to.email).parse().unwrap()],
        condition: None,
    });
    app.set_policy(&owner, &on, policy).await.unwrap();
}

async fn token(app: &TestApp, caller: &Caller, target: &Target) -> Result<IssuedToken, Error> {
    let scopes = [CLOUD_PLATFORM.to_owned()];
    app.generate_access_token(caller, target, &scopes, None)
        .await
}

async fn log_in(app: &TestApp, token: &SecretString) -> Result<Caller, Error> {
    app.authenticate(&bearer(token), origin()).await
}

/// Why a token is refused now.
async fn refusal(app: &TestApp, token: &SecretString) -> String {
    match log_in(app, token).await {
        Err(Error::Unauthenticated(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

/// A robot, and a deployer that may act as it, with a token by which it does.
struct Acting {
    app: TestApp,
    robot: ServiceAccount,
    deployer: ServiceAccount,
    key: NewKey,
    caller: Caller,
    token: SecretString,
}

async fn acting() -> Acting {
    let app = TestApp::open().await;
    let (robot, _, _) = app.account("robot-1").await;
    let (deployer, key, caller) = app.account("deployer").await;
    grant(
        &app,
        &robot,
        "roles/iam.serviceAccountTokenCreator",
        &deployer,
    )
    .await;
    let issued = token(&app, &caller, &target(&robot, &[])).await.unwrap();
    assert_eq!(issued.lifetime, Duration::from_secs(3_600));
    Acting {
        token: issued.token,
        app,
        robot,
        deployer,
        key,
        caller,
    }
}

fn reference(account: &ServiceAccount) -> AccountReference {
    AccountReference::Email(account.email.clone())
}

#[tokio::test]
async fn whoever_may_act_as_an_account_is_it_and_the_log_says_who_it_was() {
    let acting = acting().await;
    let app = &acting.app;
    let robot = log_in(app, &acting.token).await.unwrap();
    assert_eq!(
        robot.principal,
        Principal::ServiceAccount(acting.robot.email.clone())
    );
    assert_eq!(robot.restriction, Restriction::Oauth(OauthFloor::Full));
    assert_eq!(robot.delegation(), vec![acting.caller.principal.clone()]);
    assert_eq!(robot.key_id(), Some(acting.key.key.id.as_str()));
    let project = Resource::parse("projects/default").unwrap();
    let _ = app.authorize(&robot, &[PROJECTS_GET], &project).await;
    app.close().await;
    let log = std::fs::read_to_string(app.folder.path().join("audit.jsonl")).unwrap();
    let last: serde_json::Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    assert_eq!(
        last["principal"],
        format!("serviceAccount:{}", acting.robot.email)
    );
    assert_eq!(
        last["delegation"],
        serde_json::json!([format!("serviceAccount:{}", acting.deployer.email)])
    );
    assert_eq!(last["key_id"], acting.key.key.id);
}

#[tokio::test]
async fn without_the_permission_nobody_acts_as_an_account() {
    let acting = acting().await;
    let (app, caller) = (&acting.app, &acting.caller);
    let (other, _, _) = app.account("other-1").await;
    for role in [
        None,
        Some("roles/iam.serviceAccountUser"),
        Some("roles/iam.serviceAccountOpenIdTokenCreator"),
    ] {
        if let Some(role) = role {
            grant(app, &other, role, &acting.deployer).await;
        }
        let refused = token(app, caller, &target(&other, &[])).await;
        assert!(matches!(refused, Err(Error::Denied(_))), "{role:?}");
    }
    let anonymous = Caller::anonymous(origin());
    let refused = token(app, &anonymous, &target(&acting.robot, &[])).await;
    assert!(matches!(refused, Err(Error::Unauthenticated(_))));
    grant(
        app,
        &other,
        "roles/iam.workloadIdentityUser",
        &acting.deployer,
    )
    .await;
    token(app, caller, &target(&other, &[])).await.unwrap();
}

#[tokio::test]
async fn a_restricted_credential_does_not_widen_by_acting_as_another() {
    let acting = acting().await;
    let scopes = |scopes: &str| Restriction::Oauth(OauthFloor::of_scopes(scopes));
    for restriction in [
        scopes("https://www.googleapis.com/auth/devstorage.read_write"),
        scopes("https://www.googleapis.com/auth/cloud-platform.read-only"),
        scopes("openid"),
        Restriction::Registry([].into()),
    ] {
        let caller = Caller {
            restriction,
            ..acting.caller.clone()
        };
        let refused = token(&acting.app, &caller, &target(&acting.robot, &[])).await;
        assert!(
            matches!(refused, Err(Error::Denied(_))),
            "{:?}",
            caller.restriction
        );
    }
    for allowed in [CLOUD_PLATFORM, "openid https://www.googleapis.com/auth/iam"] {
        let caller = Caller {
            restriction: scopes(allowed),
            ..acting.caller.clone()
        };
        let target = target(&acting.robot, &[]);
        token(&acting.app, &caller, &target).await.unwrap();
    }
}

#[tokio::test]
async fn a_token_is_for_its_scopes_and_its_lifetime() {
    let acting = acting().await;
    let (app, target) = (&acting.app, target(&acting.robot, &[]));
    let scopes = ["https://www.googleapis.com/auth/devstorage.read_only".to_owned()];
    let lifetime = Duration::from_secs(60);
    let issued = app
        .generate_access_token(&acting.caller, &target, &scopes, Some(lifetime))
        .await
        .unwrap();
    assert_eq!(issued.lifetime, lifetime);
    let robot = log_in(app, &issued.token).await.unwrap();
    assert_eq!(robot.restriction, Restriction::Oauth(OauthFloor::ReadOnly));
    assert_eq!(
        robot.expires_at.unwrap().as_second(),
        issued.issued_at.as_second() + 60
    );
    for (scopes, lifetime) in [(&scopes[..], 0), (&scopes[..], 3_601), (&[], 60)] {
        let lifetime = Some(Duration::from_secs(lifetime));
        let refused = app.generate_access_token(&acting.caller, &target, scopes, lifetime);
        assert!(matches!(refused.await, Err(Error::Invalid { .. })));
    }
}

#[tokio::test]
async fn delegates_act_for_one_another_in_their_order() {
    let acting = acting().await;
    let (app, caller) = (&acting.app, &acting.caller);
    let (last, _, _) = app.account("last-1").await;
    grant(
        app,
        &last,
        "roles/iam.serviceAccountTokenCreator",
        &acting.robot,
    )
    .await;
    // The deployer may act as the robot, the robot as the last.
    let direct = token(app, caller, &target(&last, &[])).await;
    assert!(matches!(direct, Err(Error::Denied(_))));
    let backwards = token(app, caller, &target(&acting.robot, &[&last])).await;
    assert!(matches!(backwards, Err(Error::Denied(_))));
    let issued = token(app, caller, &target(&last, &[&acting.robot])).await;
    let holder = log_in(app, &issued.unwrap().token).await.unwrap();
    assert_eq!(
        holder.delegation(),
        [
            caller.principal.clone(),
            Principal::ServiceAccount(acting.robot.email.clone())
        ]
    );
    // That is one step at a time, too.
    let robot = log_in(app, &acting.token).await.unwrap();
    let issued = token(app, &robot, &target(&last, &[])).await.unwrap();
    let again = log_in(app, &issued.token).await.unwrap();
    assert_eq!(again.delegation(), holder.delegation());
}

#[tokio::test]
async fn a_chain_has_an_end() {
    let acting = acting().await;
    let (app, robot) = (&acting.app, &acting.robot);
    grant(app, robot, "roles/iam.serviceAccountTokenCreator", robot).await;
    let mut caller = acting.caller.clone();
    let refused = loop {
        match token(app, &caller, &target(robot, &[])).await {
            Ok(issued) => caller = log_in(app, &issued.token).await.unwrap(),
            Err(error) => break error,
        }
        assert!(caller.holder.chain().count() <= limits::DELEGATION_CHAIN_MAX);
    };
    assert!(matches!(refused, Error::FailedPrecondition(_)), "{refused}");
    let delegates = vec![robot; limits::DELEGATION_CHAIN_MAX];
    let refused = token(app, &acting.caller, &target(robot, &delegates)).await;
    assert!(matches!(refused, Err(Error::FailedPrecondition(_))));
}

#[tokio::test]
async fn a_token_dies_with_the_account_that_it_is_for() {
    let acting = acting().await;
    let (app, owner) = (&acting.app, acting.app.owner().await);
    let robot = reference(&acting.robot);
    app.set_account_disabled(&owner, &robot, true)
        .await
        .unwrap();
    assert!(refusal(app, &acting.token).await.contains("is disabled"));
    let refused = token(app, &acting.caller, &target(&acting.robot, &[])).await;
    assert!(matches!(refused, Err(Error::FailedPrecondition(_))));
    app.set_account_disabled(&owner, &robot, false)
        .await
        .unwrap();
    log_in(app, &acting.token).await.unwrap();
    app.delete_account(&owner, &robot).await.unwrap();
    assert!(refusal(app, &acting.token).await.contains("was deleted"));
    // Nor does it open the account that is made anew under the address.
    let project = acting.robot.project.clone();
    app.create_account(&owner, &project, "robot-1", AccountChange::default())
        .await
        .unwrap();
    assert!(refusal(app, &acting.token).await.contains("made anew"));
}

#[tokio::test]
async fn a_token_dies_with_whoever_acts() {
    for end in ["key disabled", "key deleted", "disabled", "deleted"] {
        let acting = acting().await;
        let (app, owner) = (&acting.app, acting.app.owner().await);
        let deployer = reference(&acting.deployer);
        let key = &acting.key.key.id;
        match end {
            "key disabled" => app.set_key_disabled(&owner, &deployer, key, true).await,
            "key deleted" => app.delete_key(&owner, &deployer, key).await,
            "disabled" => app.set_account_disabled(&owner, &deployer, true).await,
            _ => app.delete_account(&owner, &deployer).await,
        }
        .unwrap();
        let reason = refusal(app, &acting.token).await;
        assert!(reason.contains("deployer@"), "{end}: {reason}");
    }
}

#[tokio::test]
async fn a_token_dies_with_a_project() {
    let app = TestApp::open().await;
    let project = app.project("my-project").await;
    let owner = app.owner().await;
    let robot = app
        .create_account(&owner, &project, "robot-1", AccountChange::default())
        .await
        .unwrap();
    let issued = token(&app, &owner, &target(&robot, &[])).await.unwrap();
    let caller = log_in(&app, &issued.token).await.unwrap();
    let registry = app.issue_registry_token(&caller, &[]).await.unwrap();
    app.delete_project(&owner, &project).await.unwrap();
    for token in [issued.token, registry.token] {
        assert!(refusal(&app, &token).await.contains("project"));
    }
}

#[tokio::test]
async fn a_registry_token_of_such_a_caller_stands_on_the_same() {
    let acting = acting().await;
    let (app, owner) = (&acting.app, acting.app.owner().await);
    let robot = log_in(app, &acting.token).await.unwrap();
    let registry = app.issue_registry_token(&robot, &[]).await.unwrap();
    let holder = log_in(app, &registry.token).await.unwrap();
    assert_eq!(holder.holder, robot.holder);
    let deployer = reference(&acting.deployer);
    app.set_key_disabled(&owner, &deployer, &acting.key.key.id, true)
        .await
        .unwrap();
    assert!(refusal(app, &registry.token).await.contains("is disabled"));
}

#[tokio::test]
async fn a_token_outlives_a_restart_of_the_registry() {
    let acting = acting().await;
    let app = acting.app.reopen().await;
    let robot = log_in(&app, &acting.token).await.unwrap();
    assert!(matches!(*robot.holder, Holder::Account { .. }));
}

#[tokio::test]
async fn the_registry_itself_gives_a_token_in_nobodys_name() {
    let acting = acting().await;
    let app = &acting.app;
    let issued = app
        .issue_access_token_for(
            &acting.robot.email,
            None,
            "https://www.googleapis.com/auth/devstorage.read_only",
            Duration::from_secs(60),
            &origin(),
        )
        .await
        .unwrap();
    let robot = log_in(app, &issued.token).await.unwrap();
    assert_eq!((robot.delegation(), robot.key_id()), (vec![], None));
    let tag = Resource::parse("projects/default").unwrap();
    assert!(robot.restriction.allows(OBJECTS_GET, &tag));
    assert!(!robot.restriction.allows(OBJECTS_CREATE, &tag));
}

/// What a token says, whoever signed it.
fn claims(token: &SecretString) -> Value {
    jwt::payload(token.expose_secret()).unwrap()
}

/// The public half of a key.
async fn public_key(app: &TestApp, account: &ServiceAccount, id: &str) -> Vec<u8> {
    let owner = app.owner().await;
    let key = app.get_key(&owner, &reference(account), id).await.unwrap();
    key.public_key
}

/// What most callers ask for.
const AS_EMAIL: ShownEmail = ShownEmail {
    as_email: true,
    as_azp: false,
};

#[tokio::test]
async fn an_id_token_says_who_the_account_is_and_opens_nothing() {
    let acting = acting().await;
    let (app, target) = (&acting.app, target(&acting.robot, &[]));
    let token = app
        .generate_id_token(&acting.caller, &target, "https://run.test", AS_EMAIL)
        .await
        .unwrap();
    let said = claims(&token);
    let now = Timestamp::now().as_second();
    assert_eq!(said["iss"], "http://127.0.0.1:5000");
    assert_eq!(said["aud"], "https://run.test");
    assert_eq!(said["sub"], acting.robot.unique_id);
    assert_eq!(said["azp"], acting.robot.unique_id);
    assert_eq!(said["email"], acting.robot.email.as_str());
    assert_eq!(said["email_verified"], true);
    let (iat, exp) = (said["iat"].as_i64().unwrap(), said["exp"].as_i64().unwrap());
    assert!((now - 60..=now).contains(&iat) && exp == iat + 3_600);
    let keys = app.signing_keys(&Owner::Registry).await.unwrap();
    let verified: Value = jwt::verify_rs256(token.expose_secret(), &keys[0].public_key).unwrap();
    assert_eq!(verified, said);
    assert!(refusal(app, &token).await.contains("not known here"));
    let bare = app
        .generate_id_token(&acting.caller, &target, "x", ShownEmail::default())
        .await
        .unwrap();
    assert!(claims(&bare).get("email").is_none());
    let both = ShownEmail {
        as_azp: true,
        ..AS_EMAIL
    };
    let by_address = app.generate_id_token(&acting.caller, &target, "x", both);
    let said = claims(&by_address.await.unwrap());
    assert_eq!(said["azp"], acting.robot.email.as_str());
    assert_eq!(said["sub"], acting.robot.unique_id);
    for audience in ["", &"x".repeat(limits::AUDIENCE_LENGTH_MAX + 1)] {
        let refused = app.generate_id_token(&acting.caller, &target, audience, AS_EMAIL);
        assert!(matches!(refused.await, Err(Error::Invalid { .. })));
    }
    let (other, _, _) = app.account("other-1").await;
    let other = self::target(&other, &[]);
    let refused = app.generate_id_token(&acting.caller, &other, "x", AS_EMAIL);
    assert!(matches!(refused.await, Err(Error::Denied(_))));
}

#[tokio::test]
async fn a_signature_verifies_under_the_key_that_the_registry_keeps_for_the_account() {
    let acting = acting().await;
    let (app, target) = (&acting.app, target(&acting.robot, &[]));
    let signed = app
        .sign_blob(&acting.caller, &target, b"blob")
        .await
        .unwrap();
    let public_key = public_key(app, &acting.robot, &signed.key_id).await;
    let verify = |message: &[u8]| {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &public_key)
            .verify(message, &signed.content)
    };
    assert!(verify(b"blob").is_ok() && verify(b"blot").is_err());
    let again = app
        .sign_blob(&acting.caller, &target, b"other")
        .await
        .unwrap();
    assert_eq!(again.key_id, signed.key_id);
    let (other, _, _) = app.account("other-1").await;
    let other = self::target(&other, &[]);
    let refused = app.sign_blob(&acting.caller, &other, b"blob");
    assert!(matches!(refused.await, Err(Error::Denied(_))));
}

#[tokio::test]
async fn a_jwt_that_was_signed_so_is_as_good_as_a_key_files() {
    let acting = acting().await;
    let (app, owner) = (&acting.app, acting.app.owner().await);
    let now = Timestamp::now().as_second();
    let email = acting.robot.email.as_str();
    let said = json!({
        "iss": email, "sub": email, "aud": "https://oauth2.googleapis.com/token",
        "iat": now, "exp": now + 600, "scope": CLOUD_PLATFORM,
    });
    let target = target(&acting.robot, &[]);
    let signed = app
        .sign_jwt(&acting.caller, &target, &said.to_string())
        .await
        .unwrap();
    assert_eq!(claims(&signed.content), said);
    let bearer = log_in(app, &signed.content).await.unwrap();
    assert_eq!(bearer.key_id(), Some(signed.key_id.as_str()));
    let exchanged = app
        .exchange_assertion(&signed.content, None, &origin())
        .await
        .unwrap();
    let Exchanged::Access(issued) = exchanged else {
        panic!("{exchanged:?}");
    };
    let robot = log_in(app, &issued.token).await.unwrap();
    assert_eq!(robot.principal, bearer.principal);
    app.set_account_disabled(&owner, &reference(&acting.robot), true)
        .await
        .unwrap();
    for token in [&signed.content, &issued.token] {
        assert!(refusal(app, token).await.contains("is disabled"));
    }
}

#[tokio::test]
async fn the_key_is_the_registrys_to_manage() {
    let acting = acting().await;
    let (app, owner) = (&acting.app, acting.app.owner().await);
    let robot = reference(&acting.robot);
    let signed = app
        .sign_blob(&acting.caller, &target(&acting.robot, &[]), b"blob")
        .await
        .unwrap();
    let keys = app.list_keys(&owner, &robot).await.unwrap();
    let managed: Vec<_> = keys.iter().filter(|key| key.is_system_managed()).collect();
    assert_eq!((keys.len(), managed.len()), (2, 1));
    assert_eq!(managed[0].id, signed.key_id);
    let id = &signed.key_id;
    for refused in [
        app.delete_key(&owner, &robot, id).await,
        app.set_key_disabled(&owner, &robot, id, true).await,
    ] {
        assert!(matches!(refused, Err(Error::FailedPrecondition(_))));
    }
    // It takes none of the places for key files, and nobody logs in by it.
    for _ in 0..limits::KEYS_PER_ACCOUNT_MAX - 1 {
        app.create_key(&owner, &robot, None).await.unwrap();
    }
    let published = app.account_public_keys(&robot).await.unwrap();
    assert!(published.iter().any(|key| key.id == *id));
    app.delete_account(&owner, &robot).await.unwrap();
    let found = app.find_key(id).await.unwrap();
    assert_eq!(found, None);
}

#[tokio::test]
async fn the_last_owner_keeps_a_key_of_its_own() {
    let app = TestApp::open().await;
    let owner = app.owner().await;
    let Principal::ServiceAccount(email) = &owner.principal else {
        panic!("{owner:?}");
    };
    let reference = AccountReference::Email(email.clone());
    let target = Target {
        account: reference.clone(),
        delegates: Vec::new(),
    };
    app.sign_blob(&owner, &target, b"blob").await.unwrap();
    let key = owner.key_id().unwrap();
    let refused = app.delete_key(&owner, &reference, key).await;
    assert!(
        matches!(&refused, Err(Error::FailedPrecondition(reason)) if reason.contains("without an owner")),
        "{refused:?}"
    );
}

#[test]
fn claims_that_may_be_signed() {
    let now = 1_800_000_000;
    let check = |text: &str| check_claims(text, now);
    for good in [
        "{}",
        r#"{"sub":"x"}"#,
        r#"{"exp":1800000001}"#,
        r#"{"exp":1800043200}"#,
    ] {
        assert_eq!(check(good), Ok(()), "{good}");
    }
    for bad in [
        "",
        "[]",
        "x",
        r#"{"exp":1800000000}"#,
        r#"{"exp":1800043201}"#,
        r#"{"exp":"1800000001"}"#,
        r#"{"exp":1800000001.5}"#,
        r#"{"exp":-9223372036854775808}"#,
    ] {
        assert!(check(bad).is_err(), "{bad}");
    }
}

proptest::proptest! {
    #[test]
    fn no_claims_panic(text in "\\PC{0,60}", exp in proptest::num::i64::ANY, now in proptest::num::i64::ANY) {
        let _ = check_claims(&text, now);
        let _ = check_claims(&format!(r#"{{"exp":{exp}}}"#), now);
    }
}
