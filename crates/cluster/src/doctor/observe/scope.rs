//! Which Pods are looked at.

use std::str::FromStr;

use wharf_types::text::shorten;

use crate::doctor::observation::{Pod, Workload};

/// Which Pods are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One, or those of one workload.
    Target {
        /// Where.
        namespace: String,
        /// What.
        target: Target,
    },
    /// Those of a namespace.
    Namespace(String),
    /// All.
    Cluster,
}

/// One Pod, or the Pods of one workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A Pod, by its name.
    Pod(String),
    /// What makes Pods.
    Workload(Workload),
}

/// A text that names neither a Pod nor a workload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// A kind that makes no Pods, or is unknown.
    #[error(
        "{0:?} is no kind that the doctor knows: write pod, deployment, statefulset, daemonset, replicaset, job or cronjob"
    )]
    Kind(String),
    /// Nothing that could be a name.
    #[error("{0:?} is no name: write POD or TYPE/NAME, such as deployment/web")]
    Name(String),
}

/// Kinds that make Pods, with kubectl's short names.
const KINDS: [(&str, &[&str]); 6] = [
    ("Deployment", &["deployment", "deployments", "deploy"]),
    ("StatefulSet", &["statefulset", "statefulsets", "sts"]),
    ("DaemonSet", &["daemonset", "daemonsets", "ds"]),
    ("ReplicaSet", &["replicaset", "replicasets", "rs"]),
    ("Job", &["job", "jobs"]),
    ("CronJob", &["cronjob", "cronjobs", "cj"]),
];

impl FromStr for Target {
    type Err = ScopeError;

    /// `POD`, `pod/NAME` or `TYPE/NAME`, as kubectl has it.
    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let (kind, name) = text.split_once('/').unwrap_or(("pod", text));
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
        if name.is_empty() || name.len() > 253 || !name.chars().all(is_name) {
            return Err(ScopeError::Name(shorten(text)));
        }
        let kind = kind.to_ascii_lowercase();
        // `deployment.apps/web` is what kubectl prints.
        let kind = kind.split('.').next().unwrap_or_default();
        if ["pod", "pods", "po"].contains(&kind) {
            return Ok(Self::Pod(name.to_owned()));
        }
        let found = KINDS.iter().find(|(_, names)| names.contains(&kind));
        let (kind, _) = found.ok_or_else(|| ScopeError::Kind(shorten(kind)))?;
        Ok(Self::Workload(Workload {
            kind: (*kind).to_owned(),
            name: name.to_owned(),
        }))
    }
}

impl Scope {
    /// The namespace, if it is one.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::Target { namespace, .. } | Self::Namespace(namespace) => Some(namespace),
            Self::Cluster => None,
        }
    }

    /// Whether the Pod was asked about by its own name: it is shown even when it is well.
    pub(super) fn names(&self, pod: &str) -> bool {
        matches!(self, Self::Target { target: Target::Pod(name), .. } if name == pod)
    }

    /// Whether a Pod is of the workload that was asked about. The API server chose the Pods already, save those of a
    /// `CronJob`, which has no selector.
    pub(super) fn covers(&self, pod: &Pod) -> bool {
        match self {
            Self::Target {
                target: Target::Workload(workload),
                ..
            } if workload.kind == "CronJob" => pod.workload.as_ref() == Some(workload),
            _ => true,
        }
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Target { namespace, target } => match target {
                Target::Pod(name) => write!(f, "pod {namespace}/{name}"),
                Target::Workload(Workload { kind, name }) => {
                    write!(f, "{} {namespace}/{name}", kind.to_ascii_lowercase())
                }
            },
            Self::Namespace(namespace) => write!(f, "namespace {namespace}"),
            Self::Cluster => f.write_str("all namespaces"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn targets_are_written_as_kubectl_has_them() {
        assert_eq!("web-1".parse(), Ok(Target::Pod("web-1".to_owned())));
        assert_eq!("po/web-1".parse(), Ok(Target::Pod("web-1".to_owned())));
        for text in ["deploy/web", "deployment.apps/web", "Deployments/web"] {
            let Target::Workload(workload) = text.parse().unwrap() else {
                panic!("{text}");
            };
            assert_eq!(
                (workload.kind.as_str(), workload.name.as_str()),
                ("Deployment", "web")
            );
        }
    }

    #[test]
    fn what_makes_no_pods_is_refused() {
        let refused = "service/web".parse::<Target>().unwrap_err();
        assert_eq!(refused, ScopeError::Kind("service".to_owned()));
        for text in ["", "deploy/", "a/b/c", "Web", "-A x"] {
            assert!(text.parse::<Target>().is_err(), "{text:?}");
        }
    }
}
