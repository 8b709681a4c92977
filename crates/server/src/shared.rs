//! What every request shares.

use std::sync::Arc;

use wharf_app::App;

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
