//! The objects that make Pods, as `kubectl` names them: `deployment/web`.

use std::fmt;
use std::str::FromStr;

use kube::core::{ApiResource, GroupVersionKind};
use wharf_types::text::shorten;

use crate::SecretName;

/// What makes Pods from a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "Kubernetes' own words")]
pub enum WorkloadKind {
    Deployment,
    StatefulSet,
    DaemonSet,
    ReplicaSet,
    CronJob,
    Job,
}

/// One of them, in some namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkloadName {
    /// What it is.
    pub kind: WorkloadKind,
    /// Its name.
    pub name: String,
}

/// Why a text names no workload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkloadError {
    /// Not `KIND/NAME`.
    #[error("{0:?} is not KIND/NAME, for example deployment/web")]
    Shape(String),
    /// A kind that has no template.
    #[error(
        "{0:?} has no Pod template: use deployment, statefulset, daemonset, replicaset, cronjob or job"
    )]
    Kind(String),
    /// A Pod.
    #[error("a Pod's list cannot be changed: attach to what made it, or to its ServiceAccount")]
    Pod,
}

impl WorkloadKind {
    const ALL: [Self; 6] = [
        Self::Deployment,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::ReplicaSet,
        Self::CronJob,
        Self::Job,
    ];

    /// `Deployment`
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::ReplicaSet => "ReplicaSet",
            Self::CronJob => "CronJob",
            Self::Job => "Job",
        }
    }

    /// Its API group.
    pub fn api_group(self) -> &'static str {
        match self {
            Self::CronJob | Self::Job => "batch",
            _ => "apps",
        }
    }

    /// The name of the kind in paths and Roles.
    pub fn resource(self) -> &'static str {
        match self {
            Self::Deployment => "deployments",
            Self::StatefulSet => "statefulsets",
            Self::DaemonSet => "daemonsets",
            Self::ReplicaSet => "replicasets",
            Self::CronJob => "cronjobs",
            Self::Job => "jobs",
        }
    }

    fn short_name(self) -> &'static str {
        match self {
            Self::Deployment => "deploy",
            Self::StatefulSet => "sts",
            Self::DaemonSet => "ds",
            Self::ReplicaSet => "rs",
            Self::CronJob => "cj",
            Self::Job => "job",
        }
    }

    /// Where its Pod template lies.
    pub(crate) fn template(self) -> &'static [&'static str] {
        match self {
            Self::CronJob => &["spec", "jobTemplate", "spec", "template"],
            _ => &["spec", "template"],
        }
    }

    pub(crate) fn api_resource(self) -> ApiResource {
        let kind = GroupVersionKind::gvk(self.api_group(), "v1", self.as_str());
        ApiResource::from_gvk_with_plural(&kind, self.resource())
    }
}

impl FromStr for WorkloadName {
    type Err = WorkloadError;

    fn from_str(text: &str) -> Result<Self, WorkloadError> {
        let (kind, name) = text
            .split_once('/')
            .ok_or_else(|| WorkloadError::Shape(shorten(text)))?;
        let word = kind.to_ascii_lowercase();
        // `deployment.apps` and `deployment.v1.apps` name it too.
        let word = word.split('.').next().unwrap_or_default();
        if matches!(word, "pod" | "pods" | "po") {
            return Err(WorkloadError::Pod);
        }
        let kind = WorkloadKind::ALL
            .into_iter()
            .find(|kind| {
                word == kind.short_name()
                    || word == kind.resource()
                    || word == kind.as_str().to_ascii_lowercase()
            })
            .ok_or_else(|| WorkloadError::Kind(shorten(kind)))?;
        // All these names are DNS-1123 subdomains, as a Secret's is.
        SecretName::parse(name).map_err(|_| WorkloadError::Shape(shorten(text)))?;
        Ok(Self {
            kind,
            name: name.to_owned(),
        })
    }
}

impl fmt::Display for WorkloadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}",
            self.kind.as_str().to_ascii_lowercase(),
            self.name
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workloads_are_named_as_kubectl_names_them() {
        for (text, expected) in [
            ("deployment/web", "deployment/web"),
            ("deploy/web", "deployment/web"),
            ("deployments.apps/web", "deployment/web"),
            ("Deployment/web", "deployment/web"),
            ("sts/db", "statefulset/db"),
            ("ds/agent", "daemonset/agent"),
            ("rs/web-1", "replicaset/web-1"),
            ("cronjobs/nightly", "cronjob/nightly"),
            ("job/once", "job/once"),
        ] {
            let name = text.parse::<WorkloadName>().map(|name| name.to_string());
            assert_eq!(name.as_deref(), Ok(expected));
        }
        for text in [
            "web",
            "pod/web",
            "service/web",
            "deployment/",
            "deployment/A",
            "/web",
        ] {
            assert!(text.parse::<WorkloadName>().is_err(), "{text}");
        }
    }
}
