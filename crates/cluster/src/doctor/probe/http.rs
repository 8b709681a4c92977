//! Requests of bounded time and size. Redirects are followed without credentials.

use std::error::Error as StdError;
use std::time::Duration;

use http::{HeaderMap, Method, StatusCode, header};
use reqwest::RequestBuilder;
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;
use wharf_types::text::shorten;

use super::ProbeError;
use super::certificate::Trust;

/// Time for one answer.
const REQUEST_MAX: Duration = Duration::from_secs(6);
/// Bytes of an answer: registries take manifests of 4 MiB.
const BODY_MAX: usize = 4 * 1024 * 1024;
/// Redirects of one request.
const REDIRECTS_MAX: usize = 4;

/// The one HTTP client.
#[derive(Debug)]
pub(super) struct Http {
    client: reqwest::Client,
}

/// How a registry is shown who asks.
#[derive(Clone, Debug)]
pub(super) enum Authorization {
    /// A token of the token endpoint's.
    Bearer(SecretString),
    /// The credential itself.
    Basic {
        /// The user.
        username: String,
        /// The password.
        password: SecretString,
    },
}

/// A whole answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// Whether somebody else answers than who was asked.
    pub(super) is_redirected: bool,
}

/// What a registry says of a refusal.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// The OCI error code; empty if there is none.
    pub(super) code: String,
    pub(super) message: String,
}

impl Http {
    pub(super) fn new(trust: &Trust) -> Result<Self, ProbeError> {
        let client = reqwest::Client::builder()
            .user_agent(concat!("wharf/", env!("CARGO_PKG_VERSION"), " doctor"))
            .tls_backend_preconfigured(trust.config()?)
            .redirect(Policy::none())
            // The door was found without a proxy, and the node has none of this machine's.
            .no_proxy()
            .connect_timeout(REQUEST_MAX)
            .timeout(REQUEST_MAX)
            .build()
            .map_err(|error| ProbeError::Tls(error.to_string()))?;
        Ok(Self { client })
    }

    pub(super) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.client.request(method, url)
    }

    /// Sends one request, and reads its answer whatever it is. The error is what the system says.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Answer, String> {
        let mut response = request.send().await.map_err(|error| cause(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| cause(&error))? {
            if body.len() + chunk.len() > BODY_MAX {
                return Err(format!("an answer of more than {BODY_MAX} bytes"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status,
            headers,
            body,
            is_redirected: false,
        })
    }

    /// Asks a registry. A redirect is followed, without the credential.
    pub(super) async fn ask(
        &self,
        method: Method,
        url: &Url,
        accept: &str,
        authorization: Option<&Authorization>,
    ) -> Result<Answer, String> {
        let mut url = url.clone();
        let mut authorization = authorization;
        for redirects in 0..=REDIRECTS_MAX {
            let mut request = self
                .request(method.clone(), url.clone())
                .header(header::ACCEPT, accept);
            request = match authorization {
                Some(Authorization::Bearer(token)) => request.bearer_auth(token.expose_secret()),
                Some(Authorization::Basic { username, password }) => {
                    request.basic_auth(username, Some(password.expose_secret()))
                }
                None => request,
            };
            let mut answer = self.send(request).await?;
            answer.is_redirected = redirects > 0;
            let Some(next) = answer.redirects_to(&url) else {
                return Ok(answer);
            };
            if url.scheme() == "https" && next.scheme() != "https" {
                return Err(format!(
                    "it redirects from TLS to {}",
                    shorten(next.as_str())
                ));
            }
            (url, authorization) = (next, None);
        }
        Err(format!("more than {REDIRECTS_MAX} redirects"))
    }
}

impl Answer {
    pub(super) fn header(&self, name: &header::HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether a page for people came.
    pub(super) fn is_html(&self) -> bool {
        let kind = self.header(&header::CONTENT_TYPE);
        kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"))
            || self.body.trim_ascii_start().starts_with(b"<")
    }

    pub(super) fn redirects_to(&self, from: &Url) -> Option<Url> {
        let is_redirect = matches!(self.status.as_u16(), 301 | 302 | 303 | 307 | 308);
        let to = self.header(&header::LOCATION).filter(|_| is_redirect)?;
        from.join(to)
            .ok()
            .filter(|to| ["http", "https"].contains(&to.scheme()))
    }

    /// `Retry-After`, in seconds.
    pub(super) fn retry_after(&self) -> Option<u64> {
        self.header(&header::RETRY_AFTER)?.trim().parse().ok()
    }

    /// What it says, as far as it is meant for people: the errors of the distribution-spec, those of OAuth, or a short text.
    pub(super) fn words(&self) -> Words {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Body {
            errors: Vec<Item>,
            error: serde_json::Value,
            error_description: String,
            details: serde_json::Value,
            message: String,
        }
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Item {
            code: String,
            message: String,
        }
        let Ok(body) = serde_json::from_slice::<Body>(&self.body) else {
            let text = String::from_utf8_lossy(&self.body);
            let is_text = !self.is_html() && !self.body.is_empty();
            return Words {
                code: String::new(),
                message: if is_text {
                    shorten(text.trim())
                } else {
                    String::new()
                },
            };
        };
        if let Some(first) = body.errors.first() {
            return Words {
                code: shorten(&first.code),
                message: shorten(&first.message),
            };
        }
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let message = [Some(body.error_description), Some(body.message)]
            .into_iter()
            .chain([text(&body.details), text(&body.error)])
            .flatten()
            .find(|text| !text.is_empty());
        Words {
            code: String::new(),
            message: message.map(|text| shorten(&text)).unwrap_or_default(),
        }
    }
}

/// What the system said, which is the last in the chain.
fn cause(error: &reqwest::Error) -> String {
    let mut last: &dyn StdError = error;
    while let Some(source) = last.source() {
        last = source;
    }
    if error.is_timeout() {
        return format!("no answer within {} s", REQUEST_MAX.as_secs());
    }
    last.to_string()
}
