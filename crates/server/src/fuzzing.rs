//! What the fuzz targets call: whole requests without a socket. Only there with `--cfg fuzzing`.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::body::Body;
use http::{Request, Response};
use wharf_app::App;

use crate::hosts::Hosts;
use crate::metrics::Metrics;
use crate::requests::{Connection, answer};
use crate::router::router;
use crate::shared::Shared;

/// A server without a listener.
pub struct Server(Arc<Connection>);

impl Server {
    /// A server of this registry, which believes what proxies say, so that those headers are read too.
    pub fn new(app: Arc<App>) -> Self {
        let peer = IpAddr::from(Ipv4Addr::LOCALHOST);
        let shared = Arc::new(Shared {
            app,
            hosts: Hosts::new(&[], None),
            external_url: None,
            local_url: "http://127.0.0.1:5000".into(),
            trusted_proxies: ["127.0.0.1".parse()].into_iter().flatten().collect(),
            metrics: Arc::new(Metrics::new()),
        });
        let router = router(shared.clone());
        Self(Arc::new(Connection::new(shared, router, peer, false)))
    }

    /// Answers one request.
    pub async fn answer(&self, request: Request<Body>) -> Response<Body> {
        answer(self.0.clone(), request).await
    }
}
