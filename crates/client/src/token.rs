//! Tokens: asked for with the key file, kept while they are good.

use std::time::{Duration, Instant};

use http::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use wharf_types::ServiceAccountEmail;
use wharf_types::wire::credentials::{
    GenerateAccessTokenRequest, GenerateAccessTokenResponse, GenerateIdTokenRequest,
    GenerateIdTokenResponse,
};

use crate::error::Error;
use crate::key_file::CLOUD_PLATFORM;
use crate::transport::Http;
use crate::{Endpoint, KeyFile};

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// A token with less than this left is not used any more: a request takes a while.
const SPARE: Duration = Duration::from_secs(60);
/// How long a token of an account is asked for that is acted as.
const ACTING: Duration = Duration::from_secs(3_600);
/// How long a token is taken to be good whose answer does not say.
const UNSAID: Duration = Duration::from_secs(60);

/// A key file and the access token that was last given for it.
pub(crate) struct Tokens {
    key: KeyFile,
    /// As whom, if not as the key's own account.
    acting_as: Option<ServiceAccountEmail>,
    access: Mutex<Option<Kept>>,
}

struct Kept {
    token: SecretString,
    good_until: Instant,
}

#[derive(Deserialize)]
struct AccessToken {
    access_token: SecretString,
    expires_in: Option<u64>,
}

#[derive(Deserialize)]
struct IdToken {
    id_token: SecretString,
}

#[derive(Deserialize)]
struct RegistryToken {
    token: SecretString,
}

impl Tokens {
    pub(crate) fn new(key: KeyFile, acting_as: Option<ServiceAccountEmail>) -> Self {
        Self {
            key,
            acting_as,
            access: Mutex::new(None),
        }
    }

    pub(crate) fn key(&self) -> &KeyFile {
        &self.key
    }

    /// An access token for the endpoint's Google-style APIs. Waiters share one request.
    pub(crate) async fn access(&self, http: &Http, from: &Endpoint) -> Result<SecretString, Error> {
        let mut kept = self.access.lock().await;
        if let Some(kept) = &*kept
            && kept.good_until > Instant::now()
        {
            return Ok(kept.token.clone());
        }
        let (token, lifetime) = self.fetch(http, from).await?;
        *kept = Some(Kept {
            token: token.clone(),
            good_until: Instant::now() + lifetime.saturating_sub(SPARE),
        });
        Ok(token)
    }

    /// A new access token, and for how long it is good.
    async fn fetch(&self, http: &Http, from: &Endpoint) -> Result<(SecretString, Duration), Error> {
        let assertion = self.key.assertion(from).ok_or_else(unsigned)?;
        let given: AccessToken = exchange(http, from, &assertion).await?;
        let lifetime = given.expires_in.map_or(UNSAID, Duration::from_secs);
        let Some(account) = &self.acting_as else {
            return Ok((given.access_token, lifetime));
        };
        let wanted = GenerateAccessTokenRequest {
            scope: vec![CLOUD_PLATFORM.to_owned()],
            lifetime: Some(ACTING),
            ..GenerateAccessTokenRequest::default()
        };
        let own = &given.access_token;
        let given: GenerateAccessTokenResponse =
            act(http, from, own, account, "generateAccessToken", &wanted).await?;
        Ok((given.access_token.into(), ACTING))
    }

    /// A new ID token for those who go by an audience.
    pub(crate) async fn identity(
        &self,
        http: &Http,
        from: &Endpoint,
        audience: &str,
    ) -> Result<SecretString, Error> {
        let Some(account) = &self.acting_as else {
            let assertion = self.key.id_assertion(from, audience);
            let assertion = assertion.ok_or_else(unsigned)?;
            let given: IdToken = exchange(http, from, &assertion).await?;
            return Ok(given.id_token);
        };
        let assertion = self.key.assertion(from).ok_or_else(unsigned)?;
        let own: AccessToken = exchange(http, from, &assertion).await?;
        let wanted = GenerateIdTokenRequest {
            audience: audience.to_owned(),
            include_email: true,
            ..GenerateIdTokenRequest::default()
        };
        let own = &own.access_token;
        let given: GenerateIdTokenResponse =
            act(http, from, own, account, "generateIdToken", &wanted).await?;
        Ok(given.token.into())
    }

    /// Forgets the access token: the server did not accept it.
    pub(crate) async fn forget(&self) {
        *self.access.lock().await = None;
    }

    /// The password by which a registry token is got: what is good at `from` alone.
    async fn proof(&self, http: &Http, from: &Endpoint) -> Result<SecretString, Error> {
        match &self.acting_as {
            None => self.key.self_signed(from).ok_or_else(unsigned),
            Some(_) => Ok(self.fetch(http, from).await?.0),
        }
    }
}

/// What the token endpoint gives for a JWT that a key signed (RFC 7523).
async fn exchange<T: DeserializeOwned>(
    http: &Http,
    from: &Endpoint,
    assertion: &SecretString,
) -> Result<T, Error> {
    let form = [
        ("grant_type", JWT_BEARER),
        ("assertion", assertion.expose_secret()),
    ];
    let request = http.request(Method::POST, from.join(["token"])).form(&form);
    let answer = http.send(from, request).await?;
    if answer.status.is_client_error() {
        let refusal = answer.refusal();
        // OAuth's refusals of a credential are 400 (RFC 6749, section 5.2).
        if refusal.code == "invalid_grant" {
            return Err(Error::Unauthenticated {
                endpoint: from.clone(),
                account: refusal.account,
                message: refusal.message,
            });
        }
    }
    answer.json()
}

/// A call of the IAM Credentials API: what an account is asked for by somebody who may act as it.
async fn act<T: DeserializeOwned>(
    http: &Http,
    at: &Endpoint,
    bearer: &SecretString,
    account: &ServiceAccountEmail,
    verb: &str,
    body: &impl Serialize,
) -> Result<T, Error> {
    let name = format!("{account}:{verb}");
    let url = at.join(["v1", "projects", "-", "serviceAccounts", &name]);
    let request = http
        .request(Method::POST, url)
        .bearer_auth(bearer.expose_secret());
    http.send(at, request.json(body)).await?.json()
}

/// A registry token of `from` for one scope; that of somebody unknown when there is no key. What proves us was
/// made for or by `from` alone, so that a host named by mistake gets nothing that opens another.
pub(crate) async fn registry_token(
    http: &Http,
    tokens: Option<&Tokens>,
    from: &Endpoint,
    scope: &str,
) -> Result<SecretString, Error> {
    let mut url = from.join(["v2", "token"]);
    url.query_pairs_mut()
        .append_pair("service", &from.authority())
        .append_pair("scope", scope);
    let mut request = http.request(Method::GET, url);
    if let Some(tokens) = tokens {
        let proof = tokens.proof(http, from).await?;
        request = request.basic_auth("oauth2accesstoken", Some(proof.expose_secret()));
    }
    let given: RegistryToken = http.send(from, request).await?.json()?;
    Ok(given.token)
}

fn unsigned() -> Error {
    Error::Setup("the private key of the key file does not sign".to_owned())
}
