//! ServiceAccounts, Secrets and nodes that Pods name.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use k8s_openapi::api::core::v1;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Api;
use kube::api::ListParams;

use super::cluster::Cluster;
use super::pods::{Seen, names_of};
use crate::doctor::observation::{Looked, NamespacedName, Node, Sealed, ServiceAccount};

/// As many ServiceAccounts or nodes are asked for by name; more than that are listed.
const GETS_MAX: usize = 8;
/// Pages of ServiceAccounts or nodes that are read at most.
const PAGES_MAX: usize = 10;
/// Secrets that are asked for at most, those first that most Pods name: they are never listed.
const SECRETS_MAX: usize = 40;
/// Absent Secrets that are looked for in other namespaces.
const STRAYS_MAX: usize = 5;
/// Namespaces that are named for each of those.
const STRAY_NAMESPACES_MAX: u32 = 20;

/// What Pods name.
pub(super) struct References {
    pub(super) service_accounts: BTreeMap<NamespacedName, Looked<ServiceAccount>>,
    pub(super) secrets: BTreeMap<NamespacedName, Looked<Sealed>>,
    pub(super) elsewhere: BTreeMap<String, BTreeSet<String>>,
    pub(super) nodes: BTreeMap<String, Looked<Node>>,
}

/// Looks at what Pods name. Of Pods whose images are not the matter, the node is looked at alone.
pub(super) async fn of(cluster: &Cluster, seen: &[Seen]) -> References {
    let (nodes, (service_accounts, secrets)) = tokio::join!(
        Box::pin(nodes(cluster, seen)),
        Box::pin(async {
            let accounts = Box::pin(service_accounts(cluster, seen)).await;
            let secrets = Box::pin(secrets(cluster, seen, &accounts)).await;
            (accounts, secrets)
        }),
    );
    let elsewhere = Box::pin(elsewhere(cluster, &secrets)).await;
    References {
        service_accounts,
        secrets,
        elsewhere,
        nodes,
    }
}

fn waiting(seen: &[Seen]) -> impl Iterator<Item = &Seen> {
    seen.iter().filter(|seen| seen.pod.concerns_pulling())
}

async fn service_accounts(
    cluster: &Cluster,
    seen: &[Seen],
) -> BTreeMap<NamespacedName, Looked<ServiceAccount>> {
    let names: BTreeSet<_> = waiting(seen)
        .filter(|seen| !seen.pod.service_account.is_empty())
        .map(|seen| NamespacedName {
            namespace: seen.pod.namespace.clone(),
            name: seen.pod.service_account.clone(),
        })
        .collect();
    let client = &cluster.client;
    let namespaces: BTreeSet<_> = names.iter().map(|name| name.namespace.as_str()).collect();
    if names.len() > GETS_MAX {
        let api: Api<v1::ServiceAccount> = match (namespaces.len(), namespaces.first()) {
            (1, Some(namespace)) => Api::namespaced(client.clone(), namespace),
            _ => Api::all(client.clone()),
        };
        let listed = cluster
            .list("serviceaccounts", &api, ListParams::default(), PAGES_MAX)
            .await;
        let mut found: BTreeMap<_, _> = listed
            .iter()
            .flatten()
            .map(|account| {
                (
                    name_of(&account.metadata),
                    Looked::Found(read_account(account)),
                )
            })
            .collect();
        if listed.is_some() {
            found.retain(|name, _| names.contains(name));
            for name in names {
                found.entry(name).or_insert(Looked::Absent);
            }
            return found;
        }
    }
    let api = |name: &NamespacedName| {
        let api: Api<v1::ServiceAccount> = Api::namespaced(client.clone(), &name.namespace);
        (api, name.name.clone())
    };
    let names = names.into_iter().take(GETS_MAX);
    let looks = cluster.get_all("serviceaccounts", names, api).await;
    let read = looks.into_iter().map(|(name, looked)| {
        let looked = looked.map(|account| read_account(&account));
        (name, looked)
    });
    read.collect()
}

fn name_of(metadata: &ObjectMeta) -> NamespacedName {
    NamespacedName {
        namespace: metadata.namespace.clone().unwrap_or_default(),
        name: metadata.name.clone().unwrap_or_default(),
    }
}

fn read_account(account: &v1::ServiceAccount) -> ServiceAccount {
    ServiceAccount {
        pull_secrets: names_of(account.image_pull_secrets.as_deref().unwrap_or_default()),
        pull_secrets_written: written(&account.metadata, "f:imagePullSecrets"),
    }
}

/// When a field was last written, by the newest of the managers that own it.
fn written(metadata: &ObjectMeta, field: &str) -> Option<Timestamp> {
    let entries = metadata.managed_fields.iter().flatten();
    let times = entries
        .filter(|entry| {
            let fields = entry.fields_v1.as_ref();
            fields.is_some_and(|fields| fields.0.get(field).is_some())
        })
        .filter_map(|entry| entry.time.as_ref().map(|time| time.0));
    times.max()
}

async fn secrets(
    cluster: &Cluster,
    seen: &[Seen],
    accounts: &BTreeMap<NamespacedName, Looked<ServiceAccount>>,
) -> BTreeMap<NamespacedName, Looked<Sealed>> {
    let mut counts: BTreeMap<NamespacedName, usize> = BTreeMap::new();
    for Seen { pod, .. } in waiting(seen) {
        let account = NamespacedName {
            namespace: pod.namespace.clone(),
            name: pod.service_account.clone(),
        };
        let of_account = match accounts.get(&account) {
            Some(Looked::Found(account)) => account.pull_secrets.as_slice(),
            _ => &[],
        };
        for name in pod.pull_secrets.iter().chain(of_account) {
            let secret = NamespacedName {
                namespace: pod.namespace.clone(),
                name: name.clone(),
            };
            *counts.entry(secret).or_default() += 1;
        }
    }
    let mut names: Vec<_> = counts.into_iter().collect();
    names.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    if let Some(more) = names
        .len()
        .checked_sub(SECRETS_MAX)
        .filter(|more| *more > 0)
    {
        cluster.miss(format!(
            "secrets: {more} more that Pods name; a narrower look sees them"
        ));
    }
    let client = &cluster.client;
    let names = names.into_iter().take(SECRETS_MAX).map(|(name, _)| name);
    let api = |name: &NamespacedName| {
        let api: Api<v1::Secret> = Api::namespaced(client.clone(), &name.namespace);
        (api, name.name.clone())
    };
    let looks = cluster.get_all("secrets", names, api).await;
    let sealed = looks
        .into_iter()
        .map(|(name, looked)| (name, looked.map(Sealed)));
    sealed.collect()
}

/// Where else there are Secrets of the names of those that are absent. Of these only the metadata is asked for, and whoever
/// may not list them misses a hint, no more.
async fn elsewhere(
    cluster: &Cluster,
    secrets: &BTreeMap<NamespacedName, Looked<Sealed>>,
) -> BTreeMap<String, BTreeSet<String>> {
    let absent = secrets
        .iter()
        .filter(|(_, looked)| matches!(looked, Looked::Absent))
        .map(|(name, _)| name.name.as_str());
    let absent: BTreeSet<_> = absent.collect();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let api: Api<v1::Secret> = Api::all(cluster.client.clone());
    for name in absent.into_iter().take(STRAYS_MAX) {
        let params = ListParams::default()
            .fields(&format!("metadata.name={name}"))
            .limit(STRAY_NAMESPACES_MAX);
        match api.list_metadata(&params).await {
            Ok(listed) => {
                let namespaces = listed
                    .items
                    .into_iter()
                    .filter_map(|s| s.metadata.namespace);
                found.insert(name.to_owned(), namespaces.collect());
            }
            // Whoever may not list them may not the next time either.
            Err(_) => break,
        }
    }
    found
}

async fn nodes(cluster: &Cluster, seen: &[Seen]) -> BTreeMap<String, Looked<Node>> {
    let names: BTreeSet<_> = seen.iter().filter_map(|s| s.pod.node.clone()).collect();
    let api: Api<v1::Node> = Api::all(cluster.client.clone());
    if names.len() > GETS_MAX {
        let listed = cluster
            .list("nodes", &api, ListParams::default(), PAGES_MAX)
            .await;
        let found = listed.into_iter().flatten().map(|node| {
            let name = node.metadata.name.clone().unwrap_or_default();
            (name, Looked::Found(read_node(&node)))
        });
        return found.filter(|(name, _)| names.contains(name)).collect();
    }
    let by_name = |name: &String| (api.clone(), name.clone());
    let looks = cluster.get_all("nodes", names, by_name).await;
    let read = looks
        .into_iter()
        .map(|(name, looked)| (name, looked.map(|node| read_node(&node))));
    read.collect()
}

fn read_node(node: &v1::Node) -> Node {
    let status = node.status.as_ref();
    let info = status.and_then(|status| status.node_info.as_ref());
    let mut conditions = status
        .and_then(|status| status.conditions.as_deref())
        .unwrap_or_default()
        .iter();
    let info = |of: fn(&v1::NodeSystemInfo) -> &String| info.map(|i| of(i).clone());
    Node {
        runtime: info(|i| &i.container_runtime_version).unwrap_or_default(),
        kubelet: info(|i| &i.kubelet_version).unwrap_or_default(),
        operating_system: info(|i| &i.operating_system).unwrap_or_default(),
        architecture: info(|i| &i.architecture).unwrap_or_default(),
        has_disk_pressure: conditions.any(|c| c.type_ == "DiskPressure" && c.status == "True"),
    }
}
