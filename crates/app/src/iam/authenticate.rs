//! From a credential to a caller.

use secrecy::SecretString;

use crate::{App, Caller, Error, Origin};

/// What a request brought to prove who makes it.
#[derive(Debug)]
pub enum Credential {
    /// Nothing.
    None,
    /// `Authorization: Bearer`: a registry token, an access token, or a JWT that a service account key signed.
    Bearer(SecretString),
    /// `Authorization: Basic`: one of the user spellings (`_json_key`, `_json_key_base64`, `oauth2accesstoken`, …).
    Basic {
        /// Says what the password is.
        user: String,
        /// The secret.
        password: SecretString,
    },
}

impl App {
    /// Checks a credential against the accounts and keys as they are now.
    pub async fn authenticate(
        &self,
        credential: &Credential,
        origin: Origin,
    ) -> Result<Caller, Error> {
        let _ = (credential, origin);
        unimplemented!()
    }
}
