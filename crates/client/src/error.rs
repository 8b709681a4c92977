//! Why something was not done.

use std::time::Duration;

use serde::Deserialize;
use wharf_types::ServiceAccountEmail;
use wharf_types::wire::{oci, status};

use crate::Endpoint;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection.
    #[error("cannot reach {endpoint}: {reason}")]
    Unreachable {
        /// Where.
        endpoint: Endpoint,
        /// Why not.
        reason: String,
    },
    /// A connection, and then silence.
    #[error("{0} did not answer in time")]
    Timeout(Endpoint),
    /// A certificate that nobody trusted vouches for.
    #[error("{0} has a certificate from an authority that this machine does not trust")]
    UnknownAuthority(Endpoint),
    /// A certificate that is wrong in another way.
    #[error("the certificate of {endpoint} is refused: {reason}")]
    Certificate {
        /// Where.
        endpoint: Endpoint,
        /// Why.
        reason: String,
    },
    /// TLS was spoken to a server that does not.
    #[error("{0} does not go through with a TLS handshake")]
    NotTls(Endpoint),
    /// The server sends us elsewhere. Not followed: a credential is for the endpoint that was named.
    #[error("{endpoint} redirects to {to}")]
    Redirected {
        /// Where we asked.
        endpoint: Endpoint,
        /// Where it points.
        to: String,
    },
    /// An answer that no registry of ours gives.
    #[error("{endpoint} answers, but not as a registry of this kind: {reason}")]
    Unexpected {
        /// Where.
        endpoint: Endpoint,
        /// What is wrong about it.
        reason: String,
    },
    /// The server refused the credential.
    #[error("{endpoint} does not accept the credential: {message}")]
    Unauthenticated {
        /// Where.
        endpoint: Endpoint,
        /// Whose it is; nobody's when none was sent.
        account: Option<ServiceAccountEmail>,
        /// What the server says.
        message: String,
    },
    /// The server refused the request.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The policy was changed by others each time before we could write it.
    #[error(
        "the policy was changed by somebody else each of the {0} times that we tried to write it"
    )]
    Contended(usize),
    /// The content is not what its digest names.
    #[error("what {endpoint} sent does not have the digest {digest}")]
    DigestMismatch {
        /// Where.
        endpoint: Endpoint,
        /// What it should have.
        digest: Box<wharf_types::Digest>,
    },
    /// What came does not have the checksum that came with it.
    #[error("what the server sent was altered on the way: its checksum does not match")]
    Corrupted,
    /// The request cannot be put together.
    #[error("{0}")]
    Setup(String),
}

/// What a server says when it refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// For programs: `PERMISSION_DENIED`, `MANIFEST_UNKNOWN`, `conditionNotMet`, …; empty when the server names none.
    pub code: String,
    /// For people.
    pub message: String,
    /// The permission that lacked.
    pub permission: Option<String>,
    /// On what it lacked.
    pub resource: Option<String>,
    /// Who asked; nobody without a key.
    pub account: Option<ServiceAccountEmail>,
    /// The name of the request in the server's log.
    pub request_id: Option<String>,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

/// What OAuth's endpoints answer (RFC 6749, section 5.2).
#[derive(Deserialize)]
struct OauthError {
    error: String,
    #[serde(default)]
    error_description: String,
}

impl Refusal {
    /// Reads a refusal in any of the dialects: Google's, the registry protocol's, OAuth's.
    pub(crate) fn parse(status: u16, body: &[u8]) -> Self {
        let mut refusal = Self {
            status,
            code: String::new(),
            message: String::new(),
            permission: None,
            resource: None,
            account: None,
            request_id: None,
            retry_after: None,
        };
        if let Ok(status::ErrorBody { error }) = serde_json::from_slice(body) {
            refusal.read_details(&error.details);
            let reason = error.errors.into_iter().next().map(|first| first.reason);
            refusal.code = error.status.or(reason).unwrap_or_default();
            refusal.message = error.message;
        } else if let Ok(oci::ErrorBody { errors }) = serde_json::from_slice(body) {
            if let Some(first) = errors.into_iter().next() {
                refusal.read_details(first.detail.as_slice());
                refusal.code = first.code;
                refusal.message = first.message;
            }
        } else if let Ok(error) = serde_json::from_slice::<OauthError>(body) {
            refusal.code = error.error;
            refusal.message = error.error_description;
        }
        if refusal.message.is_empty() {
            refusal.message = format!("the server answered {status}");
        }
        refusal
    }

    /// `google.rpc.ErrorInfo` carries names in `metadata`; the registry protocol's `detail` is an object of its own.
    fn read_details(&mut self, details: &[serde_json::Value]) {
        for detail in details {
            let fields = detail.get("metadata").unwrap_or(detail);
            let text = |name| fields.get(name).and_then(|v| v.as_str()).map(str::to_owned);
            self.permission = self.permission.take().or_else(|| text("permission"));
            self.resource = self.resource.take().or_else(|| text("resource"));
        }
    }

    /// Whether a compare-and-set lost: reading again and writing again may succeed.
    pub fn is_conflict(&self) -> bool {
        self.code == "ABORTED" || (self.status == 412 && self.code == "conditionNotMet")
    }

    /// Whether the thing is not there.
    pub fn is_not_found(&self) -> bool {
        self.status == 404
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(status: u16, body: &str) -> Refusal {
        Refusal::parse(status, body.as_bytes())
    }

    #[test]
    fn every_dialect_is_understood() {
        let google = parse(
            403,
            r#"{"error":{"code":403,"message":"no","status":"PERMISSION_DENIED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","metadata":{"permission":"storage.objects.get","resource":"projects/my-project"}}]}}"#,
        );
        assert_eq!(
            (google.code.as_str(), google.message.as_str()),
            ("PERMISSION_DENIED", "no")
        );
        assert_eq!(google.permission.as_deref(), Some("storage.objects.get"));
        assert_eq!(google.resource.as_deref(), Some("projects/my-project"));

        let storage = parse(
            412,
            r#"{"error":{"code":412,"message":"stale","errors":[{"message":"stale","domain":"global","reason":"conditionNotMet"}]}}"#,
        );
        assert!(storage.is_conflict());

        let oci = parse(
            404,
            r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"gone"}]}"#,
        );
        assert_eq!(oci.code, "MANIFEST_UNKNOWN");
        assert!(oci.is_not_found());

        let oauth = parse(
            400,
            r#"{"error":"invalid_grant","error_description":"expired"}"#,
        );
        assert_eq!(
            (oauth.code.as_str(), oauth.message.as_str()),
            ("invalid_grant", "expired")
        );
    }

    #[test]
    fn what_is_not_understood_still_has_a_message() {
        for body in ["", "<html>", "{}", "{\"errors\":[]}", "[]"] {
            assert_eq!(parse(502, body).message, "the server answered 502");
        }
    }
}
