//! The exchange of another issuer's token for one of ours (RFC 8693; Google's Security Token Service).

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use wharf_store::meta::Transaction;
use wharf_store::meta::access::projects;
use wharf_types::ProjectId;
use wharf_types::federation::ProviderName;
use wharf_types::limits;
use wharf_types::text::shorten;

use super::attributes::{Attributes, Unmapped};
use super::key_set::KeySet;
use super::memory::{PoolState, ProviderState};
use super::subject_token::SubjectToken;
use crate::audit::Entry;
use crate::iam::tokens::IssuedToken;
use crate::{App, Error, Holder, Origin};

/// What a token that may be exchanged is called: a JWT, or one that says it is an ID token. The same things here.
const SUBJECT_TOKEN_TYPES: [&str; 2] = [
    "urn:ietf:params:oauth:token-type:jwt",
    "urn:ietf:params:oauth:token-type:id_token",
];
/// What comes of it.
pub const ACCESS_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";

/// The scope of a token for which none is asked.
const EVERYTHING: &str = "https://www.googleapis.com/auth/cloud-platform";

/// A request to exchange a token.
#[derive(Debug, Default)]
pub struct TokenExchange {
    /// The provider: `//iam.googleapis.com/projects/N/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`.
    pub audience: Option<String>,
    /// What the new token should be good for.
    pub scope: Option<String>,
    /// What it should be; an access token if it is not said.
    pub requested_token_type: Option<String>,
    /// The other issuer's token.
    pub subject_token: Option<SecretString>,
    /// What that is.
    pub subject_token_type: Option<String>,
}

/// Why a token is not exchanged: RFC 6749, section 5.2, and RFC 8693, section 2.2.2.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// `invalid_request`: the request is malformed.
    #[error("{0}")]
    InvalidRequest(String),
    /// `invalid_target`: there is no such provider, or it is out of use.
    #[error("{0}")]
    InvalidTarget(String),
    /// `invalid_grant`: the token proves nothing to this provider.
    #[error("{0}")]
    InvalidGrant(String),
    /// `unauthorized_client`: the token is genuine, and the provider's condition rejects it.
    #[error("{0}")]
    Rejected(String),
    /// Something else.
    #[error(transparent)]
    App(#[from] Error),
}

impl App {
    /// An access token for the token of another issuer: that of the principal which the provider makes of its claims. It
    /// ends with the other token, after an hour at most, and is worth nothing as soon as provider or pool are disabled or
    /// deleted.
    pub async fn exchange_token(
        &self,
        request: TokenExchange,
        origin: &Origin,
    ) -> Result<IssuedToken, ExchangeError> {
        let issued = self.try_exchange(&request, origin).await;
        if let Err(
            refused @ (ExchangeError::InvalidTarget(_)
            | ExchangeError::InvalidGrant(_)
            | ExchangeError::Rejected(_)),
        ) = &issued
        {
            let audience = request.audience.as_deref().unwrap_or_default();
            let token = request
                .subject_token
                .as_ref()
                .map(|token| token.expose_secret());
            let said = token.and_then(|token| SubjectToken::read(token).ok());
            let subject = said.as_ref().and_then(SubjectToken::subject);
            let reason = format!(
                "token exchange at {} for a token of subject {:?}: {refused}",
                shorten(audience),
                shorten(subject.unwrap_or_default())
            );
            let project = match ProviderName::parse(audience) {
                Ok(name) => self.id_of_project(name.pool.project_number).await?,
                Err(_) => None,
            };
            self.audit
                .record(Entry::refused_exchange(origin.clone(), &reason, project))
                .await;
        }
        issued
    }

    async fn id_of_project(&self, number: u64) -> Result<Option<ProjectId>, Error> {
        let find = move |transaction: &Transaction<'_>| {
            Ok::<_, Error>(projects::find_by_number(transaction, number)?)
        };
        let project = self.meta.read(find).await?;
        Ok(project.map(|project| project.id))
    }

    async fn try_exchange(
        &self,
        request: &TokenExchange,
        origin: &Origin,
    ) -> Result<IssuedToken, ExchangeError> {
        let Asked {
            audience,
            token,
            scopes,
        } = asked(request)?;
        let name = ProviderName::parse(audience).map_err(|error| {
            ExchangeError::InvalidTarget(format!("Invalid value for \"audience\": {error}."))
        })?;
        let (pool, place) = self.provider_now(&name).await?.map_err(|problem| {
            ExchangeError::InvalidTarget(format!(
                "The target service indicated by the \"audience\" parameters is invalid: {problem}."
            ))
        })?;
        let provider = &pool.providers[place];
        let token = SubjectToken::read(token).map_err(ExchangeError::InvalidGrant)?;
        check_parties(&token, provider, &name)?;
        let now = Timestamp::now().as_second();
        let expiry = token.expiry(now).map_err(ExchangeError::InvalidGrant)?;
        let keys = self.keys_of(provider, token.key_id()).await?;
        if !keys.has(token.key_id()) {
            return Err(ExchangeError::InvalidGrant(format!(
                "Error connecting to the given credential's issuer: it has no key {:?}.",
                shorten(token.key_id().unwrap_or_default())
            )));
        }
        if !token.is_signed_by(&keys) {
            return Err(ExchangeError::InvalidGrant(
                "The ID Token's signature is invalid: it was altered, or another issuer's key signed it."
                    .to_owned(),
            ));
        }
        let attributes = attributes_of(&pool, place).await?;
        let identity = attributes
            .identify(&token.claims, &name.pool)
            .map_err(|unmapped| match unmapped {
                Unmapped::Rejected => ExchangeError::Rejected(
                    "The given credential is rejected by the attribute condition.".to_owned(),
                ),
                Unmapped::Failed(reason) => ExchangeError::InvalidGrant(format!(
                    "The token's claims are of no use: {reason}."
                )),
            })?;
        let holder = Holder::Federated {
            principal: identity.principal.into(),
            sets: identity.sets.into_iter().map(Into::into).collect(),
            provider: name.to_string().into(),
        };
        // Within the skew a token may be over already; what it is exchanged for has to be of some use.
        let left = Duration::from_secs(u64::try_from(expiry - now).unwrap_or_default());
        let lifetime = left.clamp(limits::CLOCK_SKEW_MAX, limits::ACCESS_TOKEN_LIFETIME);
        let issued = self
            .issue_access_token_to(Arc::new(holder), scopes, lifetime, origin)
            .await?;
        Ok(issued)
    }

    /// The keys that a provider's tokens are signed with: those that were uploaded, or the issuer's.
    async fn keys_of(
        &self,
        provider: &ProviderState,
        key_id: Option<&str>,
    ) -> Result<Arc<KeySet>, ExchangeError> {
        let ProviderState { provider, keys, .. } = provider;
        let Some(jwks) = &provider.jwks else {
            let keys = self.federation.issuers.keys(&provider.issuer, key_id).await;
            return keys.map_err(|reason| {
                ExchangeError::InvalidGrant(format!(
                    "Error connecting to the given credential's issuer: {reason}."
                ))
            });
        };
        if let Some(keys) = keys.get() {
            return Ok(keys.clone());
        }
        let read = KeySet::read(jwks.as_bytes()).map_err(Error::internal)?;
        Ok(keys.get_or_init(|| Arc::new(read)).clone())
    }
}

/// What is asked for.
struct Asked<'r> {
    audience: &'r str,
    token: &'r str,
    scopes: &'r str,
}

fn asked(request: &TokenExchange) -> Result<Asked<'_>, ExchangeError> {
    let missing = |name: &str| ExchangeError::InvalidRequest(format!("{name} is missing."));
    let audience = request
        .audience
        .as_deref()
        .ok_or_else(|| missing("audience"))?;
    let token = request
        .subject_token
        .as_ref()
        .ok_or_else(|| missing("subject_token"))?;
    let kind = request.subject_token_type.as_deref();
    match kind.ok_or_else(|| missing("subject_token_type"))? {
        kind if SUBJECT_TOKEN_TYPES.contains(&kind) => {}
        other => {
            return Err(ExchangeError::InvalidRequest(format!(
                "Invalid value for \"subject_token_type\": {:?} is none of {}.",
                shorten(other),
                SUBJECT_TOKEN_TYPES.join(", ")
            )));
        }
    }
    match request.requested_token_type.as_deref() {
        None | Some(ACCESS_TOKEN_TYPE) => {}
        Some(other) => {
            return Err(ExchangeError::InvalidRequest(format!(
                "Invalid value for \"requested_token_type\": {:?} is not {ACCESS_TOKEN_TYPE}.",
                shorten(other)
            )));
        }
    }
    Ok(Asked {
        audience,
        token: token.expose_secret().trim(),
        scopes: request.scope.as_deref().unwrap_or(EVERYTHING),
    })
}

/// Whether a token is the provider's issuer's, and issued for the provider. It proves nothing yet.
fn check_parties(
    token: &SubjectToken<'_>,
    provider: &ProviderState,
    name: &ProviderName,
) -> Result<(), ExchangeError> {
    let provider = &provider.provider;
    if token.issuer() != Some(provider.issuer.as_str()) {
        return Err(ExchangeError::InvalidGrant(format!(
            "The issuer in ID Token {:?} does not match the expected ones: {:?}.",
            shorten(token.issuer().unwrap_or_default()),
            provider.issuer
        )));
    }
    let own = [name.full(), format!("https:{}", name.full())];
    let expected: &[String] = match provider.audiences.as_slice() {
        [] => &own,
        audiences => audiences,
    };
    let audiences = token.audiences();
    if audiences
        .iter()
        .any(|one| expected.iter().any(|wanted| wanted == one))
    {
        return Ok(());
    }
    Err(ExchangeError::InvalidGrant(format!(
        "The audience in ID Token [{}] does not match the expected audience {}.",
        shorten(&audiences.join(", ")),
        expected[0]
    )))
}

/// A provider's expressions, compiled when its first token comes.
async fn attributes_of(pool: &Arc<PoolState>, place: usize) -> Result<Arc<Attributes>, Error> {
    if let Some(attributes) = pool.providers[place].attributes.get() {
        return Ok(attributes.clone());
    }
    let state = pool.clone();
    tokio::task::spawn_blocking(move || {
        let provider = &state.providers[place];
        let attributes = Attributes::compile(&provider.provider).map_err(Error::internal)?;
        let attributes = provider.attributes.get_or_init(|| Arc::new(attributes));
        Ok(attributes.clone())
    })
    .await
    .map_err(Error::internal)?
}
