//! What every request shares.

use std::sync::Arc;

use url::Url;
use wharf_app::App;

use crate::config::Config;
use crate::hosts::{Hosts, Network};
use crate::metrics::Metrics;
use crate::rates::Rates;

/// The state of the router.
pub(crate) struct Shared {
    /// The registry.
    pub(crate) app: Arc<App>,
    /// The names it is reached by.
    pub(crate) hosts: Hosts,
    /// The URL that it is reached by, if it was set, without a slash at the end.
    pub(crate) external_url: Option<Arc<str>>,
    /// The URL of the address it listens on, for requests without a `Host`.
    pub(crate) local_url: Arc<str>,
    /// Proxies that are believed.
    pub(crate) trusted_proxies: Vec<Network>,
    /// What is counted.
    pub(crate) metrics: Arc<Metrics>,
    /// How many requests are allowed.
    pub(crate) rates: Rates,
}

impl Shared {
    /// Of a registry that is served at `local_url`.
    pub(crate) fn new(config: &Config, local_url: &Url, app: Arc<App>) -> Self {
        let without_slash = |url: &Url| url.as_str().trim_end_matches('/').into();
        Self {
            hosts: Hosts::new(&config.hosts, config.external_url.as_ref()),
            external_url: config.external_url.as_ref().map(without_slash),
            local_url: without_slash(local_url),
            trusted_proxies: config.trusted_proxies.clone(),
            metrics: Arc::new(Metrics::new(app.clone())),
            rates: Rates::new(&config.limits),
            app,
        }
    }
}
