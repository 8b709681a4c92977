//! What the kubelet wrote about Pods.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use k8s_openapi::api::core::v1;
use kube::Api;
use kube::api::ListParams;

use super::cluster::Cluster;
use super::pods::Seen;
use crate::doctor::observation::Event;

/// As many Pods are asked for one by one; more than that by their namespace.
const PODS_MAX: usize = 6;
/// As many namespaces are asked for one by one; more than that all at once.
const NAMESPACES_MAX: usize = 4;
/// Pages that are read at most of one list.
const PAGES_MAX: usize = 30;
/// Newest events of one Pod that are kept.
const EVENTS_MAX: usize = 64;
/// What every Pod has and says nothing about pulling.
const NOISE: [&str; 6] = [
    "Scheduled",
    "Created",
    "Started",
    "Killing",
    "Unhealthy",
    "Pulled",
];

/// Events by the Pod's uid.
#[derive(Default)]
pub(super) struct Events(BTreeMap<String, Vec<Event>>);

/// The events of Pods.
pub(super) async fn of(cluster: &Cluster, seen: &[Seen]) -> Events {
    let mut events = Events::default();
    if seen.is_empty() {
        return events;
    }
    let uids: BTreeSet<_> = seen.iter().map(|seen| seen.uid.as_str()).collect();
    for (api, selector) in lists(cluster, seen) {
        let params = ListParams::default().fields(&selector);
        let listed = cluster.list("events", &api, params, PAGES_MAX).await;
        for event in listed.into_iter().flatten() {
            // A Pod of a StatefulSet has the name of its predecessor, but not its uid.
            let uid = event.involved_object.uid.as_deref().unwrap_or_default();
            if uids.contains(uid) {
                let of_pod = events.0.entry(uid.to_owned()).or_default();
                of_pod.push(read(&event));
            }
        }
    }
    events
}

/// The fewest lists that have the events of all the Pods.
fn lists(cluster: &Cluster, seen: &[Seen]) -> Vec<(Api<v1::Event>, String)> {
    let client = || cluster.client.clone();
    if seen.len() <= PODS_MAX {
        let one = seen.iter().map(|seen| {
            let api = Api::namespaced(client(), &seen.pod.namespace);
            let name = &seen.pod.name;
            let selector = format!("involvedObject.kind=Pod,involvedObject.name={name}");
            (api, selector)
        });
        return one.collect();
    }
    let quiet = NOISE.map(|reason| format!(",reason!={reason}")).concat();
    let selector = format!("involvedObject.kind=Pod{quiet}");
    let namespaces: BTreeSet<_> = seen.iter().map(|seen| &seen.pod.namespace).collect();
    if namespaces.len() <= NAMESPACES_MAX {
        let each = namespaces
            .into_iter()
            .map(|namespace| (Api::namespaced(client(), namespace), selector.clone()));
        return each.collect();
    }
    vec![(Api::all(client()), selector)]
}

fn read(event: &v1::Event) -> Event {
    let series = event.series.as_ref();
    Event {
        reason: event.reason.clone().unwrap_or_default(),
        message: event.message.clone().unwrap_or_default(),
        container: event
            .involved_object
            .field_path
            .as_deref()
            .and_then(container),
        count: series
            .and_then(|series| series.count)
            .or(event.count)
            .unwrap_or(1),
        last_seen: last_seen(event),
    }
}

/// Old events count by themselves, newer ones are a series.
fn last_seen(event: &v1::Event) -> Option<Timestamp> {
    let series = event.series.as_ref();
    let of_series = series.and_then(|series| series.last_observed_time.as_ref());
    of_series
        .map(|time| time.0)
        .or_else(|| event.last_timestamp.as_ref().map(|time| time.0))
        .or_else(|| event.event_time.as_ref().map(|time| time.0))
        .or_else(|| {
            event
                .metadata
                .creation_timestamp
                .as_ref()
                .map(|time| time.0)
        })
}

/// `spec.containers{app}` is about `app`.
fn container(path: &str) -> Option<String> {
    let (_, name) = path.split_once('{')?;
    Some(name.strip_suffix('}')?.to_owned())
}

impl Events {
    /// Gives each Pod its events, the oldest first.
    pub(super) fn tell(mut self, seen: &mut [Seen]) {
        for seen in seen {
            let mut events = self.0.remove(&seen.uid).unwrap_or_default();
            events.sort_by_key(|event| event.last_seen);
            events.drain(..events.len().saturating_sub(EVENTS_MAX));
            seen.pod.events = events;
        }
    }
}
