//! What the fuzz targets call: whole requests without a socket. Only there with `--cfg fuzzing`.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::body::Body;
use http::{Request, Response};
use url::Url;
use wharf_app::App;

use crate::Config;
use crate::requests::{Connection, answer};
use crate::router::router;
use crate::shared::Shared;

/// A server without a listener.
pub struct Server(Arc<Connection>);

impl Server {
    /// A server of this registry, to a client on this machine.
    pub fn new(config: &Config, local_url: &Url, app: Arc<App>) -> Self {
        let shared = Arc::new(Shared::new(config, local_url, app));
        let router = router(shared.clone());
        let peer = IpAddr::from(Ipv4Addr::LOCALHOST);
        Self(Arc::new(Connection::new(shared, router, peer, false)))
    }

    /// Answers one request.
    pub async fn answer(&self, request: Request<Body>) -> Response<Body> {
        answer(self.0.clone(), request).await
    }
}
