//! What a cluster knows of a Pod's pull secrets: those of a Pod or workload that is there, or those that a Pod with a
//! given ServiceAccount would have.

use std::collections::BTreeMap;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{
    Container, LocalObjectReference, Pod, PodSpec, Secret, ServiceAccount,
};
use kube::core::DynamicObject;
use kube::{Api, Client, Resource};

use super::{ContainerImage, ListedBy, Question};
use crate::Namespace;
use crate::kubernetes::Error;
use crate::pull_secrets::workload::WorkloadName;
use crate::rbac::{Rights, Rule, Verb};

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An image, pulled by a Pod that has these pull secrets.
    Image(String, PullSecrets),
    /// All images of a Pod.
    Pod(String),
    /// All images of the Pods that a workload makes.
    Workload(WorkloadName),
}

/// The pull secrets of a Pod that is not there yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PullSecrets {
    /// Those of its ServiceAccount.
    Of(String),
    /// Its own list.
    Named(Vec<String>),
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
            Self::Pod(name) => {
                let pods = Rule::new("", "pods", [Verb::Get]);
                vec![pods.named([name]), accounts, secrets]
            }
            Self::Workload(WorkloadName { kind, name }) => {
                let workloads = Rule::new(kind.api_group(), kind.resource(), [Verb::Get]);
                vec![workloads.named([name]), accounts, secrets]
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
            Self::Pod(name) => {
                let pod: Pod = place.api().get(name).await?;
                let spec = pod.spec.unwrap_or_default();
                place.pod(format!("pod/{name}"), spec, Age::Created).await?
            }
            Self::Workload(workload) => {
                let spec = place.template(workload).await?;
                place.pod(workload.to_string(), spec, Age::ToCome).await?
            }
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

/// Whether admission has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Age {
    /// The Pod is there, with the list that admission left it.
    Created,
    /// Pods will be made of a template.
    ToCome,
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

    /// The list of a ServiceAccount. Without the ServiceAccount there is no Pod, so that its absence is an error.
    async fn account(&self, name: &str) -> Result<Vec<String>, Error> {
        let account: ServiceAccount = self.api().get(name).await?;
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

    async fn template(&self, workload: &WorkloadName) -> Result<PodSpec, Error> {
        let resource = workload.kind.api_resource();
        let namespace = self.namespace.as_str();
        let api: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), namespace, &resource);
        let object = api.get(&workload.name).await?;
        let steps = workload.kind.template().iter();
        let template = steps.fold(&object.data, |value, step| &value[*step]);
        // serde quotes what it does not expect.
        serde_json::from_value(template["spec"].clone())
            .map_err(|_| Error::Answer(format!("{workload} has no Pod template")))
    }

    /// What a Pod of this spec has, or will have.
    async fn pod(&self, subject: String, spec: PodSpec, age: Age) -> Result<Question, Error> {
        let account = spec.service_account_name.as_deref().unwrap_or("default");
        let inherited = match (age, self.account(account).await) {
            // The Pod is there already; its ServiceAccount need not be any more.
            (Age::Created, Err(Error::NotFound(_))) => Vec::new(),
            (_, inherited) => inherited?,
        };
        let account = account.to_owned();
        let images = images(&spec);
        let own = names(spec.image_pull_secrets);
        let (names, listed_by, notes) = list(age, own, inherited, account);
        Ok(Question {
            subject,
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
    age: Age,
    own: Vec<String>,
    inherited: Vec<String>,
    account: String,
) -> (Vec<String>, ListedBy, Vec<String>) {
    if age == Age::ToCome && own.is_empty() {
        return (inherited, ListedBy::ServiceAccount(account), Vec::new());
    }
    let more: Vec<_> = inherited
        .into_iter()
        .filter(|name| !name.is_empty() && !own.contains(name))
        .collect();
    let more_text = more.join(", ");
    let note = match (more.is_empty(), age, own.is_empty()) {
        (true, ..) => None,
        (false, Age::Created, true) => Some(format!(
            "serviceaccount {account} lists {more_text} now, but did not when the Pod was created; recreate the Pod"
        )),
        (false, Age::Created, false) => Some(format!(
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

    fn listed(age: Age, own: &[&str], inherited: &[&str]) -> (Vec<String>, ListedBy, usize) {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let (names, by, notes) = list(age, owned(own), owned(inherited), "default".to_owned());
        (names, by, notes.len())
    }

    #[test]
    fn admission_copies_the_list_of_the_service_account_into_an_empty_one_alone() {
        let account = || ListedBy::ServiceAccount("default".to_owned());
        let names = |name: &str| vec![name.to_owned()];
        assert_eq!(listed(Age::ToCome, &[], &["a"]), (names("a"), account(), 0));
        assert_eq!(
            listed(Age::ToCome, &["b"], &["a"]),
            (names("b"), ListedBy::Pod, 1)
        );
        assert_eq!(
            listed(Age::ToCome, &["a"], &["a"]),
            (names("a"), ListedBy::Pod, 0)
        );
        // It was created already, and admission does not come again.
        assert_eq!(
            listed(Age::Created, &[], &["a"]),
            (Vec::new(), ListedBy::Pod, 1)
        );
        assert_eq!(
            listed(Age::Created, &["a"], &["a", ""]),
            (names("a"), ListedBy::Pod, 0)
        );
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
