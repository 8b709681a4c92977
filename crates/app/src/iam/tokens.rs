//! Tokens: issued here, checked in [`super::authenticate`].

use std::time::Duration;

use secrecy::SecretString;
use wharf_types::scope::Scope;

use crate::{App, Caller, Error, Origin};

/// A token and how long it is good for.
#[derive(Debug)]
pub struct IssuedToken {
    /// The bearer.
    pub token: SecretString,
    /// For how long.
    pub lifetime: Duration,
    /// Since when.
    pub issued_at: jiff::Timestamp,
}

impl App {
    /// RFC 7523: an access token for a JWT that a service account key signed. `scope` is the JWT's or the form's.
    pub async fn exchange_assertion(
        &self,
        assertion: &SecretString,
        scope: Option<&str>,
        origin: &Origin,
    ) -> Result<IssuedToken, Error> {
        let _ = (assertion, scope, origin);
        unimplemented!()
    }

    /// The Docker token protocol: a registry token that carries those of `scopes` that the caller has any right to.
    /// Also for the anonymous caller, whose token is good for what `allUsers` may do.
    pub async fn issue_registry_token(
        &self,
        caller: &Caller,
        scopes: &[Scope],
    ) -> Result<IssuedToken, Error> {
        let _ = (caller, scopes);
        unimplemented!()
    }
}
