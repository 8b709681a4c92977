//! A service account's key file: the credential that this client proves itself with.

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use wharf_types::{ProjectId, ServiceAccountEmail};

use crate::Endpoint;

/// How long a JWT that is exchanged at once is good for, in seconds.
const ASSERTION_SECONDS: i64 = 300;
/// What an access token is asked for: everything that the policies grant.
pub(crate) const CLOUD_PLATFORM: &str = "https://www.googleapis.com/auth/cloud-platform";

/// A key file, read and checked. The private key never leaves it: it signs.
pub struct KeyFile {
    /// Whose key it is.
    pub account: ServiceAccountEmail,
    /// The account's project.
    pub project: ProjectId,
    /// Which key.
    pub key_id: String,
    /// Where the registry is that made it, as far as its `token_uri` tells.
    pub endpoint: Option<Endpoint>,
    signer: EncodingKey,
    text: SecretString,
}

/// Why a text is not a key file. The text is a secret, so no message repeats any of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// Not JSON.
    #[error("it is not JSON (line {line}, column {column})")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// Another kind of credential.
    #[error("it is not a service account's key file: its \"type\" is not \"service_account\"")]
    Kind,
    /// A field is absent or wrong.
    #[error("its {0:?} is missing or malformed")]
    Field(&'static str),
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Fields {
    r#type: String,
    private_key_id: String,
    private_key: SecretString,
    client_email: String,
    token_uri: String,
}

/// What a JWT is to be exchanged for.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Wanted<'a> {
    /// An access token of these OAuth scopes.
    Scope(&'a str),
    /// An ID token for this audience.
    TargetAudience(&'a str),
}

/// The claims of RFC 7523, as Google's clients write them.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    aud: &'a str,
    #[serde(flatten)]
    wanted: Option<Wanted<'a>>,
    iat: i64,
    exp: i64,
}

impl KeyFile {
    /// Reads a key file.
    pub fn parse(text: SecretString) -> Result<Self, KeyFileError> {
        let json = text.expose_secret().trim_start_matches('\u{feff}');
        let fields: Fields = serde_json::from_str(json).map_err(|error| KeyFileError::Syntax {
            line: error.line(),
            column: error.column(),
        })?;
        if fields.r#type != "service_account" {
            return Err(KeyFileError::Kind);
        }
        if fields.private_key_id.is_empty() {
            return Err(KeyFileError::Field("private_key_id"));
        }
        let account = ServiceAccountEmail::parse(&fields.client_email)
            .map_err(|_| KeyFileError::Field("client_email"))?;
        let signer = EncodingKey::from_rsa_pem(fields.private_key.expose_secret().as_bytes())
            .map_err(|_| KeyFileError::Field("private_key"))?;
        let endpoint = fields.token_uri.strip_suffix("/token");
        Ok(Self {
            project: account.project(),
            account,
            key_id: fields.private_key_id,
            endpoint: endpoint.and_then(|endpoint| Endpoint::parse(endpoint).ok()),
            signer,
            text,
        })
    }

    /// The file itself, byte for byte: the password of the user `_json_key`.
    pub fn text(&self) -> &SecretString {
        &self.text
    }

    /// A JWT to exchange for an access token at `endpoint` (RFC 7523).
    pub(crate) fn assertion(&self, endpoint: &Endpoint) -> Option<SecretString> {
        let scope = Wanted::Scope(CLOUD_PLATFORM);
        self.sign(&format!("{endpoint}/token"), None, Some(scope))
    }

    /// A JWT to exchange for an ID token at `endpoint`, for those who go by this audience.
    pub(crate) fn id_assertion(&self, endpoint: &Endpoint, audience: &str) -> Option<SecretString> {
        let audience = Wanted::TargetAudience(audience);
        self.sign(&format!("{endpoint}/token"), None, Some(audience))
    }

    /// A JWT that is a bearer by itself, at `endpoint` alone: elsewhere its audience is wrong.
    pub(crate) fn self_signed(&self, endpoint: &Endpoint) -> Option<SecretString> {
        self.sign(&format!("{endpoint}/"), Some(self.account.as_str()), None)
    }

    fn sign(
        &self,
        aud: &str,
        sub: Option<&str>,
        wanted: Option<Wanted<'_>>,
    ) -> Option<SecretString> {
        let iat = Timestamp::now().as_second();
        let claims = Claims {
            iss: self.account.as_str(),
            sub,
            aud,
            wanted,
            iat,
            exp: iat + ASSERTION_SECONDS,
        };
        let header = Header {
            kid: Some(self.key_id.clone()),
            ..Header::new(Algorithm::RS256)
        };
        jsonwebtoken::encode(&header, &claims, &self.signer)
            .ok()
            .map(SecretString::from)
    }
}

impl std::fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyFile(key {} of {})", self.key_id, self.account)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn refused(text: &str) -> KeyFileError {
        KeyFile::parse(text.to_owned().into()).unwrap_err()
    }

    #[test]
    fn other_files_are_named_for_what_they_lack_and_never_shown() {
        assert_eq!(
            refused("hunter2"),
            KeyFileError::Syntax { line: 1, column: 1 }
        );
        assert_eq!(refused(r#"{"type":"authorized_user"}"#), KeyFileError::Kind);
        let account = "gcr-puller@my-project.iam.gserviceaccount.com";
        for (text, field) in [
            (r#"{"type":"service_account"}"#.to_owned(), "private_key_id"),
            (
                r#"{"type":"service_account","private_key_id":"k","client_email":"x"}"#.to_owned(),
                "client_email",
            ),
            (
                format!(
                    r#"{{"type":"service_account","private_key_id":"k","client_email":"{account}","private_key":"hunter2"}}"#
                ),
                "private_key",
            ),
        ] {
            let error = refused(&text);
            assert_eq!(error, KeyFileError::Field(field));
            assert!(!error.to_string().contains("hunter2"));
        }
    }
}
