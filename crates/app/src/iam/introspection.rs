//! What a token is and whether it is good now (RFC 7662), for whoever has it.

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use wharf_types::{Principal, limits};

use super::accounts::{self, AccountReference};
use super::id_tokens::IdClaims;
use super::jwt::{self, Assertion, Audience, Claims, Kind, Signed};
use super::signing::Owner;
use crate::{App, Caller, Error, Holder, Origin, Restriction};

/// What kind of token it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// An access token of the registry.
    Access,
    /// A registry token.
    Registry,
    /// A JWT that a service account's key signed for itself, sent instead of an access token.
    SelfSigned,
    /// An ID token of the registry: it says who somebody is, and opens nothing.
    Id,
}

/// A token that is good now.
#[derive(Clone, Debug)]
pub struct Introspection {
    /// What it is.
    pub kind: TokenKind,
    /// Whoever has it is this one.
    pub principal: Principal,
    /// Who acts as that one, the first of them first.
    pub delegation: Vec<Principal>,
    /// The account's 21-digit id, if it is an account.
    pub unique_id: Option<String>,
    /// The OAuth scopes of an access token, or those of a registry token.
    pub scopes: Vec<String>,
    /// Whom an ID token or a self-signed JWT is for.
    pub audience: Option<String>,
    /// Since when.
    pub issued_at: Option<Timestamp>,
    /// Until when.
    pub expires_at: Timestamp,
}

impl App {
    /// What a token of any kind is; none if it is not good now, whatever the reason. Whoever has a token may know that.
    pub async fn introspect(
        &self,
        token: &SecretString,
        origin: &Origin,
    ) -> Result<Option<Introspection>, Error> {
        let token = token.expose_secret().trim();
        if token.len() > limits::BEARER_SIZE_MAX {
            return Ok(None);
        }
        let found = match jwt::head(token) {
            Ok(Signed::Ours) => self.introspect_ours(token, origin).await,
            Ok(Signed::Key(id)) => match self.introspect_id_token(token, &id, origin).await {
                Ok(None) => self.introspect_self_signed(token, &id, origin).await,
                found => found,
            },
            Err(_) => Ok(None),
        };
        match found {
            Err(Error::Unauthenticated(_)) => Ok(None),
            found => found,
        }
    }

    /// The 21-digit id of the account that a caller is, if it is one.
    pub async fn unique_id(&self, caller: &Caller) -> Result<Option<String>, Error> {
        Ok(match &*caller.holder {
            Holder::Anonymous | Holder::Federated { .. } => None,
            Holder::Account { unique_id, .. } => Some(unique_id.to_string()),
            Holder::Key { account, .. } => self
                .iam
                .credentials
                .account(&self.meta, account)
                .await?
                .map(|state| state.account.unique_id.clone()),
        })
    }

    async fn introspect_ours(
        &self,
        token: &str,
        origin: &Origin,
    ) -> Result<Option<Introspection>, Error> {
        let claims = self.signer.verify(token).map_err(Error::Unauthenticated)?;
        let Claims {
            typ,
            iat,
            scopes,
            scope,
            ..
        } = claims.clone();
        let verified = super::tokens::verified_of(claims).map_err(Error::Unauthenticated)?;
        let caller = self.caller(&verified, origin).await?;
        let kind = match typ {
            Kind::Access => TokenKind::Access,
            Kind::Registry => TokenKind::Registry,
        };
        let scopes = match (scope, &caller.restriction) {
            (Some(scope), _) => words(&scope),
            // A token of the version before says no more than how far it reaches.
            (None, Restriction::Oauth(floor)) => words(floor.scope()),
            _ => scopes.unwrap_or_default(),
        };
        self.introspected(kind, &caller, scopes, None, Some(iat))
            .await
            .map(Some)
    }

    async fn introspect_self_signed(
        &self,
        token: &str,
        key_id: &str,
        origin: &Origin,
    ) -> Result<Option<Introspection>, Error> {
        let verified = self.verify_self_signed(token, key_id, origin).await?;
        let caller = self.caller(&verified, origin).await?;
        let claims: Assertion = jwt::payload(token)
            .ok_or_else(|| Error::Unauthenticated("the token is malformed".to_owned()))?;
        let issued_at = claims.issued_at();
        let scopes = words(claims.scope.as_deref().unwrap_or_default());
        let audience = match claims.aud {
            Some(Audience::One(one)) => Some(one),
            Some(Audience::Many(many)) => many.into_iter().next(),
            None => None,
        };
        self.introspected(TokenKind::SelfSigned, &caller, scopes, audience, issued_at)
            .await
            .map(Some)
    }

    /// None: it is not one that the registry signed.
    async fn introspect_id_token(
        &self,
        token: &str,
        key_id: &str,
        origin: &Origin,
    ) -> Result<Option<Introspection>, Error> {
        let keys = self.signing_keys(&Owner::Registry).await?;
        let Some(key) = keys.into_iter().find(|key| key.id == key_id) else {
            return Ok(None);
        };
        let refused = |_| Error::Unauthenticated("the token is not good".to_owned());
        let claims: IdClaims = jwt::verify_rs256(token, &key.public_key).map_err(refused)?;
        let now = Timestamp::now();
        if claims.exp <= now.as_second() || claims.iss != self.issuer(origin) {
            return Ok(None);
        }
        let account = AccountReference::UniqueId(claims.sub);
        let account = self
            .meta
            .read(move |transaction| accounts::find_named(transaction, &account))
            .await?;
        let Some(account) = account else {
            return Ok(None);
        };
        let holder = self.holder_for(&account.email, None).await;
        let holder = match holder {
            Err(Error::NotFound { .. } | Error::FailedPrecondition(_)) => return Ok(None),
            holder => holder?,
        };
        let caller = self.caller_for(holder, Restriction::None, origin).await?;
        let caller = Caller {
            expires_at: Timestamp::from_second(claims.exp).ok(),
            ..caller
        };
        let audience = Some(claims.aud);
        self.introspected(
            TokenKind::Id,
            &caller,
            Vec::new(),
            audience,
            Some(claims.iat),
        )
        .await
        .map(Some)
    }

    async fn introspected(
        &self,
        kind: TokenKind,
        caller: &Caller,
        scopes: Vec<String>,
        audience: Option<String>,
        issued_at: Option<i64>,
    ) -> Result<Introspection, Error> {
        Ok(Introspection {
            kind,
            principal: caller.principal.clone(),
            delegation: caller.delegation(),
            unique_id: self.unique_id(caller).await?,
            scopes,
            audience,
            issued_at: issued_at.and_then(|seconds| Timestamp::from_second(seconds).ok()),
            expires_at: caller
                .expires_at
                .ok_or_else(|| Error::internal("a token without an end"))?,
        })
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;
    use wharf_types::scope::Scope;

    use super::*;
    use crate::iam::tokens::Exchanged;
    use crate::testing::{TestApp, origin, sign_with};

    #[tokio::test]
    async fn every_kind_of_token_is_known_while_it_is_good() {
        let app = TestApp::open().await;
        let owner = app.owner().await;
        let (account, key, caller) = app.account("puller").await;
        let now = Timestamp::now().as_second();
        let assertion = |extra: (&str, &str)| {
            let mut claims = json!({
                "iss": account.email.as_str(), "sub": account.email.as_str(), "iat": now, "exp": now + 3600,
                "aud": "https://oauth2.googleapis.com/token",
            });
            claims[extra.0] = extra.1.into();
            sign_with(&key.file, &claims)
        };
        let exchange = async |assertion: &SecretString| {
            app.exchange_assertion(assertion, None, &origin())
                .await
                .unwrap()
        };
        let scope = "openid https://www.googleapis.com/auth/devstorage.read_only";
        let self_signed = assertion(("scope", scope));
        let Exchanged::Access(access) = exchange(&self_signed).await else {
            panic!("no access token");
        };
        let Exchanged::Id(id_token) = exchange(&assertion(("target_audience", "you"))).await else {
            panic!("no ID token");
        };
        let scopes = Scope::parse_list(["repository:my-project/a:pull"]);
        let registry = app.issue_registry_token(&caller, &scopes).await.unwrap();
        let expected = [
            (access.token, TokenKind::Access, scope, None),
            (
                self_signed,
                TokenKind::SelfSigned,
                scope,
                Some("https://oauth2.googleapis.com/token"),
            ),
            (
                registry.token,
                TokenKind::Registry,
                "repository:my-project/a:pull",
                None,
            ),
            (id_token, TokenKind::Id, "", Some("you")),
        ];
        for (token, kind, scope, audience) in &expected {
            let found = app.introspect(token, &origin()).await.unwrap().unwrap();
            assert_eq!(found.kind, *kind);
            assert_eq!(found.principal, caller.principal);
            assert_eq!(found.unique_id.as_ref(), Some(&account.unique_id));
            assert_eq!(found.scopes, words(scope));
            assert_eq!(found.audience.as_deref(), *audience);
            assert!((now..now + 60).contains(&found.issued_at.unwrap().as_second()));
            assert!(found.expires_at.as_second() > now);
        }
        let reference = AccountReference::Email(account.email.clone());
        app.set_account_disabled(&owner, &reference, true)
            .await
            .unwrap();
        for (token, kind, ..) in &expected {
            let found = app.introspect(token, &origin()).await.unwrap();
            assert!(found.is_none(), "{kind:?}");
        }
    }

    #[tokio::test]
    async fn what_is_no_token_is_not_good() {
        let app = TestApp::open().await;
        for text in [
            "",
            "x",
            "a.b.c",
            &"x".repeat(10_000),
            "eyJhbGciOiJub25lIn0.e30.",
        ] {
            let found = app.introspect(&SecretString::from(text), &origin()).await;
            assert!(found.unwrap().is_none(), "{text}");
        }
    }

    #[tokio::test]
    async fn an_id_token_of_another_issuer_is_not_good() {
        let app = TestApp::open().await;
        let (account, _, _) = app.account("puller").await;
        let key = app.signing_key(&Owner::Registry).await.unwrap();
        let now = Timestamp::now().as_second();
        for (iss, exp, is_good) in [
            ("http://127.0.0.1:5000", now + 60, true),
            ("http://127.0.0.1:5000", now - 1, false),
            ("https://elsewhere.test", now + 60, false),
        ] {
            let claims = IdClaims {
                iss: iss.to_owned(),
                aud: "you".to_owned(),
                azp: account.unique_id.clone(),
                sub: account.unique_id.clone(),
                email: None,
                email_verified: None,
                iat: now,
                exp,
            };
            let token = key.sign_jwt(&serde_json::to_vec(&claims).unwrap()).unwrap();
            let found = app.introspect(&SecretString::from(token), &origin()).await;
            assert_eq!(found.unwrap().is_some(), is_good, "{iss} {exp}");
        }
    }
}
