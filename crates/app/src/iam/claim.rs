//! Whose a credential says that it is which proved nothing: for the audit log, where its owner finds it.

use wharf_types::ServiceAccountEmail;
use wharf_types::text::shorten;

use super::credentials::SecretKind;
use super::{jwt, key_file};

/// An account and a key that somebody names without proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    /// The account.
    pub(crate) account: ServiceAccountEmail,
    /// The key. Shortened: it may be any text.
    pub(crate) key_id: Option<Box<str>>,
}

impl Claim {
    fn new(account: ServiceAccountEmail, key_id: Option<&str>) -> Self {
        Self {
            account,
            key_id: key_id.map(|id| shorten(id).into()),
        }
    }

    /// What a secret says. Its length was bounded where it was received.
    pub(super) fn of_secret(kind: SecretKind, secret: &str) -> Option<Self> {
        let file = match kind {
            SecretKind::KeyFile => key_file::read(secret),
            SecretKind::KeyFileBase64 => key_file::read_base64(secret),
            SecretKind::Bearer => return Self::of_jwt(secret),
        };
        let file = file.ok()?;
        Some(Self::new(file.account, Some(&file.key_id)))
    }

    /// What a JWT says, ours or one that a key signed.
    pub(super) fn of_jwt(token: &str) -> Option<Self> {
        let said = jwt::said(token)?;
        let account = ServiceAccountEmail::parse(&said.account).ok()?;
        Some(Self::new(account, said.key_id.as_deref()))
    }

    /// What the user of a Basic credential says that is the address of an account, a common mistake.
    pub(super) fn of_user(user: &str) -> Option<Self> {
        Some(Self::new(ServiceAccountEmail::parse(user).ok()?, None))
    }
}
