//! Service account keys.

use std::time::Duration;

use secrecy::SecretString;
pub use wharf_store::meta::access::keys::ServiceAccountKey;

use jiff::Timestamp;

use super::accounts::AccountReference;
use crate::{App, Caller, Error};

/// `valid_before` of a key that does not expire: the last whole second that a [`Timestamp`] can say.
/// Google writes it as 9999-12-31T23:59:59Z.
pub const NEVER: Timestamp = Timestamp::constant(253_402_207_200, 0);

/// A key that was just made. The private half exists nowhere else.
pub struct NewKey {
    /// What is kept.
    pub key: ServiceAccountKey,
    /// Google's JSON key file, complete.
    pub file: SecretString,
}

impl App {
    /// Makes a key pair, keeps the public half and answers the key file. Without `lifetime` it does not expire.
    pub async fn create_key(
        &self,
        caller: &Caller,
        account: &AccountReference,
        lifetime: Option<Duration>,
    ) -> Result<NewKey, Error> {
        let _ = (caller, account, lifetime);
        unimplemented!()
    }

    /// Keeps the public half of a pair that the caller made: an X.509 certificate or public key in PEM.
    pub async fn upload_key(
        &self,
        caller: &Caller,
        account: &AccountReference,
        public_key_pem: &str,
    ) -> Result<ServiceAccountKey, Error> {
        let _ = (caller, account, public_key_pem);
        unimplemented!()
    }

    /// Reads a key.
    pub async fn get_key(
        &self,
        caller: &Caller,
        account: &AccountReference,
        id: &str,
    ) -> Result<ServiceAccountKey, Error> {
        let _ = (caller, account, id);
        unimplemented!()
    }

    /// All keys of an account.
    pub async fn list_keys(
        &self,
        caller: &Caller,
        account: &AccountReference,
    ) -> Result<Vec<ServiceAccountKey>, Error> {
        let _ = (caller, account);
        unimplemented!()
    }

    /// Disables or enables a key.
    pub async fn set_key_disabled(
        &self,
        caller: &Caller,
        account: &AccountReference,
        id: &str,
        disabled: bool,
    ) -> Result<(), Error> {
        let _ = (caller, account, id, disabled);
        unimplemented!()
    }

    /// Deletes a key.
    pub async fn delete_key(
        &self,
        caller: &Caller,
        account: &AccountReference,
        id: &str,
    ) -> Result<(), Error> {
        let _ = (caller, account, id);
        unimplemented!()
    }
}
