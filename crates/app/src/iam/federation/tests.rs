#![expect(clippy::unwrap_used, reason = "tests")]

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use serde_json::{Value, json};
use wharf_types::federation::{PoolId, ProviderId, ProviderName};
use wharf_types::permission::OBJECTS_GET;
use wharf_types::scope::OauthFloor;
use wharf_types::{Binding, Principal, ProjectId, Resource};

use super::exchange::{ExchangeError, TokenExchange};
use super::pools::PoolChange;
use super::providers::ProviderChange;
use crate::testing::{TestApp, bearer, caller_named, origin};
use crate::{Caller, Error, Restriction};

const ISSUER: &str = "https://issuer.example.com";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// An issuer whose keys are uploaded, and a provider for it in the project `default`.
struct Federation {
    app: TestApp,
    owner: Caller,
    project: ProjectId,
    pool: PoolId,
    provider: ProviderId,
    name: ProviderName,
    key: EcdsaKeyPair,
}

fn jwks(key: &EcdsaKeyPair) -> String {
    let (x, y) = key.public_key().as_ref()[1..].split_at(32);
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "k1", "x": x, "y": y}]}).to_string()
}

fn sign(key: &EcdsaKeyPair, claims: &Value) -> SecretString {
    let head = json!({"alg": "ES256", "kid": "k1", "typ": "JWT"}).to_string();
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(head),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let signature = key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
    SecretString::from(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn content(key: &EcdsaKeyPair) -> ProviderChange {
    let mapping = [
        ("google.subject", "assertion.sub"),
        ("google.groups", "assertion.groups"),
        ("attribute.branch", "assertion.branch"),
    ];
    ProviderChange {
        issuer: Some(ISSUER.to_owned()),
        jwks: Some(jwks(key)),
        mapping: Some(
            mapping
                .map(|(key, text)| (key.to_owned(), text.to_owned()))
                .into(),
        ),
        condition: Some("attribute.branch != \"evil\"".to_owned()),
        ..ProviderChange::default()
    }
}

impl Federation {
    async fn open() -> Self {
        let app = TestApp::open().await;
        let owner = app.owner().await;
        let project = ProjectId::parse("default").unwrap();
        let pool = PoolId::parse("builders").unwrap();
        let provider = ProviderId::parse("ci-main").unwrap();
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        app.create_pool(&owner, &project, &pool, PoolChange::default())
            .await
            .unwrap();
        let made = app
            .create_provider(&owner, &project, &pool, &provider, content(&key))
            .await
            .unwrap();
        Self {
            name: made.name(),
            app,
            owner,
            project,
            pool,
            provider,
            key,
        }
    }

    fn claims(&self) -> Value {
        let now = jiff::Timestamp::now().as_second();
        json!({
            "iss": ISSUER, "sub": "repo:shop/web", "aud": self.name.full(), "iat": now, "exp": now + 600,
            "groups": ["builders"], "branch": "main",
        })
    }

    fn request(&self, claims: &Value) -> TokenExchange {
        TokenExchange {
            audience: Some(self.name.full()),
            subject_token: Some(sign(&self.key, claims)),
            subject_token_type: Some(JWT.to_owned()),
            ..TokenExchange::default()
        }
    }

    async fn exchange(&self, claims: &Value) -> Result<SecretString, ExchangeError> {
        let request = self.request(claims);
        let issued = self.app.exchange_token(request, &origin()).await?;
        Ok(issued.token)
    }

    async fn refusal(&self, claims: &Value) -> String {
        match self.exchange(claims).await {
            Err(ExchangeError::InvalidGrant(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    async fn log_in(&self, token: &SecretString) -> Result<Caller, Error> {
        self.app.authenticate(&bearer(token), origin()).await
    }

    async fn change_pool(&self, content: PoolChange) {
        let changed = self
            .app
            .update_pool(&self.owner, &self.project, &self.pool, content);
        changed.await.unwrap();
    }

    async fn change_provider(&self, content: ProviderChange) -> Result<(), Error> {
        self.app
            .update_provider(
                &self.owner,
                &self.project,
                &self.pool,
                &self.provider,
                content,
            )
            .await
            .map(|_| ())
    }
}

#[tokio::test]
async fn a_token_of_the_issuer_becomes_a_principal_of_the_pool() {
    let federation = Federation::open().await;
    let token = federation.exchange(&federation.claims()).await.unwrap();
    let caller = federation.log_in(&token).await.unwrap();
    let pool = &federation.name.pool;
    let branch = wharf_types::federation::AttributeName::parse("branch").unwrap();
    assert_eq!(
        caller.principal,
        Principal::Federated {
            principal: pool.subject("repo:shop/web").into(),
            sets: vec![
                pool.everyone().into(),
                pool.group("builders").into(),
                pool.attribute(&branch, "main").into(),
            ],
        }
    );
    assert_eq!(caller.restriction, Restriction::Oauth(OauthFloor::Full));
    let left = caller
        .expires_at
        .unwrap()
        .duration_since(jiff::Timestamp::now());
    assert!(
        (590..=600).contains(&left.as_secs()),
        "no longer than the issuer's: {left}"
    );
}

#[tokio::test]
async fn a_binding_of_a_set_grants_to_who_is_in_it() {
    let federation = Federation::open().await;
    let token = federation.exchange(&federation.claims()).await.unwrap();
    let caller = federation.log_in(&token).await.unwrap();
    let project = Resource::Project(federation.project.clone());
    let app = &federation.app;
    assert!(
        !app.is_allowed(&caller, OBJECTS_GET, &project)
            .await
            .unwrap()
    );
    let mut policy = app.get_policy(&federation.owner, &project).await.unwrap();
    policy.bindings.push(Binding {
        role: "roles/storage.objectViewer".parse().unwrap(),
        members: vec![federation.name.pool.group("builders").parse().unwrap()],
        condition: None,
    });
    app.set_policy(&federation.owner, &project, policy)
        .await
        .unwrap();
    assert!(
        app.is_allowed(&caller, OBJECTS_GET, &project)
            .await
            .unwrap()
    );
    let mut other = federation.claims();
    other["groups"] = json!(["others"]);
    let token = federation.exchange(&other).await.unwrap();
    let caller = federation.log_in(&token).await.unwrap();
    assert!(
        !app.is_allowed(&caller, OBJECTS_GET, &project)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn what_the_provider_does_not_accept_is_refused_with_its_reason() {
    let federation = Federation::open().await;
    let now = jiff::Timestamp::now().as_second();
    for (claim, value, told) in [
        ("iss", json!("https://issuer.example.com/"), "issuer"),
        ("iss", json!("https://evil.example.com"), "issuer"),
        ("aud", json!("https://other.example.com"), "audience"),
        ("aud", json!([]), "audience"),
        ("exp", json!(now - 61), "expired"),
        ("iat", json!(now + 3_600), "future"),
        ("sub", json!(7), "google.subject"),
        ("groups", json!("builders"), "google.groups"),
    ] {
        let mut claims = federation.claims();
        claims[claim] = value;
        let refused = federation.refusal(&claims).await;
        assert!(refused.contains(told), "{claim}: {refused}");
    }
    let mut evil = federation.claims();
    evil["branch"] = json!("evil");
    let refused = federation.exchange(&evil).await.unwrap_err();
    assert!(matches!(refused, ExchangeError::Rejected(_)), "{refused:?}");
    let mut several = federation.claims();
    several["aud"] = json!(["x", format!("https:{}", federation.name.full())]);
    assert!(federation.exchange(&several).await.is_ok());
}

#[tokio::test]
async fn a_token_that_another_key_signed_proves_nothing() {
    let federation = Federation::open().await;
    let other = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let request = TokenExchange {
        subject_token: Some(sign(&other, &federation.claims())),
        ..federation.request(&federation.claims())
    };
    let refused = federation.app.exchange_token(request, &origin()).await;
    assert!(refused.unwrap_err().to_string().contains("signature"));
}

#[tokio::test]
async fn a_malformed_request_or_an_unknown_provider_says_so() {
    let federation = Federation::open().await;
    let whole = || federation.request(&federation.claims());
    for request in [
        TokenExchange {
            audience: None,
            ..whole()
        },
        TokenExchange {
            subject_token: None,
            ..whole()
        },
        TokenExchange {
            subject_token_type: None,
            ..whole()
        },
        TokenExchange {
            subject_token_type: Some("saml2".into()),
            ..whole()
        },
        TokenExchange {
            requested_token_type: Some("jwt".into()),
            ..whole()
        },
    ] {
        let refused = federation.app.exchange_token(request, &origin()).await;
        assert!(
            matches!(refused, Err(ExchangeError::InvalidRequest(_))),
            "{refused:?}"
        );
    }
    for audience in [
        "nonsense".to_owned(),
        federation.name.full().replace("ci-main", "ci-other"),
        federation.name.full().replace("builders", "strangers"),
        "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/builders/providers/ci-main".to_owned(),
    ] {
        let request = TokenExchange { audience: Some(audience.clone()), ..whole() };
        let refused = federation.app.exchange_token(request, &origin()).await;
        assert!(matches!(refused, Err(ExchangeError::InvalidTarget(_))), "{audience}: {refused:?}");
    }
}

#[tokio::test]
async fn disabling_or_deleting_pool_or_provider_ends_their_tokens_at_once() {
    let federation = Federation::open().await;
    let app = &federation.app;
    let token = federation.exchange(&federation.claims()).await.unwrap();
    assert!(federation.log_in(&token).await.is_ok());
    let disabled = |disabled| PoolChange {
        disabled: Some(disabled),
        ..PoolChange::default()
    };
    federation.change_pool(disabled(true)).await;
    assert!(federation.log_in(&token).await.is_err());
    let refused = federation.exchange(&federation.claims()).await.unwrap_err();
    assert!(
        matches!(refused, ExchangeError::InvalidTarget(_)),
        "{refused:?}"
    );
    federation.change_pool(disabled(false)).await;
    assert!(federation.log_in(&token).await.is_ok());

    let disabled = |disabled| ProviderChange {
        disabled: Some(disabled),
        ..ProviderChange::default()
    };
    federation.change_provider(disabled(true)).await.unwrap();
    assert!(federation.log_in(&token).await.is_err());
    federation.change_provider(disabled(false)).await.unwrap();
    assert!(federation.log_in(&token).await.is_ok());

    let (owner, project, pool, provider) = (
        &federation.owner,
        &federation.project,
        &federation.pool,
        &federation.provider,
    );
    app.delete_provider(owner, project, pool, provider)
        .await
        .unwrap();
    assert!(federation.log_in(&token).await.is_err());
    app.undelete_provider(owner, project, pool, provider)
        .await
        .unwrap();
    assert!(federation.log_in(&token).await.is_ok());
    app.delete_pool(owner, project, pool).await.unwrap();
    assert!(federation.log_in(&token).await.is_err());
    app.undelete_pool(owner, project, pool).await.unwrap();
    assert!(federation.log_in(&token).await.is_ok());
}

#[tokio::test]
async fn a_deleted_name_is_kept_until_it_can_no_longer_be_restored() {
    let federation = Federation::open().await;
    let (app, owner, project, pool) = (
        &federation.app,
        &federation.owner,
        &federation.project,
        &federation.pool,
    );
    let again = || app.create_pool(owner, project, pool, PoolChange::default());
    assert!(matches!(again().await, Err(Error::AlreadyExists(_))));
    app.delete_pool(owner, project, pool).await.unwrap();
    assert!(matches!(again().await, Err(Error::AlreadyExists(_))));
    assert!(
        app.list_pools(owner, project, false)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(app.list_pools(owner, project, true).await.unwrap().len(), 1);
    assert!(app.get_pool(owner, project, pool).await.is_ok());
    assert!(matches!(
        app.delete_pool(owner, project, pool).await,
        Err(Error::FailedPrecondition(_))
    ));
    let now = crate::clock::now();
    let within = now - jiff::SignedDuration::from_hours(29 * 24);
    let beyond = now - jiff::SignedDuration::from_hours(31 * 24);
    assert!(!super::is_gone(Some(within), now) && super::is_gone(Some(beyond), now));
}

#[tokio::test]
async fn a_providers_mistakes_are_found_when_it_is_written() {
    let federation = Federation::open().await;
    let some = |text: &str| Some(text.to_owned());
    let change = ProviderChange::default;
    let mapping = |key: &str, text: &str| Some([(key.to_owned(), text.to_owned())].into());
    for (content, told) in [
        (
            ProviderChange {
                issuer: some(""),
                ..change()
            },
            "issuerUri",
        ),
        (
            ProviderChange {
                issuer: some("issuer"),
                ..change()
            },
            "issuerUri",
        ),
        (
            ProviderChange {
                issuer: some("http://issuer.example.com"),
                ..change()
            },
            "plain http",
        ),
        (
            ProviderChange {
                issuer: some("https://127.0.0.1"),
                jwks: some(""),
                ..change()
            },
            "public internet",
        ),
        (
            ProviderChange {
                issuer: some("https://issuer.example.com?x"),
                ..change()
            },
            "query",
        ),
        (
            ProviderChange {
                audiences: Some(vec![String::new()]),
                ..change()
            },
            "allowedAudiences",
        ),
        (
            ProviderChange {
                audiences: Some(vec!["a".to_owned(); 11]),
                ..change()
            },
            "allowedAudiences",
        ),
        (
            ProviderChange {
                jwks: some("{}"),
                ..change()
            },
            "jwksJson",
        ),
        (
            ProviderChange {
                mapping: mapping("google.groups", "assertion.x"),
                ..change()
            },
            "google.subject",
        ),
        (
            ProviderChange {
                mapping: mapping("google.subject", "assertion."),
                ..change()
            },
            "attributeMapping",
        ),
        (
            ProviderChange {
                condition: some("assertion.sub ="),
                ..change()
            },
            "attributeCondition",
        ),
        (
            ProviderChange {
                display_name: Some("x".repeat(33)),
                ..change()
            },
            "displayName",
        ),
    ] {
        match federation.change_provider(content).await {
            Err(Error::Invalid { message, .. }) => assert!(message.contains(told), "{message}"),
            other => panic!("{told}: {other:?}"),
        }
    }
    // An uploaded set of keys makes the issuer's address a mere name.
    let local = ProviderChange {
        issuer: some("https://10.0.0.1"),
        ..change()
    };
    federation.change_provider(local).await.unwrap();
}

#[tokio::test]
async fn who_has_no_right_on_the_project_sees_and_changes_nothing() {
    let federation = Federation::open().await;
    let stranger = caller_named("stranger@default.iam.gserviceaccount.com");
    let (app, project, pool, provider) = (
        &federation.app,
        &federation.project,
        &federation.pool,
        &federation.provider,
    );
    let refused = [
        app.list_pools(&stranger, project, true).await.err(),
        app.get_pool(&stranger, project, pool).await.err(),
        app.create_pool(&stranger, project, pool, PoolChange::default())
            .await
            .err(),
        app.delete_pool(&stranger, project, pool).await.err(),
        app.undelete_pool(&stranger, project, pool).await.err(),
        app.list_providers(&stranger, project, pool, true)
            .await
            .err(),
        app.get_provider(&stranger, project, pool, provider)
            .await
            .err(),
        app.delete_provider(&stranger, project, pool, provider)
            .await
            .err(),
        app.undelete_provider(&stranger, project, pool, provider)
            .await
            .err(),
        app.update_provider(
            &stranger,
            project,
            pool,
            provider,
            ProviderChange::default(),
        )
        .await
        .err(),
    ];
    for (number, refused) in refused.into_iter().enumerate() {
        assert!(
            matches!(refused, Some(Error::Denied(_))),
            "{number}: {refused:?}"
        );
    }
}
