//! Names to addresses. What is judged here is what is connected to: nobody asks again in between.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Host;

use crate::address::{Allowed, is_public};

/// Finds the addresses of a name.
pub(crate) type Lookup = Arc<dyn Fn(String) -> LookedUp + Send + Sync>;
/// What a [`Lookup`] finds.
pub(crate) type LookedUp = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// The system's resolver.
pub(crate) fn system() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.collect())
        })
    })
}

/// All addresses of a name are such as must not be reached.
#[derive(Debug, thiserror::Error)]
#[error("{0} has no address on the public internet")]
pub(crate) struct NotPublic(pub(crate) String);

/// The client's resolver: leaves out what must not be reached.
pub(crate) struct Guard {
    pub(crate) lookup: Lookup,
    pub(crate) allowed: Arc<[Allowed]>,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        let found = (self.lookup)(name.clone());
        let allowed = self.allowed.clone();
        Box::pin(async move {
            let is_named = allowed
                .iter()
                .any(|one| one.names(&Host::Domain(name.as_str())));
            let may_reach = |address: &SocketAddr| {
                let address = address.ip();
                is_named || is_public(address) || allowed.iter().any(|one| one.holds(address))
            };
            let mut addresses = found.await?;
            addresses.retain(may_reach);
            if addresses.is_empty() {
                return Err(NotPublic(name).into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
