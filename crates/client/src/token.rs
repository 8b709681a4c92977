//! Tokens: asked for with the key file, kept while they are good.

use std::time::{Duration, Instant};

use http::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::error::Error;
use crate::transport::Http;
use crate::{Endpoint, KeyFile};

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// A token with less than this left is not used any more: a request takes a while.
const SPARE: Duration = Duration::from_secs(60);
/// How long a token is taken to be good whose answer does not say.
const UNSAID: Duration = Duration::from_secs(60);

/// A key file and the access token that was last given for it.
pub(crate) struct Tokens {
    key: KeyFile,
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
struct RegistryToken {
    token: SecretString,
}

impl Tokens {
    pub(crate) fn new(key: KeyFile) -> Self {
        Self {
            key,
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
        let assertion = self.key.assertion(from).ok_or_else(unsigned)?;
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
        let given: AccessToken = answer.json()?;
        let lifetime = given.expires_in.map_or(UNSAID, Duration::from_secs);
        *kept = Some(Kept {
            token: given.access_token.clone(),
            good_until: Instant::now() + lifetime.saturating_sub(SPARE),
        });
        Ok(given.access_token)
    }

    /// Forgets the access token: the server did not accept it.
    pub(crate) async fn forget(&self) {
        *self.access.lock().await = None;
    }
}

/// A registry token of `from` for one scope; that of somebody unknown when there is no key. What proves us is a JWT for
/// `from` alone, so that a host named by mistake gets nothing that opens another.
pub(crate) async fn registry_token(
    http: &Http,
    key: Option<&KeyFile>,
    from: &Endpoint,
    scope: &str,
) -> Result<SecretString, Error> {
    let mut url = from.join(["v2", "token"]);
    url.query_pairs_mut()
        .append_pair("service", &from.authority())
        .append_pair("scope", scope);
    let mut request = http.request(Method::GET, url);
    if let Some(key) = key {
        let proof = key.self_signed(from).ok_or_else(unsigned)?;
        request = request.basic_auth("oauth2accesstoken", Some(proof.expose_secret()));
    }
    let given: RegistryToken = http.send(from, request).await?.json()?;
    Ok(given.token)
}

fn unsigned() -> Error {
    Error::Setup("the private key of the key file does not sign".to_owned())
}
