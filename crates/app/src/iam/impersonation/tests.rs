#![expect(clippy::unwrap_used, reason = "tests")]

use secrecy::SecretString;
use wharf_types::permission::{OBJECTS_CREATE, OBJECTS_GET, PROJECTS_GET};
use wharf_types::{Binding, Resource};

use super::*;
use crate::iam::accounts::{AccountChange, ServiceAccount};
use crate::iam::keys::NewKey;
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
            OauthFloor::ReadOnly,
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
