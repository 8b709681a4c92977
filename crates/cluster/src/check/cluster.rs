//! What a cluster knows of a Pod's pull secrets: those of a Pod or workload that is there, or those that a Pod with a
//! given ServiceAccount would have.

use std::collections::BTreeMap;
use std::fmt;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{
    Container, LocalObjectReference, Pod, PodSpec, Secret, ServiceAccount,
};
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;

use super::{ContainerImage, ListedBy, Question};
use crate::Namespace;
use crate::kubernetes::Error;
use crate::rbac::{Rights, Rule, Verb};

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An image, pulled by a Pod that has these pull secrets.
    Image(String, PullSecrets),
    /// All images of a workload.
    Workload(Kind, String),
}

/// The pull secrets of a Pod that is not there yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PullSecrets {
    /// Those of its ServiceAccount.
    Of(String),
    /// Its own list.
    Named(Vec<String>),
}

/// Kinds of objects that have Pods, or are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "Kubernetes' own words")]
pub enum Kind {
    Pod,
    Deployment,
    StatefulSet,
    DaemonSet,
    ReplicaSet,
    Job,
    CronJob,
}

impl Kind {
    /// A kind as kubectl takes it: singular, plural or short.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().as_str() {
            "pod" | "pods" | "po" => Self::Pod,
            "deployment" | "deployments" | "deployment.apps" | "deploy" => Self::Deployment,
            "statefulset" | "statefulsets" | "statefulset.apps" | "sts" => Self::StatefulSet,
            "daemonset" | "daemonsets" | "daemonset.apps" | "ds" => Self::DaemonSet,
            "replicaset" | "replicasets" | "replicaset.apps" | "rs" => Self::ReplicaSet,
            "job" | "jobs" | "job.batch" => Self::Job,
            "cronjob" | "cronjobs" | "cronjob.batch" | "cj" => Self::CronJob,
            _ => return None,
        })
    }

    /// API group and plural.
    fn resource(self) -> (&'static str, &'static str) {
        match self {
            Self::Pod => ("", "pods"),
            Self::Deployment => ("apps", "deployments"),
            Self::StatefulSet => ("apps", "statefulsets"),
            Self::DaemonSet => ("apps", "daemonsets"),
            Self::ReplicaSet => ("apps", "replicasets"),
            Self::Job => ("batch", "jobs"),
            Self::CronJob => ("batch", "cronjobs"),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, plural) = self.resource();
        f.write_str(plural.trim_end_matches('s'))
    }
}

impl Target {
    /// The least rights that looking needs.
    pub fn rights(&self) -> Rights {
        let secrets = Rule::new("", "secrets", [Verb::Get]);
        let accounts = Rule::new("", "serviceaccounts", [Verb::Get]);
        let namespaced = match self {
            Self::Image(_, PullSecrets::Named(names)) => vec![secrets.named(names)],
            Self::Image(_, PullSecrets::Of(account)) => {
                vec![accounts.named([account]), secrets]
            }
            Self::Workload(kind, name) => {
                let (group, plural) = kind.resource();
                vec![
                    Rule::new(group, plural, [Verb::Get]).named([name]),
                    accounts,
                    secrets,
                ]
            }
        };
        Rights {
            name: "wharf-pull-secret-check".to_owned(),
            cluster: Vec::new(),
            namespaced,
        }
    }

    /// Reads what is needed to answer for it.
    pub async fn ask(&self, client: &Client, namespace: &Namespace) -> Result<Question, Error> {
        let place = Place { client, namespace };
        let mut question = match self {
            Self::Image(image, PullSecrets::Named(names)) => {
                question(image, names.clone(), ListedBy::Caller)
            }
            Self::Image(image, PullSecrets::Of(account)) => {
                let names = place.account(account).await?;
                question(image, names, ListedBy::ServiceAccount(account.clone()))
            }
            Self::Workload(kind, name) => place.workload(*kind, name).await?,
        };
        question.namespace = Some(namespace.to_string());
        question.secrets = place.secrets(&question.names).await?;
        Ok(question)
    }
}

fn question(image: &str, names: Vec<String>, listed_by: ListedBy) -> Question {
    Question {
        subject: image.to_owned(),
        namespace: None,
        images: vec![ContainerImage {
            user: None,
            image: image.to_owned(),
            never_pulled: false,
        }],
        listed_by,
        names,
        secrets: BTreeMap::new(),
        notes: Vec::new(),
    }
}

struct Place<'a> {
    client: &'a Client,
    namespace: &'a Namespace,
}

impl Place<'_> {
    fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), self.namespace.as_str())
    }

    async fn get<K>(&self, name: &str) -> Result<K, Error>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + DeserializeOwned
            + fmt::Debug,
    {
        Ok(self.api::<K>().get(name).await?)
    }

    /// The list of a ServiceAccount. Without the ServiceAccount there is no Pod, so that its absence is an error.
    async fn account(&self, name: &str) -> Result<Vec<String>, Error> {
        let account: ServiceAccount = self.get(name).await?;
        Ok(names(account.image_pull_secrets))
    }

    async fn secrets(&self, names: &[String]) -> Result<BTreeMap<String, Secret>, Error> {
        let mut secrets = BTreeMap::new();
        for name in names.iter().filter(|name| !name.is_empty()) {
            if secrets.contains_key(name) {
                continue;
            }
            if let Some(secret) = self.api::<Secret>().get_opt(name).await? {
                secrets.insert(name.clone(), secret);
            }
        }
        Ok(secrets)
    }

    async fn workload(&self, kind: Kind, name: &str) -> Result<Question, Error> {
        let spec = match kind {
            Kind::Pod => self.get::<Pod>(name).await?.spec,
            Kind::Deployment => {
                let found: Deployment = self.get(name).await?;
                found.spec.and_then(|spec| spec.template.spec)
            }
            Kind::StatefulSet => {
                let found: StatefulSet = self.get(name).await?;
                found.spec.and_then(|spec| spec.template.spec)
            }
            Kind::DaemonSet => {
                let found: DaemonSet = self.get(name).await?;
                found.spec.and_then(|spec| spec.template.spec)
            }
            Kind::ReplicaSet => {
                let found: ReplicaSet = self.get(name).await?;
                found.spec.and_then(|spec| spec.template?.spec)
            }
            Kind::Job => {
                let found: Job = self.get(name).await?;
                found.spec.and_then(|spec| spec.template.spec)
            }
            Kind::CronJob => {
                let found: CronJob = self.get(name).await?;
                let template = found.spec.and_then(|spec| spec.job_template.spec);
                template.and_then(|spec| spec.template.spec)
            }
        };
        let spec = spec.unwrap_or_default();
        let account = spec.service_account_name.as_deref().unwrap_or("default");
        let inherited = match (kind, self.account(account).await) {
            // The Pod is there already; its ServiceAccount need not be any more.
            (Kind::Pod, Err(Error::NotFound(_))) => Vec::new(),
            (_, inherited) => inherited?,
        };
        let account = account.to_owned();
        let images = images(&spec);
        let own = names(spec.image_pull_secrets);
        let (names, listed_by, notes) = list(kind, own, inherited, account);
        Ok(Question {
            subject: format!("{kind}/{name}"),
            namespace: None,
            images,
            listed_by,
            names,
            secrets: BTreeMap::new(),
            notes,
        })
    }
}

/// Admission's rule: a Pod that is created with an empty list gets that of its ServiceAccount, any other keeps its own.
fn list(
    kind: Kind,
    own: Vec<String>,
    inherited: Vec<String>,
    account: String,
) -> (Vec<String>, ListedBy, Vec<String>) {
    if kind != Kind::Pod && own.is_empty() {
        return (inherited, ListedBy::ServiceAccount(account), Vec::new());
    }
    let more: Vec<_> = inherited
        .into_iter()
        .filter(|name| !name.is_empty() && !own.contains(name))
        .collect();
    let more_text = more.join(", ");
    let note = match (more.is_empty(), kind, own.is_empty()) {
        (true, ..) => None,
        (false, Kind::Pod, true) => Some(format!(
            "serviceaccount {account} lists {more_text} now, but did not when the Pod was created; recreate the Pod"
        )),
        (false, Kind::Pod, false) => Some(format!(
            "serviceaccount {account} lists {more_text} as well, but a Pod gets the list only when it is created, and only if it has none of its own"
        )),
        (false, ..) => Some(format!(
            "serviceaccount {account} lists {more_text} as well, but the template has a list of its own, and the two are not put together"
        )),
    };
    (own, ListedBy::Pod, note.into_iter().collect())
}

fn names(list: Option<Vec<LocalObjectReference>>) -> Vec<String> {
    list.into_iter().flatten().map(|entry| entry.name).collect()
}

/// Everything in a Pod that is pulled as an image.
fn images(spec: &PodSpec) -> Vec<ContainerImage> {
    let of = |label: &'static str| {
        move |container: &Container| ContainerImage {
            user: Some(format!("{label} {}", container.name)),
            image: container.image.clone().unwrap_or_default(),
            never_pulled: container.image_pull_policy.as_deref() == Some("Never"),
        }
    };
    let volumes = spec.volumes.iter().flatten().filter_map(|volume| {
        let image = volume.image.as_ref()?;
        Some(ContainerImage {
            user: Some(format!("volume {}", volume.name)),
            image: image.reference.clone()?,
            never_pulled: image.pull_policy.as_deref() == Some("Never"),
        })
    });
    let ephemeral = spec.ephemeral_containers.iter().flatten();
    spec.init_containers
        .iter()
        .flatten()
        .map(of("init container"))
        .chain(spec.containers.iter().map(of("container")))
        .chain(ephemeral.map(|container| ContainerImage {
            user: Some(format!("ephemeral container {}", container.name)),
            image: container.image.clone().unwrap_or_default(),
            never_pulled: container.image_pull_policy.as_deref() == Some("Never"),
        }))
        .chain(volumes)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(kind: Kind, own: &[&str], inherited: &[&str]) -> (Vec<String>, ListedBy, usize) {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let (names, by, notes) = list(kind, owned(own), owned(inherited), "default".to_owned());
        (names, by, notes.len())
    }

    #[test]
    fn admission_copies_the_list_of_the_service_account_into_an_empty_one_alone() {
        let account = || ListedBy::ServiceAccount("default".to_owned());
        let names = |name: &str| vec![name.to_owned()];
        assert_eq!(
            listed(Kind::Deployment, &[], &["a"]),
            (names("a"), account(), 0)
        );
        assert_eq!(
            listed(Kind::Deployment, &["b"], &["a"]),
            (names("b"), ListedBy::Pod, 1)
        );
        assert_eq!(
            listed(Kind::Deployment, &["a"], &["a"]),
            (names("a"), ListedBy::Pod, 0)
        );
        // It was created already, and admission does not come again.
        assert_eq!(
            listed(Kind::Pod, &[], &["a"]),
            (Vec::new(), ListedBy::Pod, 1)
        );
        assert_eq!(
            listed(Kind::Pod, &["a"], &["a", ""]),
            (names("a"), ListedBy::Pod, 0)
        );
    }

    #[test]
    fn every_kind_has_the_names_that_kubectl_knows() {
        for (text, kind) in [
            ("po", "pod"),
            ("Pods", "pod"),
            ("deploy", "deployment"),
            ("sts", "statefulset"),
            ("ds", "daemonset"),
            ("rs", "replicaset"),
            ("jobs", "job"),
            ("cj", "cronjob"),
        ] {
            assert_eq!(
                Kind::parse(text).map(|kind| kind.to_string()).as_deref(),
                Some(kind)
            );
        }
        assert_eq!(Kind::parse("team"), None);
    }

    #[test]
    fn all_that_a_pod_pulls_is_found() {
        let spec: PodSpec = serde_json::from_value(serde_json::json!({
            "initContainers": [{"name": "a", "image": "a"}],
            "containers": [{"name": "b", "image": "b", "imagePullPolicy": "Never"}],
            "ephemeralContainers": [{"name": "c", "image": "c"}],
            "volumes": [{"name": "d", "image": {"reference": "d"}}, {"name": "e"}],
        }))
        .unwrap_or_default();
        let found: Vec<_> = images(&spec)
            .into_iter()
            .map(|image| {
                format!(
                    "{}={} {}",
                    image.user.unwrap_or_default(),
                    image.image,
                    image.never_pulled
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                "init container a=a false",
                "container b=b true",
                "ephemeral container c=c false",
                "volume d=d false"
            ]
        );
    }
}
