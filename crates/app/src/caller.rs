//! Who makes a request, with what credential, from where.

use std::net::IpAddr;
use std::sync::Arc;

use wharf_types::Principal;
use wharf_types::scope::{OauthFloor, Scope};

use crate::iam::Holder;

/// The maker of a request, its credential already checked by [`crate::App::authenticate`].
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who, to the policies: the holder's principal.
    pub principal: Principal,
    /// Whose the credential is, and who acts as them.
    pub holder: Arc<Holder>,
    /// What the credential itself allows at most.
    pub restriction: Restriction,
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
            holder: Arc::new(Holder::Anonymous),
            restriction: Restriction::None,
            expires_at: None,
            origin,
        }
    }

    /// The service account key that the credential goes back to, if it goes back to one.
    pub fn key_id(&self) -> Option<&str> {
        self.holder.key_id()
    }

    /// Who acts as the principal, the first of them first: the one who proved something by themselves, then those
    /// whom it acts as on the way.
    pub fn delegation(&self) -> Vec<Principal> {
        let mut actors: Vec<_> = self.holder.chain().skip(1).map(Holder::principal).collect();
        actors.reverse();
        actors
    }
}

/// What a credential allows at most, whatever the policies grant its principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restriction {
    /// Everything that the policies grant.
    None,
    /// A registry token: these scopes.
    Registry(Arc<[Scope]>),
    /// An access token: the floor of its OAuth scopes.
    Oauth(OauthFloor),
}

/// Where a request came from, for the audit log.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The peer's address, or what a trusted proxy said it is.
    pub address: Option<IpAddr>,
    /// `User-Agent`, shortened.
    pub user_agent: Arc<str>,
    /// Names the request in answers and logs.
    pub request_id: Arc<str>,
    /// The base URL that the request was addressed to, such as `http://127.0.0.1:5000`, for key files and audiences
    /// where no external URL was set.
    pub base_url: Arc<str>,
}
