//! Tokens: issued here, checked in [`super::authenticate`].

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use wharf_types::error::OciCode;
use wharf_types::scope::{Actions, OauthFloor, Scope, ScopeTarget};
use wharf_types::{ServiceAccountEmail, limits};

use super::claim::Claim;
use super::credentials::Verified;
use super::id_tokens::ShownEmail;
use super::jwt::{self, Assertion, Claims, Kind, Signed, Unverified};
use crate::audit::{Entry, Event};
use crate::{App, Caller, Error, Holder, Missing, Origin, Restriction};

/// Bytes of the scopes of one registry token, so that the token stays below [`limits::BEARER_SIZE_MAX`].
const SCOPES_SIZE_MAX: usize = 4 * 1024;
/// Bytes of the OAuth scopes that an access token tells again. gcloud's are 300.
const TOLD_SIZE_MAX: usize = 1_024;

/// A token and how long it is good for.
#[derive(Debug)]
pub struct IssuedToken {
    /// The bearer.
    pub token: SecretString,
    /// For how long.
    pub lifetime: Duration,
    /// Since when.
    pub issued_at: jiff::Timestamp,
}

/// What a JWT is worth at the token endpoint.
#[derive(Debug)]
pub enum Exchanged {
    /// An access token.
    Access(IssuedToken),
    /// An ID token.
    Id(SecretString),
}

impl App {
    /// RFC 7523: an access token for a JWT that a service account key signed, or an ID token where the JWT has a
    /// `target_audience`. `scope` is the form's: it can narrow what the JWT's own says, and not widen it, for whoever
    /// has the JWT need not have the key.
    ///
    /// [`Error::Invalid`] for what is no such JWT, [`Error::Unauthenticated`] for one that proves nothing (now).
    pub async fn exchange_assertion(
        &self,
        assertion: &SecretString,
        scope: Option<&str>,
        origin: &Origin,
    ) -> Result<Exchanged, Error> {
        let issued = self
            .exchange(assertion.expose_secret(), scope, origin)
            .await;
        if let Err(Error::Unauthenticated(reason)) = &issued {
            let claim = Claim::of_jwt(assertion.expose_secret());
            self.audit
                .record(Entry::refused_credential(origin.clone(), reason, claim))
                .await;
        }
        issued
    }

    async fn exchange(
        &self,
        assertion: &str,
        scope: Option<&str>,
        origin: &Origin,
    ) -> Result<Exchanged, Error> {
        let malformed = |message: String| Error::invalid(OciCode::Unauthorized, message);
        if assertion.len() > limits::BEARER_SIZE_MAX {
            return Err(malformed(format!(
                "Invalid JWT: it is longer than {} bytes",
                limits::BEARER_SIZE_MAX
            )));
        }
        let key_id = match jwt::head(assertion) {
            Ok(Signed::Key(key_id)) => key_id,
            Ok(Signed::Ours) => {
                return Err(malformed(
                    "Invalid JWT: the assertion must be signed with a service account's key (RS256)"
                        .to_owned(),
                ));
            }
            Err(problem) => return Err(malformed(format!("Invalid JWT: {problem}"))),
        };
        let (holder, claims) = self.verify_signature(assertion, &key_id).await?;
        if claims.sub.as_ref().is_some_and(|sub| *sub != claims.iss) {
            return Err(Error::Unauthenticated(
                "Invalid JWT: domain-wide delegation is not offered, so \"sub\" must be absent or equal \"iss\""
                    .to_owned(),
            ));
        }
        if !claims
            .aud
            .as_ref()
            .is_some_and(|aud| aud.any(|aud| self.is_audience(aud, origin)))
        {
            return Err(Error::Unauthenticated(
                "Invalid JWT: \"aud\" is another server's; it must be the key file's token_uri"
                    .to_owned(),
            ));
        }
        let now = Timestamp::now();
        claims
            .expiry(now.as_second())
            .map_err(Error::Unauthenticated)?;
        if let Some(audience) = &claims.target_audience {
            let caller = self
                .caller_for(Arc::new(holder), Restriction::None, origin)
                .await?;
            let account = Self::account_of(&caller)?;
            let email = ShownEmail {
                as_email: true,
                as_azp: true,
            };
            let token = self
                .issue_id_token(&caller, account, audience, email)
                .await?;
            return Ok(Exchanged::Id(token));
        }
        let floor = [scope, claims.scope.as_deref()]
            .into_iter()
            .flatten()
            .map(OauthFloor::of_scopes)
            .fold(OauthFloor::Full, OauthFloor::min);
        let caller = self
            .caller_for(Arc::new(holder), Restriction::Oauth(floor), origin)
            .await?;
        let told = [scope, claims.scope.as_deref()]
            .into_iter()
            .flatten()
            .find_map(|scopes| told(scopes, floor));
        let claims = Claims {
            floor: Some(floor),
            scope: told,
            ..claims_of(&caller, Kind::Access)
        };
        self.issue(&caller, claims, limits::ACCESS_TOKEN_LIFETIME, Arc::new([]))
            .await
            .map(Exchanged::Access)
    }

    /// The Docker token protocol: a registry token for `scopes`, less what the caller's own credential does not
    /// allow. It grants nothing by itself: each use of it is decided by the policies of that moment. It ends with
    /// the caller's credential at the latest. Also for the anonymous caller, whose token is good for what `allUsers`
    /// may do.
    pub async fn issue_registry_token(
        &self,
        caller: &Caller,
        scopes: &[Scope],
    ) -> Result<IssuedToken, Error> {
        let mut size = 0;
        let (scopes, texts): (Vec<_>, Vec<_>) = scopes
            .iter()
            .take(limits::TOKEN_SCOPES_MAX)
            .filter_map(|scope| restrict(scope, &caller.restriction))
            .map(|scope| {
                let text = scope.to_string();
                (scope, text)
            })
            .take_while(|(_, text)| {
                size += text.len();
                size <= SCOPES_SIZE_MAX
            })
            .unzip();
        let claims = Claims {
            scopes: Some(texts),
            ..claims_of(caller, Kind::Registry)
        };
        let left = caller.expires_at.map(|end| {
            Duration::try_from(end.duration_since(Timestamp::now())).unwrap_or_default()
        });
        let lifetime = limits::REGISTRY_TOKEN_LIFETIME.min(left.unwrap_or(Duration::MAX));
        self.issue(caller, claims, lifetime, scopes.into()).await
    }

    async fn issue(
        &self,
        caller: &Caller,
        mut claims: Claims,
        lifetime: Duration,
        scopes: Arc<[Scope]>,
    ) -> Result<IssuedToken, Error> {
        let issued_at = Timestamp::now();
        claims.iat = issued_at.as_second();
        claims.exp = claims.iat + i64::try_from(lifetime.as_secs()).map_err(Error::internal)?;
        let token = self.signer.sign(&claims)?;
        // One that is longer would never be accepted.
        if token.len() > limits::BEARER_SIZE_MAX {
            return Err(Error::FailedPrecondition(format!(
                "the token would be longer than {} bytes: its principal has too many attributes, or it was asked for too much at once",
                limits::BEARER_SIZE_MAX
            )));
        }
        self.audit
            .record(Entry::of(
                caller,
                Event::TokenIssued {
                    kind: match claims.typ {
                        Kind::Access => "access",
                        Kind::Registry => "registry",
                    },
                    scopes,
                    expires_at: Timestamp::from_second(claims.exp).map_err(Error::internal)?,
                },
            ))
            .await;
        Ok(IssuedToken {
            token: SecretString::from(token),
            lifetime: Duration::from_secs(lifetime.as_secs()),
            issued_at,
        })
    }

    /// An access token of an account for somebody without its key: `by`, who was found to have the right to it, or the
    /// registry itself. It is good until `lifetime` is over, and only as long as the account and all that `by` stands
    /// on are in order.
    ///
    /// [`Error::NotFound`] without such an account, [`Error::FailedPrecondition`] where it cannot be used now.
    pub(crate) async fn issue_access_token_for(
        &self,
        account: &ServiceAccountEmail,
        by: Option<Arc<Holder>>,
        scopes: &str,
        lifetime: Duration,
        origin: &Origin,
    ) -> Result<IssuedToken, Error> {
        let holder = self.holder_for(account, by).await?;
        self.issue_access_token_to(holder, scopes, lifetime, origin)
            .await
    }

    /// An access token of somebody who was found to be that. It is good until `lifetime` is over, and only as long as all
    /// that the holder stands on is in order.
    pub(super) async fn issue_access_token_to(
        &self,
        holder: Arc<Holder>,
        scopes: &str,
        lifetime: Duration,
        origin: &Origin,
    ) -> Result<IssuedToken, Error> {
        let floor = OauthFloor::of_scopes(scopes);
        let caller = self
            .caller_for(holder, Restriction::Oauth(floor), origin)
            .await?;
        let claims = Claims {
            floor: Some(floor),
            scope: told(scopes, floor),
            ..claims_of(&caller, Kind::Access)
        };
        self.issue(&caller, claims, lifetime, Arc::new([])).await
    }

    /// Somebody who acts as an account without its key.
    pub(super) async fn holder_for(
        &self,
        account: &ServiceAccountEmail,
        by: Option<Arc<Holder>>,
    ) -> Result<Arc<Holder>, Error> {
        let state = self.iam.credentials.account(&self.meta, account).await?;
        let state = state.ok_or_else(|| Error::not_found(Missing::ServiceAccount, account))?;
        let project = &state.account.project;
        let project = self.iam.credentials.project(&self.meta, project).await?;
        state
            .usable(project.as_deref())
            .map_err(Error::FailedPrecondition)?;
        let holder = Holder::Account {
            account: account.clone(),
            unique_id: state.account.unique_id.as_str().into(),
            by,
        };
        if holder.chain().count() > limits::DELEGATION_CHAIN_MAX {
            return Err(Error::FailedPrecondition(format!(
                "{} accounts act for one another here, which is more than {}: log in with a key nearer to {account}",
                holder.chain().count(),
                limits::DELEGATION_CHAIN_MAX
            )));
        }
        Ok(Arc::new(holder))
    }

    /// The caller that a holder is.
    pub(super) async fn caller_for(
        &self,
        holder: Arc<Holder>,
        restriction: Restriction,
        origin: &Origin,
    ) -> Result<Caller, Error> {
        let verified = Verified {
            holder,
            restriction,
            expires_at: None,
            base_url: None,
        };
        self.caller(&verified, origin).await
    }

    /// What a bearer proves: one of ours, or a JWT that a service account's key signed.
    pub(super) async fn verify_bearer(
        &self,
        token: &str,
        origin: &Origin,
    ) -> Result<Verified, Error> {
        match jwt::head(token) {
            Ok(Signed::Ours) => self
                .signer
                .verify(token)
                .and_then(verified_of)
                .map_err(Error::Unauthenticated),
            Ok(Signed::Key(key_id)) => self.verify_self_signed(token, &key_id, origin).await,
            Err(problem) => Err(Error::Unauthenticated(problem.to_owned())),
        }
    }

    /// A JWT that a key signed for itself, sent as a bearer instead of an access token (AIP-4111).
    pub(super) async fn verify_self_signed(
        &self,
        token: &str,
        key_id: &str,
        origin: &Origin,
    ) -> Result<Verified, Error> {
        let refused = |message: &str| Error::Unauthenticated(message.to_owned());
        let (holder, claims) = match self.verify_signature(token, key_id).await {
            Err(Error::Invalid { message, .. }) => return Err(refused(&message)),
            verified => verified?,
        };
        if claims.sub.as_deref() != Some(claims.iss.as_str()) {
            return Err(refused(
                "Invalid JWT: in a bearer \"sub\" must be there and equal \"iss\"",
            ));
        }
        let mut base_url = None;
        match &claims.aud {
            Some(aud) if aud.any(|aud| self.is_audience(aud, origin)) => {
                base_url = Some(origin.base_url.clone());
            }
            None if claims.scope.is_some() => {}
            _ => {
                return Err(refused(
                    "Invalid JWT: \"aud\" must be this registry's URL, or absent where there is a \"scope\"",
                ));
            }
        }
        let expires_at = claims
            .expiry(Timestamp::now().as_second())
            .map_err(Error::Unauthenticated)?;
        Ok(Verified {
            holder: Arc::new(holder),
            restriction: match &claims.scope {
                Some(scope) => Restriction::Oauth(OauthFloor::of_scopes(scope)),
                None => Restriction::None,
            },
            expires_at: Some(expires_at),
            base_url,
        })
    }

    /// The claims of a JWT whose signature and issuer are right. Times and audience are the caller's to judge.
    async fn verify_signature(
        &self,
        token: &str,
        key_id: &str,
    ) -> Result<(Holder, Assertion), Error> {
        let key = self.find_key(key_id).await?.ok_or_else(|| {
            Error::Unauthenticated(format!(
                "Invalid JWT Signature: key {} is not known here: it or its account was deleted, or it belongs to another registry",
                wharf_types::text::shorten(key_id)
            ))
        })?;
        let claims =
            jwt::verify_rs256::<Assertion>(token, &key.public_key).map_err(
                |error| match error {
                    Unverified::Signature => {
                        Error::Unauthenticated("Invalid JWT Signature.".to_owned())
                    }
                    Unverified::Malformed => Error::invalid(
                        OciCode::Unauthorized,
                        "Invalid JWT: its claims are not the JSON that they should be",
                    ),
                },
            )?;
        if claims.iss != key.account.as_str() {
            return Err(Error::Unauthenticated(
                "Invalid JWT: \"iss\" is not the service account that its key belongs to"
                    .to_owned(),
            ));
        }
        let holder = Holder::Key {
            account: key.account,
            key_id: key.id.into(),
        };
        Ok((holder, claims))
    }

    /// Whether a JWT for this audience is for us: our own URLs, whatever their path, or Google's, which its clients
    /// write whatever server they talk to.
    fn is_audience(&self, audience: &str, origin: &Origin) -> bool {
        let Ok(audience) = url::Url::parse(audience) else {
            return false;
        };
        let is_google = audience.scheme() == "https"
            && audience.port().is_none()
            && audience.host_str().is_some_and(|host| {
                host.ends_with(".googleapis.com") || host == "accounts.google.com"
            });
        is_google
            || self
                .external_url
                .as_ref()
                .is_some_and(|own| own.origin() == audience.origin())
            || url::Url::parse(&origin.base_url)
                .is_ok_and(|own| own.origin().is_tuple() && own.origin() == audience.origin())
    }
}

/// The claims that name a caller.
fn claims_of(caller: &Caller, typ: Kind) -> Claims {
    Claims {
        typ,
        party: caller.holder.party(),
        iat: 0,
        exp: 0,
        scopes: None,
        floor: None,
        scope: None,
    }
}

/// The scopes that a token says it was asked for: none that it does not have, and not more than a line of them.
fn told(scopes: &str, floor: OauthFloor) -> Option<String> {
    let words: Vec<&str> = scopes.split_whitespace().collect();
    let text = words.join(" ");
    let is_told = OauthFloor::of_scopes(&text) == floor && text.len() <= TOLD_SIZE_MAX;
    (is_told && !text.is_empty()).then_some(text)
}

/// What claims of ours prove.
pub(super) fn verified_of(claims: Claims) -> Result<Verified, String> {
    let holder = Holder::of_party(claims.party).ok_or("the token is malformed")?;
    Ok(Verified {
        holder: Arc::new(holder),
        restriction: match claims.typ {
            Kind::Access => Restriction::Oauth(claims.floor.unwrap_or(OauthFloor::Nothing)),
            Kind::Registry => Restriction::Registry(
                claims
                    .scopes
                    .unwrap_or_default()
                    .iter()
                    .filter_map(|scope| Scope::parse(scope))
                    .collect(),
            ),
        },
        expires_at: Some(claims.exp),
        base_url: None,
    })
}

/// The part of a scope that a restriction leaves, if any. The catalog can only be read, whatever actions are named.
fn restrict(scope: &Scope, restriction: &Restriction) -> Option<Scope> {
    let allowed = match restriction {
        Restriction::None | Restriction::Oauth(OauthFloor::Full | OauthFloor::ReadWrite) => {
            return Some(scope.clone());
        }
        Restriction::Oauth(OauthFloor::ReadOnly) if scope.target == ScopeTarget::Catalog => {
            return Some(scope.clone());
        }
        Restriction::Oauth(OauthFloor::ReadOnly) => Actions::PULL,
        Restriction::Oauth(OauthFloor::Nothing) => return None,
        Restriction::Registry(own) => {
            let own = own.iter().filter(|own| own.target == scope.target);
            own.fold(Actions::default(), |all, own| Actions {
                pull: all.pull || own.actions.pull,
                push: all.push || own.actions.push,
                delete: all.delete || own.actions.delete || own.actions.push,
            })
        }
    };
    let actions = Actions {
        pull: scope.actions.pull && allowed.pull,
        push: scope.actions.push && allowed.push,
        delete: scope.actions.delete && allowed.delete,
    };
    (!actions.is_empty()).then(|| Scope {
        target: scope.target.clone(),
        actions,
    })
}

#[cfg(test)]
mod tests;
