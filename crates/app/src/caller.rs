//! Who makes a request, with what credential, from where.

use std::net::IpAddr;

use wharf_types::Principal;
use wharf_types::scope::{OauthFloor, Scope};

/// The maker of a request, its credential already checked by [`crate::App::authenticate`].
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub principal: Principal,
    /// What the credential itself allows at most.
    pub restriction: Restriction,
    /// The service account key that the credential goes back to.
    pub key_id: Option<Box<str>>,
    /// When the credential ends, if it does by itself: what is issued on it ends then too.
    pub expires_at: Option<jiff::Timestamp>,
    /// From where.
    pub origin: Origin,
}

impl Caller {
    /// Somebody who sent no credential.
    pub fn anonymous(origin: Origin) -> Self {
        Self {
            principal: Principal::Anonymous,
            restriction: Restriction::None,
            key_id: None,
            expires_at: None,
            origin,
        }
    }
}

/// What a credential allows at most, whatever the policies grant its principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restriction {
    /// Everything that the policies grant.
    None,
    /// A registry token: these scopes.
    Registry(std::sync::Arc<[Scope]>),
    /// An access token: the floor of its OAuth scopes.
    Oauth(OauthFloor),
}

/// Where a request came from, for the audit log.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The peer's address, or what a trusted proxy said it is.
    pub address: Option<IpAddr>,
    /// `User-Agent`, shortened.
    pub user_agent: std::sync::Arc<str>,
    /// Names the request in answers and logs.
    pub request_id: std::sync::Arc<str>,
    /// The base URL that the request was addressed to, such as `http://127.0.0.1:5000`, for key files and audiences
    /// where no external URL was set.
    pub base_url: std::sync::Arc<str>,
}
