//! Pods as they stand.

use k8s_openapi::api::core::v1::{self, ContainerState, ContainerStatus, PodSpec, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::Api;
use kube::api::{ApiResource, DynamicObject, ListParams};

use super::cluster::{Cluster, pages};
use super::scope::{Scope, Target};
use super::workloads;
use crate::doctor::observation::{Container, ContainerKind, Pod, Terminated, Waiting};
use crate::kubernetes::Error;

/// Pages of Pods that are read at most: a cluster has at most 150,000 Pods, as Kubernetes is tested.
const PAGES_MAX: usize = 300;

/// A Pod, and what is needed to find what belongs to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) pod: Pod,
    pub(super) uid: String,
    /// What made it, one step up.
    pub(super) owner: Option<OwnerReference>,
}

/// The Pods of a scope, well or not.
pub(super) async fn list(cluster: &Cluster, scope: &Scope) -> Result<Vec<v1::Pod>, Error> {
    let client = cluster.client.clone();
    let params = ListParams::default().fields("status.phase!=Succeeded");
    let (api, params) = match scope {
        Scope::Cluster => (Api::all(client), params),
        Scope::Namespace(namespace) => (Api::namespaced(client, namespace), params),
        Scope::Target { namespace, target } => {
            let api: Api<v1::Pod> = Api::namespaced(client.clone(), namespace);
            match target {
                Target::Pod(name) => return Ok(vec![api.get(name).await?]),
                Target::Workload(workload) => {
                    let resource = workloads::resource(&workload.kind);
                    let selector = selector(client, namespace, &workload.name, &resource).await?;
                    let params = match selector {
                        Some(selector) => params.labels(&selector),
                        None => params,
                    };
                    (api, params)
                }
            }
        }
    };
    let (pods, is_whole) = pages(&api, params, PAGES_MAX).await?;
    if !is_whole {
        cluster.miss(format!("Pods beyond the first {}", pods.len()));
    }
    Ok(pods)
}

/// The labels of a workload's Pods; none for a `CronJob`.
async fn selector(
    client: kube::Client,
    namespace: &str,
    name: &str,
    resource: &ApiResource,
) -> Result<Option<String>, Error> {
    let api: Api<DynamicObject> = Api::namespaced_with(client, namespace, resource);
    let workload = api.get(name).await?;
    let labels = workload.data.pointer("/spec/selector/matchLabels");
    let Some(labels) = labels.and_then(serde_json::Value::as_object) else {
        return Ok(None);
    };
    let terms = labels
        .iter()
        .filter_map(|(label, value)| Some(format!("{label}={}", value.as_str()?)));
    Ok(Some(terms.collect::<Vec<_>>().join(",")))
}

/// The Pods that are not well, and the one that was asked about by its name.
pub(super) fn unwell(pods: &[v1::Pod], scope: &Scope) -> Vec<Seen> {
    let seen = pods.iter().filter_map(|pod| {
        let name = pod.metadata.name.as_deref().unwrap_or_default();
        let is_leaving = pod.metadata.deletion_timestamp.is_some();
        let seen = read(pod);
        let is_shown = scope.names(name) || !is_leaving && !is_well(&seen.pod);
        is_shown.then_some(seen)
    });
    seen.collect()
}

/// Whether nothing of a Pod waits or has failed. A Pod that no node was found for waits, but not for an image.
fn is_well(pod: &Pod) -> bool {
    match pod.phase.as_str() {
        "Succeeded" => true,
        "Failed" => false,
        _ if pod.node.is_none() => true,
        "Pending" => false,
        _ => pod.containers.iter().all(|container| {
            container.waiting.is_none()
                && (container.is_running
                    || container
                        .terminated
                        .as_ref()
                        .is_none_or(|end| end.exit_code == 0))
        }),
    }
}

/// A Pod as plain values.
pub(super) fn read(pod: &v1::Pod) -> Seen {
    let metadata = &pod.metadata;
    let spec = pod.spec.as_ref();
    let status = pod.status.as_ref();
    let owners = metadata.owner_references.as_ref();
    let names = spec.and_then(|spec| spec.image_pull_secrets.as_deref());
    Seen {
        uid: metadata.uid.clone().unwrap_or_default(),
        owner: owners
            .and_then(|owners| owners.iter().find(|owner| owner.controller == Some(true)))
            .cloned(),
        pod: Pod {
            namespace: metadata.namespace.clone().unwrap_or_default(),
            name: metadata.name.clone().unwrap_or_default(),
            created: metadata.creation_timestamp.as_ref().map(|time| time.0),
            workload: None,
            service_account: spec
                .and_then(|spec| spec.service_account_name.clone())
                .unwrap_or_default(),
            pull_secrets: names_of(names.unwrap_or_default()),
            has_own_pull_secrets: None,
            node: spec
                .and_then(|spec| spec.node_name.clone())
                .filter(|node| !node.is_empty()),
            phase: status
                .and_then(|status| status.phase.clone())
                .unwrap_or_default(),
            reason: status.and_then(|status| status.reason.clone()),
            message: status.and_then(|status| status.message.clone()),
            containers: spec.map_or_else(Vec::new, |spec| containers(spec, status)),
            events: Vec::new(),
        },
    }
}

/// The names of a list of pull secrets, as it stands there. Empty names are skipped by the kubelet, too.
pub(super) fn names_of(list: &[v1::LocalObjectReference]) -> Vec<String> {
    let names = list.iter().map(|reference| reference.name.clone());
    names.filter(|name| !name.is_empty()).collect()
}

fn containers(spec: &PodSpec, status: Option<&PodStatus>) -> Vec<Container> {
    let none: &[ContainerStatus] = &[];
    let states = |of: fn(&PodStatus) -> &Option<Vec<ContainerStatus>>| {
        status.map_or(none, |status| of(status).as_deref().unwrap_or_default())
    };
    let mut containers = Vec::new();
    let mut add = |kind, name: &str, image: Option<&String>, policy: Option<&String>| {
        let states = match kind {
            ContainerKind::Init => states(|status| &status.init_container_statuses),
            ContainerKind::Ephemeral => states(|status| &status.ephemeral_container_statuses),
            ContainerKind::Regular | ContainerKind::Volume => {
                states(|status| &status.container_statuses)
            }
        };
        let state = match kind {
            ContainerKind::Volume => None,
            _ => states.iter().find(|status| status.name == name),
        };
        containers.push(container(kind, name, image, policy, state));
    };
    for c in spec.init_containers.iter().flatten() {
        let policy = c.image_pull_policy.as_ref();
        add(ContainerKind::Init, &c.name, c.image.as_ref(), policy);
    }
    for c in &spec.containers {
        let policy = c.image_pull_policy.as_ref();
        add(ContainerKind::Regular, &c.name, c.image.as_ref(), policy);
    }
    for c in spec.ephemeral_containers.iter().flatten() {
        let policy = c.image_pull_policy.as_ref();
        add(ContainerKind::Ephemeral, &c.name, c.image.as_ref(), policy);
    }
    for volume in spec.volumes.iter().flatten() {
        if let Some(image) = &volume.image {
            let policy = image.pull_policy.as_ref();
            let reference = image.reference.as_ref();
            add(ContainerKind::Volume, &volume.name, reference, policy);
        }
    }
    lay_waits_on_volumes(&mut containers);
    containers
}

fn container(
    kind: ContainerKind,
    name: &str,
    image: Option<&String>,
    policy: Option<&String>,
    status: Option<&ContainerStatus>,
) -> Container {
    let state = status.and_then(|status| status.state.as_ref());
    let last = status.and_then(|status| status.last_state.as_ref());
    Container {
        kind,
        name: name.to_owned(),
        image: image.cloned().unwrap_or_default(),
        pull_policy: policy.cloned().unwrap_or_default(),
        waiting: state
            .and_then(|state| state.waiting.as_ref())
            .map(|waiting| Waiting {
                reason: waiting.reason.clone().unwrap_or_default(),
                message: waiting.message.clone().unwrap_or_default(),
            }),
        terminated: state.and_then(ended).or_else(|| last.and_then(ended)),
        is_running: state.is_some_and(|state| state.running.is_some()),
    }
}

fn ended(state: &ContainerState) -> Option<Terminated> {
    let end = state.terminated.as_ref()?;
    Some(Terminated {
        reason: end.reason.clone().unwrap_or_default(),
        message: end.message.clone().unwrap_or_default(),
        exit_code: end.exit_code,
    })
}

/// A volume whose image is not pulled has no status: the container that mounts it waits, with a text that quotes the
/// volume's image and not its own. The wait belongs to the volume.
fn lay_waits_on_volumes(containers: &mut [Container]) {
    let quotes = |waiting: &Waiting, image: &str| waiting.message.contains(&format!("\"{image}\""));
    let volumes: Vec<_> = (0..containers.len())
        .filter(|index| containers[*index].kind == ContainerKind::Volume)
        .collect();
    for volume in volumes {
        let image = containers[volume].image.clone();
        let waits = containers.iter_mut().filter(|container| {
            container.image != image
                && container
                    .waiting
                    .as_ref()
                    .is_some_and(|w| quotes(w, &image) && !quotes(w, &container.image))
        });
        let taken: Vec<_> = waits
            .filter_map(|container| container.waiting.take())
            .collect();
        containers[volume].waiting = taken.into_iter().next();
    }
}
