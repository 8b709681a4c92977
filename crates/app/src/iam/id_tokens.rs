//! ID tokens (OpenID Connect Core, section 2): what a service account shows to others to prove who it is, signed by the
//! registry, which opens nothing here.

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use wharf_types::error::OciCode;
use wharf_types::{Principal, ServiceAccountEmail, limits};

use super::signing::Owner;
use crate::audit::{Entry, Event};
use crate::{App, Caller, Error, Origin};

/// An ID token's claims, as Google writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct IdClaims {
    pub(super) iss: String,
    pub(super) aud: String,
    pub(super) azp: String,
    pub(super) sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email_verified: Option<bool>,
    pub(super) iat: i64,
    pub(super) exp: i64,
}

/// Where an ID token says its account's address; its unique id stands in `sub` always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShownEmail {
    /// In `email`.
    pub as_email: bool,
    /// In `azp`, instead of the unique id.
    pub as_azp: bool,
}

impl App {
    /// Who issues ID tokens: the URL by which clients reach this registry.
    pub fn issuer(&self, origin: &Origin) -> String {
        let external = self.external_url.as_ref().map(url::Url::as_str);
        external
            .unwrap_or(&origin.base_url)
            .trim_end_matches('/')
            .to_owned()
    }

    /// An ID token of the account that the caller is, for those who go by this audience.
    pub(super) async fn issue_id_token(
        &self,
        caller: &Caller,
        account: &ServiceAccountEmail,
        audience: &str,
        email: ShownEmail,
    ) -> Result<SecretString, Error> {
        if audience.is_empty() || audience.len() > limits::AUDIENCE_LENGTH_MAX {
            return Err(Error::invalid(
                OciCode::NameInvalid,
                format!(
                    "the audience of an ID token has 1 to {} bytes: name whom the token is for",
                    limits::AUDIENCE_LENGTH_MAX
                ),
            ));
        }
        let state = self.iam.credentials.account(&self.meta, account).await?;
        let unique_id = state
            .map(|state| state.account.unique_id.clone())
            .ok_or_else(|| Error::Unauthenticated(format!("{account} was deleted")))?;
        let lifetime =
            i64::try_from(limits::ASSERTION_LIFETIME_MAX.as_secs()).map_err(Error::internal)?;
        let now = Timestamp::now().as_second();
        let claims = IdClaims {
            iss: self.issuer(&caller.origin),
            aud: audience.to_owned(),
            azp: if email.as_azp {
                account.to_string()
            } else {
                unique_id.clone()
            },
            sub: unique_id,
            email: email.as_email.then(|| account.to_string()),
            email_verified: email.as_email.then_some(true),
            iat: now,
            exp: now + lifetime,
        };
        let claims = serde_json::to_vec(&claims).map_err(Error::internal)?;
        let token = self
            .signing_key(&Owner::Registry)
            .await?
            .sign_jwt(&claims)?;
        // The key may have had to be made: what the caller stands on may be gone meanwhile.
        self.check_now(&caller.holder, Timestamp::now()).await?;
        let event = Event::TokenIssued {
            kind: "id",
            scopes: [].into(),
            expires_at: Timestamp::from_second(now + lifetime).map_err(Error::internal)?,
        };
        self.audit.record(Entry::of(caller, event)).await;
        Ok(SecretString::from(token))
    }

    /// The account that a caller is.
    pub(super) fn account_of(caller: &Caller) -> Result<&ServiceAccountEmail, Error> {
        match &caller.principal {
            Principal::ServiceAccount(email) => Ok(email),
            other => Err(Error::Unsupported(format!(
                "service accounts alone have ID tokens, and {other} is none"
            ))),
        }
    }
}
