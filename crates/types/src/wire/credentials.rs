//! The IAM Service Account Credentials API: acting as a service account without its key.

use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::proto::{Base64, DurationText, duration, lenient_bool};

/// `POST …:generateAccessToken`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GenerateAccessTokenRequest {
    /// `projects/-/serviceAccounts/E`, each of which may act as the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delegates: Option<Vec<String>>,
    /// The OAuth scopes.
    pub scope: Vec<String>,
    /// How long the token shall be good; an hour when absent.
    #[schemars(with = "Option<DurationText>")]
    #[serde(with = "duration", skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<Duration>,
}

/// The answer to it.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GenerateAccessTokenResponse {
    /// The bearer.
    pub access_token: String,
    /// Until when it is good: whole seconds, since Google's own libraries read no others.
    pub expire_time: Timestamp,
}

/// `POST …:generateIdToken`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GenerateIdTokenRequest {
    /// `projects/-/serviceAccounts/E`, each of which may act as the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delegates: Option<Vec<String>>,
    /// Whom the token is for.
    pub audience: String,
    /// Whether the token says the account's address.
    #[serde(alias = "include_email", deserialize_with = "lenient_bool")]
    pub include_email: bool,
    /// Whether `azp` is the address, too, instead of the unique id. Not in Google's published schema: google-auth sends it.
    #[serde(alias = "use_email_azp", deserialize_with = "lenient_bool")]
    pub use_email_azp: bool,
}

/// The answer to it.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GenerateIdTokenResponse {
    /// The JWT.
    pub token: String,
}

/// `POST …:signBlob`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SignBlobRequest {
    /// `projects/-/serviceAccounts/E`, each of which may act as the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delegates: Option<Vec<String>>,
    /// What to sign.
    pub payload: Base64,
}

/// The answer to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SignBlobResponse {
    /// By which key.
    pub key_id: String,
    /// The signature: RSASSA-PKCS1-v1_5 with SHA-256.
    pub signed_blob: Base64,
}

/// `POST …:signJwt`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SignJwtRequest {
    /// `projects/-/serviceAccounts/E`, each of which may act as the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delegates: Option<Vec<String>>,
    /// The claims, as JSON in a string.
    pub payload: String,
}

/// The answer to it.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SignJwtResponse {
    /// By which key.
    pub key_id: String,
    /// The JWT.
    pub signed_jwt: String,
}

/// `GET …/allowedLocations`: where an account's tokens may be used (Google's trust boundaries).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AllowedLocations {
    /// None in particular.
    pub locations: Vec<String>,
    /// `0x0`: everywhere.
    pub encoded_locations: String,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn switches_are_read_as_google_auth_writes_them() {
        let read = |text| serde_json::from_str::<GenerateIdTokenRequest>(text);
        let request = read(r#"{"audience":"x","includeEmail":"true","useEmailAzp":true}"#).unwrap();
        assert!(request.include_email && request.use_email_azp);
        assert!(!read(r#"{"includeEmail":"false"}"#).unwrap().include_email);
        assert!(read(r#"{"includeEmail":"yes"}"#).is_err());
        assert!(read(r#"{"includeEmail":1}"#).is_err());
    }
}
