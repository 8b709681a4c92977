//! One request and its bounded answer.

use std::error::Error as StdError;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use reqwest::redirect::Policy;
use reqwest::{Certificate, RequestBuilder};
use serde::de::DeserializeOwned;
use wharf_types::{ServiceAccountEmail, limits};

use crate::error::{Error, Refusal};
use crate::{Config, Endpoint};

/// The one HTTP client: no redirects, bounded times and sizes.
pub(crate) struct Http {
    client: reqwest::Client,
    account: Option<ServiceAccountEmail>,
}

/// A whole answer.
pub(crate) struct Answer {
    /// Who asked.
    account: Option<ServiceAccountEmail>,
    pub(crate) endpoint: Endpoint,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Http {
    pub(crate) fn new(config: &Config) -> Result<Self, Error> {
        let certificates = match &config.ca_certificates {
            Some(pem) => Certificate::from_pem_bundle(pem)
                .ok()
                .filter(|certificates| !certificates.is_empty())
                .ok_or_else(|| {
                    Error::Setup("the CA file holds no certificate in PEM".to_owned())
                })?,
            None => Vec::new(),
        };
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("wharf/", env!("CARGO_PKG_VERSION")))
                .redirect(Policy::none())
                .connect_timeout(limits::CLIENT_CONNECT_MAX)
                .timeout(limits::CLIENT_REQUEST_MAX)
        };
        // A machine without any CA certificates (a bare container) can still speak plain HTTP.
        let client = match builder().tls_certs_merge(certificates).build() {
            Err(_) if config.endpoint.is_plain() => builder().tls_certs_only([]).build(),
            other => other,
        }
        .map_err(|error| Error::Setup(format!("TLS cannot be set up: {}", root_cause(&error))))?;
        Ok(Self {
            client,
            account: config.key.as_ref().map(|key| key.account.clone()),
        })
    }

    /// The same connections, used by somebody else.
    pub(crate) fn as_account(&self, account: &ServiceAccountEmail) -> Self {
        Self {
            client: self.client.clone(),
            account: Some(account.clone()),
        }
    }

    pub(crate) fn request(&self, method: http::Method, url: url::Url) -> RequestBuilder {
        self.client.request(method, url)
    }

    /// Sends a request and reads its answer, which is not judged, redirects apart.
    pub(crate) async fn send(
        &self,
        endpoint: &Endpoint,
        request: RequestBuilder,
    ) -> Result<Answer, Error> {
        let failed = |error| explain(endpoint, &error);
        let mut response = request.send().await.map_err(failed)?;
        let (status, headers) = (response.status(), response.headers().clone());
        if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
            let to = headers.get(http::header::LOCATION);
            return Err(Error::Redirected {
                endpoint: endpoint.clone(),
                to: to
                    .and_then(|to| to.to_str().ok())
                    .map_or("nowhere".to_owned(), wharf_types::text::shorten),
            });
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > limits::CLIENT_ANSWER_SIZE_MAX {
                return Err(Error::Unexpected {
                    endpoint: endpoint.clone(),
                    reason: format!("more than {} bytes", limits::CLIENT_ANSWER_SIZE_MAX),
                });
            }
            body.extend_from_slice(&chunk);
        }
        tracing::debug!(%endpoint, status = status.as_u16(), bytes = body.len(), "answer");
        Ok(Answer {
            account: self.account.clone(),
            endpoint: endpoint.clone(),
            status,
            headers,
            body,
        })
    }
}

impl Answer {
    /// The answer, if it is none of refusal.
    pub(crate) fn ok(self) -> Result<Self, Error> {
        if self.status.is_success() {
            return Ok(self);
        }
        let refusal = self.refusal();
        Err(match self.status {
            StatusCode::UNAUTHORIZED if refusal.code != "DENIED" => Error::Unauthenticated {
                endpoint: self.endpoint,
                account: refusal.account,
                message: refusal.message,
            },
            _ => Error::Refused(Box::new(refusal)),
        })
    }

    pub(crate) fn refusal(&self) -> Refusal {
        let retry_after = self.header(http::header::RETRY_AFTER.as_str());
        let retry_after = retry_after.and_then(|seconds| seconds.parse().ok());
        Refusal {
            account: self.account.clone(),
            request_id: self.header("x-request-id").map(wharf_types::text::shorten),
            retry_after: retry_after.map(Duration::from_secs),
            ..Refusal::parse(self.status.as_u16(), &self.body)
        }
    }

    /// The answer as JSON.
    pub(crate) fn json<T: DeserializeOwned>(self) -> Result<T, Error> {
        let answer = self.ok()?;
        serde_json::from_slice(&answer.body).map_err(|error| Error::Unexpected {
            endpoint: answer.endpoint,
            reason: format!("its answer is not the JSON that it should be ({error})"),
        })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Says what kept a request from being answered.
fn explain(endpoint: &Endpoint, error: &reqwest::Error) -> Error {
    let endpoint = endpoint.clone();
    if let Some(tls) = tls_error(error) {
        return match tls {
            rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer) => {
                Error::UnknownAuthority(endpoint)
            }
            rustls::Error::InvalidCertificate(reason) => Error::Certificate {
                endpoint,
                reason: reason.to_string(),
            },
            rustls::Error::InvalidMessage(_) => Error::NotTls(endpoint),
            other => Error::Certificate {
                endpoint,
                reason: other.to_string(),
            },
        };
    }
    let is_cut_off =
        io_error(error).is_some_and(|error| error.kind() == std::io::ErrorKind::UnexpectedEof);
    if error.is_connect() && !endpoint.is_plain() && is_cut_off {
        return Error::NotTls(endpoint);
    }
    if error.is_timeout() {
        return Error::Timeout(endpoint);
    }
    Error::Unreachable {
        endpoint,
        reason: root_cause(error),
    }
}

/// The first error of the system in a chain.
fn io_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a std::io::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref() {
            return Some(io);
        }
        next = error.source();
    }
    None
}

/// The error of TLS in a chain. I/O errors hide what they wrap from the chain, so they are opened.
fn tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref() {
            return Some(tls);
        }
        let inside = error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        next = match inside {
            Some(inside) => Some(inside as &(dyn StdError + 'static)),
            None => error.source(),
        };
    }
    None
}

/// The last error of a chain: what the system said.
fn root_cause(error: &(dyn StdError + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
