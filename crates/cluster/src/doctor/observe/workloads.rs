//! What made a Pod, up to the top, and whether its template lists pull secrets of its own.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::Api;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, ListParams};

use super::cluster::Cluster;
use super::pods::Seen;
use crate::doctor::observation::{Looked, NamespacedName, Workload};

/// As many of one kind are asked for by name; more than that are listed.
const GETS_MAX: usize = 8;
/// Pages of one kind that are read at most: ReplicaSets stay behind with every rollout.
const PAGES_MAX: usize = 10;

/// What was found out about the owners of Pods.
#[derive(Default)]
pub(super) struct Makers(BTreeMap<(String, NamespacedName), Maker>);

/// An owner of Pods.
struct Maker {
    /// What made it in turn.
    top: Option<Workload>,
    has_own_pull_secrets: bool,
}

/// Where the kinds that make Pods live in the API.
pub(super) fn resource(kind: &str) -> ApiResource {
    let group = match kind {
        "Job" | "CronJob" => "batch",
        _ => "apps",
    };
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, "v1", kind))
}

/// Looks at the owners of Pods.
pub(super) async fn find(cluster: &Cluster, seen: &[Seen]) -> Makers {
    let mut makers = Makers::default();
    for kind in ["ReplicaSet", "StatefulSet", "DaemonSet", "Job"] {
        let names: BTreeSet<_> = seen
            .iter()
            .filter(|seen| seen.pod.concerns_pulling())
            .filter_map(|seen| Some((seen, seen.owner.as_ref()?)))
            .filter(|(_, owner)| owner.kind == kind && is_known(owner))
            .map(|(seen, owner)| NamespacedName {
                namespace: seen.pod.namespace.clone(),
                name: owner.name.clone(),
            })
            .collect();
        for (name, object) in Box::pin(look(cluster, kind, names)).await {
            makers
                .0
                .insert((kind.to_owned(), name), Maker::read(&object));
        }
    }
    makers
}

/// Whether it is one of Kubernetes' own, not another API's kind of the same name.
fn is_known(owner: &OwnerReference) -> bool {
    ["apps/v1", "batch/v1"].contains(&owner.api_version.as_str())
}

async fn look(
    cluster: &Cluster,
    kind: &str,
    names: BTreeSet<NamespacedName>,
) -> Vec<(NamespacedName, DynamicObject)> {
    let resource = resource(kind);
    let what = format!("{kind}s");
    if names.len() > GETS_MAX {
        let namespaces: BTreeSet<_> = names.iter().map(|name| name.namespace.as_str()).collect();
        let api: Api<DynamicObject> = match (namespaces.len(), namespaces.first()) {
            (1, Some(namespace)) => {
                Api::namespaced_with(cluster.client.clone(), namespace, &resource)
            }
            _ => Api::all_with(cluster.client.clone(), &resource),
        };
        let listed = cluster
            .list(&what, &api, ListParams::default(), PAGES_MAX)
            .await;
        let named = listed.into_iter().flatten().map(|object| {
            let name = NamespacedName {
                namespace: object.metadata.namespace.clone().unwrap_or_default(),
                name: object.metadata.name.clone().unwrap_or_default(),
            };
            (name, object)
        });
        return named.filter(|(name, _)| names.contains(name)).collect();
    }
    let client = &cluster.client;
    let api = |name: &NamespacedName| {
        let api = Api::namespaced_with(client.clone(), &name.namespace, &resource);
        (api, name.name.clone())
    };
    let looks = cluster.get_all(&what, names, api).await;
    let found = looks.into_iter().filter_map(|(name, looked)| match looked {
        Looked::Found(object) => Some((name, object)),
        Looked::Absent | Looked::Forbidden => None,
    });
    found.collect()
}

impl Maker {
    fn read(object: &DynamicObject) -> Self {
        let owners = object.metadata.owner_references.iter().flatten();
        let owner = owners
            .into_iter()
            .find(|owner| owner.controller == Some(true));
        let list = object.data.pointer("/spec/template/spec/imagePullSecrets");
        let list = list.and_then(serde_json::Value::as_array);
        Self {
            top: owner.map(|owner| Workload {
                kind: owner.kind.clone(),
                name: owner.name.clone(),
            }),
            has_own_pull_secrets: list.is_some_and(|list| !list.is_empty()),
        }
    }
}

impl Makers {
    /// Writes into Pods what made them.
    pub(super) fn tell(&self, seen: &mut [Seen]) {
        for seen in seen {
            let pod = &mut seen.pod;
            let Some(owner) = &seen.owner else {
                continue;
            };
            let name = NamespacedName {
                namespace: pod.namespace.clone(),
                name: owner.name.clone(),
            };
            let itself = Workload {
                kind: owner.kind.clone(),
                name: owner.name.clone(),
            };
            match self.0.get(&(owner.kind.clone(), name)) {
                Some(maker) => {
                    pod.workload = Some(maker.top.clone().unwrap_or(itself));
                    pod.has_own_pull_secrets = Some(maker.has_own_pull_secrets);
                }
                None => pod.workload = Some(itself),
            }
        }
    }
}
