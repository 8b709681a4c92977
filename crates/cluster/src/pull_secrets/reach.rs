//! Whom a change of a ServiceAccount's list reaches: not the Pods that are there, which got their list when they were
//! made, and not those whose template has a list of its own.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{LocalObjectReference, Pod, PodSpec};
use kube::api::ListParams;
use kube::core::NamespaceResourceScope;
use kube::{Api, Client, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;

use super::attach::{Change, RESTARTABLE};
use super::workload::{WorkloadKind, WorkloadName};
use crate::kubernetes::Error;
use crate::rbac::{Rule, Verb};
use crate::{Namespace, SecretName};

const DEFAULT_ACCOUNT: &str = "default";

/// Whom a change reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Workloads whose Pods were made before the change; a rollout makes them anew.
    pub outdated: BTreeSet<WorkloadName>,
    /// Of these, those that are paused: a rollout waits until they are resumed.
    pub paused: BTreeSet<WorkloadName>,
    /// Pods that were made before the change and that no rollout makes anew: the name of each, and who made it.
    pub by_hand: Vec<(String, Option<String>)>,
    /// Workloads and Pods that have a list of their own, so that the ServiceAccount's does not count for them.
    pub shadowed: BTreeSet<String>,
}

/// The rights that looking needs.
pub fn rules() -> Vec<Rule> {
    let mut rules = vec![Rule::new("", "pods", [Verb::List])];
    rules
        .extend(RESTARTABLE.map(|kind| Rule::new(kind.api_group(), kind.resource(), [Verb::List])));
    rules
}

/// What is known of a workload.
struct Template {
    account: String,
    list: Vec<String>,
    is_paused: bool,
}

impl Template {
    fn new(spec: Option<&PodSpec>, is_paused: bool) -> Self {
        Self {
            account: account(spec),
            list: list(spec),
            is_paused,
        }
    }
}

/// Looks whom a change of a ServiceAccount's list reaches. `account_list` is the list before the change.
pub async fn look(
    client: &Client,
    namespace: &Namespace,
    service_account: &str,
    account_list: &[String],
    secret: &SecretName,
    change: Change,
) -> Result<Reach, Error> {
    let templates = templates(client, namespace).await?;
    let pods = Api::<Pod>::namespaced(client.clone(), namespace.as_str())
        .list(&ListParams::default())
        .await?;
    let question = Question {
        service_account,
        account_list,
        secret: secret.as_str(),
        change,
    };
    Ok(question.answer(&templates, &pods.items))
}

async fn templates(
    client: &Client,
    namespace: &Namespace,
) -> Result<BTreeMap<WorkloadName, Template>, Error> {
    let mut templates = BTreeMap::new();
    let kind = WorkloadKind::Deployment;
    add::<Deployment>(client, namespace, &mut templates, kind, |it| {
        let spec = it.spec.as_ref();
        let is_paused = spec.and_then(|spec| spec.paused) == Some(true);
        Template::new(spec.and_then(|spec| spec.template.spec.as_ref()), is_paused)
    })
    .await?;
    let kind = WorkloadKind::StatefulSet;
    add::<StatefulSet>(client, namespace, &mut templates, kind, |it| {
        let spec = it.spec.as_ref();
        Template::new(spec.and_then(|spec| spec.template.spec.as_ref()), false)
    })
    .await?;
    let kind = WorkloadKind::DaemonSet;
    add::<DaemonSet>(client, namespace, &mut templates, kind, |it| {
        let spec = it.spec.as_ref();
        Template::new(spec.and_then(|spec| spec.template.spec.as_ref()), false)
    })
    .await?;
    Ok(templates)
}

/// Adds the workloads of one kind.
async fn add<K>(
    client: &Client,
    namespace: &Namespace,
    templates: &mut BTreeMap<WorkloadName, Template>,
    kind: WorkloadKind,
    template: impl Fn(&K) -> Template,
) -> Result<(), Error>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + DeserializeOwned
        + std::fmt::Debug,
{
    let api = Api::<K>::namespaced(client.clone(), namespace.as_str());
    for it in api.list(&ListParams::default()).await? {
        let name = it.name_any();
        templates.insert(WorkloadName { kind, name }, template(&it));
    }
    Ok(())
}

struct Question<'a> {
    service_account: &'a str,
    account_list: &'a [String],
    secret: &'a str,
    change: Change,
}

impl Question<'_> {
    fn answer(&self, templates: &BTreeMap<WorkloadName, Template>, pods: &[Pod]) -> Reach {
        let mut reach = Reach::default();
        for (name, template) in templates {
            if template.account == self.service_account && self.is_shadowing(&template.list) {
                reach.shadowed.insert(name.to_string());
            }
        }
        for pod in pods.iter().filter(|pod| self.is_outdated(pod)) {
            let (maker, workload) = maker(pod);
            match workload
                .as_ref()
                .and_then(|name| templates.get_key_value(name))
            {
                // Its own list decides, whatever the ServiceAccount has.
                Some((_, template)) if !template.list.is_empty() => {}
                Some((name, template)) => {
                    if template.is_paused {
                        reach.paused.insert(name.clone());
                    }
                    reach.outdated.insert(name.clone());
                }
                None if self.is_shadowing(&list(pod.spec.as_ref()))
                    && list(pod.spec.as_ref()) != self.account_list =>
                {
                    reach.shadowed.insert(format!("pod/{}", pod.name_any()));
                }
                None => reach.by_hand.push((pod.name_any(), maker)),
            }
        }
        reach.by_hand.sort();
        reach
    }

    /// A list that suppresses the ServiceAccount's.
    fn is_shadowing(&self, list: &[String]) -> bool {
        self.change == Change::Attach
            && !list.is_empty()
            && !list.iter().any(|name| name == self.secret)
    }

    /// A Pod that is not over and has not the list that it would get now.
    fn is_outdated(&self, pod: &Pod) -> bool {
        let phase = pod
            .status
            .as_ref()
            .and_then(|status| status.phase.as_deref());
        let is_over = matches!(phase, Some("Succeeded" | "Failed"));
        let has_it = list(pod.spec.as_ref())
            .iter()
            .any(|name| name == self.secret);
        !is_over
            && pod.metadata.deletion_timestamp.is_none()
            && account(pod.spec.as_ref()) == self.service_account
            && has_it != (self.change == Change::Attach)
    }
}

fn account(spec: Option<&PodSpec>) -> String {
    let named = spec.and_then(|spec| {
        let old_name = spec.service_account.as_ref();
        spec.service_account_name.as_ref().or(old_name)
    });
    match named {
        Some(name) if !name.is_empty() => name.clone(),
        _ => DEFAULT_ACCOUNT.to_owned(),
    }
}

fn list(spec: Option<&PodSpec>) -> Vec<String> {
    let list = spec.and_then(|spec| spec.image_pull_secrets.as_deref());
    let name = |entry: &LocalObjectReference| entry.name.clone();
    list.unwrap_or_default().iter().map(name).collect()
}

/// Who made a Pod, in words and, if it is of a kind that can be restarted, by name.
fn maker(pod: &Pod) -> (Option<String>, Option<WorkloadName>) {
    let owners = pod.metadata.owner_references.iter().flatten();
    let Some(owner) = owners
        .into_iter()
        .find(|owner| owner.controller == Some(true))
    else {
        return (None, None);
    };
    let words = Some(format!("{}/{}", owner.kind.to_lowercase(), owner.name));
    let named = |kind, name: &str| {
        let name = name.to_owned();
        Some(WorkloadName { kind, name })
    };
    let workload = match owner.kind.as_str() {
        "StatefulSet" => named(WorkloadKind::StatefulSet, &owner.name),
        "DaemonSet" => named(WorkloadKind::DaemonSet, &owner.name),
        // A Deployment names its ReplicaSets after itself and the hash that their Pods are labelled with.
        "ReplicaSet" => pod
            .labels()
            .get("pod-template-hash")
            .and_then(|hash| owner.name.strip_suffix(hash.as_str())?.strip_suffix('-'))
            .and_then(|name| named(WorkloadKind::Deployment, name)),
        _ => None,
    };
    (words, workload)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    fn pod(name: &str, list: &[&str], owner: Option<(&str, &str)>) -> Pod {
        let owners: Vec<_> = owner
            .iter()
            .map(|(kind, name)| json!({"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": "u", "controller": true}))
            .collect();
        let list: Vec<_> = list.iter().map(|name| json!({"name": name})).collect();
        serde_json::from_value(json!({
            "metadata": {"name": name, "labels": {"pod-template-hash": "5d4f"}, "ownerReferences": owners},
            "spec": {"containers": [], "imagePullSecrets": list},
        }))
        .unwrap()
    }

    fn deployment(name: &str, list: &[&str]) -> (WorkloadName, Template) {
        let name = WorkloadName {
            kind: WorkloadKind::Deployment,
            name: name.to_owned(),
        };
        let template = Template {
            account: "default".to_owned(),
            list: list.iter().map(|name| (*name).to_owned()).collect(),
            is_paused: false,
        };
        (name, template)
    }

    fn reach(change: Change, templates: &[(&str, &[&str])], pods: &[Pod]) -> Reach {
        let question = Question {
            service_account: "default",
            account_list: &["old".to_owned()],
            secret: "regcred",
            change,
        };
        let templates = templates.iter().map(|(name, list)| deployment(name, list));
        question.answer(&templates.collect(), pods)
    }

    #[test]
    fn pods_from_before_are_found_by_who_makes_them_anew() {
        let pods = [
            pod("web-1", &["old"], Some(("ReplicaSet", "web-5d4f"))),
            pod(
                "web-2",
                &["old", "regcred"],
                Some(("ReplicaSet", "web-5d4f")),
            ),
            pod("done-1", &["regcred"], Some(("ReplicaSet", "done-5d4f"))),
            pod("once-x", &["old"], Some(("Job", "once"))),
            pod("bare", &[], None),
        ];
        let reach = reach(Change::Attach, &[("web", &[]), ("done", &[])], &pods);
        let outdated: Vec<_> = reach.outdated.iter().map(ToString::to_string).collect();
        assert_eq!(outdated, ["deployment/web"]);
        let expected = [
            ("bare".to_owned(), None),
            ("once-x".to_owned(), Some("job/once".to_owned())),
        ];
        assert_eq!(reach.by_hand, expected);
        assert!(reach.shadowed.is_empty());
    }

    #[test]
    fn a_list_of_ones_own_is_said_to_shadow() {
        let pods = [
            pod("web-1", &["own"], Some(("ReplicaSet", "web-5d4f"))),
            pod("bare", &["own"], None),
        ];
        let reach = reach(
            Change::Attach,
            &[("web", &["own"]), ("fine", &["own", "regcred"])],
            &pods,
        );
        assert!(reach.outdated.is_empty() && reach.by_hand.is_empty());
        assert_eq!(
            reach.shadowed.into_iter().collect::<Vec<_>>(),
            ["deployment/web", "pod/bare"]
        );
    }

    #[test]
    fn after_a_detach_the_pods_that_still_have_it_are_outdated() {
        let pods = [
            pod("web-1", &["regcred"], Some(("ReplicaSet", "web-5d4f"))),
            pod("api-1", &["old"], Some(("ReplicaSet", "api-5d4f"))),
        ];
        let reach = reach(Change::Detach, &[("web", &[]), ("api", &[])], &pods);
        let outdated: Vec<_> = reach.outdated.iter().map(ToString::to_string).collect();
        assert_eq!(outdated, ["deployment/web"]);
    }
}
