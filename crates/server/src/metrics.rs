//! What is counted, in the text format of Prometheus. No label names a repository or a principal: their number has no
//! bound, and who may read metrics may not read the audit log.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use http::{Method, StatusCode};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabelSet, EncodeLabelValue, EncodeMetric as _, LabelValueEncoder,
};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use wharf_app::App;

use crate::google;

/// Upper bounds of durations in seconds: from a manifest out of memory to a layer over a slow line.
const DURATIONS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0, 120.0,
];

/// A class of requests that cost alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Route {
    /// `/v2/`
    Version,
    /// `/v2/NAME/manifests/…`
    Manifests,
    /// `/v2/NAME/blobs/DIGEST`
    Blobs,
    /// `/v2/NAME/blobs/uploads/…`
    Uploads,
    /// `/v2/NAME/tags/list`, `/v2/NAME/referrers/…`, `/v2/_catalog`
    Lists,
    /// Token endpoints.
    Tokens,
    /// The Google-style APIs.
    Google,
    /// `/healthz`, `/readyz`, `/metrics`
    Operations,
}

impl Route {
    /// Every class.
    const ALL: [Self; 8] = [
        Self::Version,
        Self::Manifests,
        Self::Blobs,
        Self::Uploads,
        Self::Lists,
        Self::Tokens,
        Self::Google,
        Self::Operations,
    ];

    /// The class of a path, whether or not there is such a path.
    pub(crate) fn of(path: &str) -> Self {
        let Some(rest) = path.strip_prefix("/v2/") else {
            return match path {
                "/v2" => Self::Version,
                "/token" => Self::Tokens,
                "/healthz" | "/readyz" | "/metrics" => Self::Operations,
                _ => Self::Google,
            };
        };
        if path.starts_with(google::LOG_ENTRIES) {
            return Self::Google;
        }
        match rest {
            "" => return Self::Version,
            "token" => return Self::Tokens,
            _ => {}
        }
        let (before, last) = rest.rsplit_once('/').unwrap_or(("", rest));
        match before.rsplit_once('/').map_or(before, |(_, kind)| kind) {
            "manifests" => Self::Manifests,
            "uploads" => Self::Uploads,
            "blobs" if last != "uploads" => Self::Blobs,
            "blobs" => Self::Uploads,
            _ => Self::Lists,
        }
    }

    /// Whether its errors have the registry protocol's body.
    pub(crate) fn is_registry(self) -> bool {
        matches!(
            self,
            Self::Version | Self::Manifests | Self::Blobs | Self::Uploads | Self::Lists
        )
    }

    /// The label.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Manifests => "manifests",
            Self::Blobs => "blobs",
            Self::Uploads => "uploads",
            Self::Lists => "lists",
            Self::Tokens => "tokens",
            Self::Google => "google",
            Self::Operations => "operations",
        }
    }
}

impl EncodeLabelValue for Route {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.as_str().encode(encoder)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    route: Route,
    method: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabel {
    route: Route,
}

/// All that is counted.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answer, Counter>,
    durations: Family<RouteLabel, Histogram>,
    live: Arc<Live>,
}

/// What is counted where it happens, and read when somebody asks.
struct Live {
    app: Arc<App>,
    connections: AtomicI64,
    in_flight: [AtomicI64; Route::ALL.len()],
    bytes_received: AtomicU64,
    bytes_sent: AtomicU64,
}

impl Metrics {
    pub(crate) fn new(app: Arc<App>) -> Self {
        let mut registry = Registry::with_prefix("wharf");
        let requests = Family::default();
        registry.register("requests", "Requests answered", requests.clone());
        let durations =
            Family::<RouteLabel, Histogram>::new_with_constructor(|| Histogram::new(DURATIONS));
        registry.register(
            "request_duration_seconds",
            "Time from a request's head to its answer's head",
            durations.clone(),
        );
        let live = Arc::new(Live {
            app,
            connections: AtomicI64::new(0),
            in_flight: Default::default(),
            bytes_received: AtomicU64::new(0),
            bytes_sent: AtomicU64::new(0),
        });
        registry.register_collector(Box::new(live.clone()));
        Self {
            registry,
            requests,
            durations,
            live,
        }
    }

    /// Counts a connection until the guard is dropped.
    pub(crate) fn connection(&self) -> Open {
        self.live.connections.fetch_add(1, Ordering::Relaxed);
        Open(self.live.clone())
    }

    /// Counts a request in flight until the guard is dropped.
    pub(crate) fn request(&self, route: Route) -> InFlight<'_> {
        let count = &self.live.in_flight[route as usize];
        count.fetch_add(1, Ordering::Relaxed);
        InFlight(count)
    }

    /// Counts bytes off the wire.
    pub(crate) fn received(&self, bytes: usize) {
        self.live
            .bytes_received
            .fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Counts bytes onto the wire.
    pub(crate) fn sent(&self, bytes: usize) {
        self.live
            .bytes_sent
            .fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Counts an answer.
    pub(crate) fn answered(
        &self,
        route: Route,
        method: &Method,
        status: StatusCode,
        duration: Duration,
    ) {
        let answer = Answer {
            route,
            method: method_label(method),
            status: status.as_u16(),
        };
        self.requests.get_or_create(&answer).inc();
        self.durations
            .get_or_create(&RouteLabel { route })
            .observe(duration.as_secs_f64());
    }

    /// Everything, as text.
    pub(crate) fn encode(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// An open connection.
pub(crate) struct Open(Arc<Live>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A request that is not answered yet.
pub(crate) struct InFlight<'a>(&'a AtomicI64);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Live")
    }
}

impl Collector for Live {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let (granted, refused) = self.app.decisions();
        let counters = [
            (
                "bytes_received",
                "Bytes received",
                self.bytes_received.load(Ordering::Relaxed),
            ),
            (
                "bytes_sent",
                "Bytes sent",
                self.bytes_sent.load(Ordering::Relaxed),
            ),
            (
                "decisions_granted",
                "Requests for a permission that were granted",
                granted,
            ),
            (
                "decisions_refused",
                "Requests for a permission that were refused",
                refused,
            ),
            (
                "audit_records_lost",
                "Records of the audit log that could not be written",
                self.app.audit_lost(),
            ),
        ];
        for (name, help, value) in counters {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(
                name,
                help,
                None,
                counter.metric_type(),
            )?)?;
        }
        let connections = ConstGauge::new(self.connections.load(Ordering::Relaxed));
        let help = "Connections that are open";
        connections.encode(encoder.encode_descriptor(
            "connections",
            help,
            None,
            connections.metric_type(),
        )?)?;
        let help =
            "Requests whose answer has not begun; of the class uploads: bodies on their way in";
        let kind = connections.metric_type();
        let mut family = encoder.encode_descriptor("requests_in_flight", help, None, kind)?;
        for route in Route::ALL {
            let count = ConstGauge::new(self.in_flight[route as usize].load(Ordering::Relaxed));
            count.encode(family.encode_family(&RouteLabel { route })?)?;
        }
        Ok(())
    }
}

/// Anybody can make methods up.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_classes() {
        for (path, route) in [
            ("/v2", Route::Version),
            ("/v2/", Route::Version),
            ("/v2/token", Route::Tokens),
            ("/v2/p/a/manifests/latest", Route::Manifests),
            ("/v2/p/a/blobs/sha256:00", Route::Blobs),
            ("/v2/p/a/blobs/uploads/", Route::Uploads),
            ("/v2/p/a/blobs/uploads", Route::Uploads),
            ("/v2/p/a/blobs/uploads/id", Route::Uploads),
            ("/v2/p/a/tags/list", Route::Lists),
            ("/v2/_catalog", Route::Lists),
            ("/token", Route::Tokens),
            ("/metrics", Route::Operations),
            ("/v1/projects", Route::Google),
            ("/v2/entries:list", Route::Google),
            ("/v2/entries/tags/list", Route::Lists),
        ] {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }
}
