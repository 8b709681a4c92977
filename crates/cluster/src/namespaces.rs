//! Which namespaces a command works in.

use k8s_openapi::api::core::v1 as core;
use kube::api::ListParams;
use kube::{Api, Client};

use crate::Namespace;
use crate::kubernetes::Error;
use crate::rbac::{Rule, Scope, Verb};

/// Which namespaces are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Namespaces {
    /// These. None: that of the context.
    Named(Vec<Namespace>),
    /// All that there are.
    All,
    /// Those whose labels a selector fits: `team=blue`, `tier in (a,b)`, `!system`.
    Labelled(String),
}

impl Namespaces {
    /// Their names, in order. Those that are being deleted take nothing new and are left out.
    pub async fn resolve(&self, client: &Client) -> Result<Vec<Namespace>, Error> {
        let label_selector = match self {
            Self::Named(names) => {
                let mut names = match names.as_slice() {
                    [] => vec![current(client)?],
                    names => names.to_vec(),
                };
                names.sort();
                names.dedup();
                return Ok(names);
            }
            Self::All => None,
            Self::Labelled(selector) => Some(selector.clone()),
        };
        let parameters = ListParams {
            label_selector,
            ..ListParams::default()
        };
        let found = Api::<core::Namespace>::all(client.clone())
            .list(&parameters)
            .await?;
        let mut names = Vec::new();
        for namespace in found {
            if namespace.metadata.deletion_timestamp.is_none() {
                names.push(parse(&namespace.metadata.name.unwrap_or_default())?);
            }
        }
        names.sort();
        match self {
            Self::Labelled(selector) if names.is_empty() => Err(Error::NotFound(format!(
                "no namespace has the labels {selector:?}"
            ))),
            _ => Ok(names),
        }
    }

    /// Where rights are needed.
    pub fn scope(&self) -> Scope {
        match self {
            Self::Named(names) => Scope::Namespaces(names.clone()),
            Self::All | Self::Labelled(_) => Scope::Cluster,
        }
    }

    /// The rights that finding them needs.
    pub fn rules(&self) -> Vec<Rule> {
        match self {
            Self::Named(_) => Vec::new(),
            Self::All | Self::Labelled(_) => vec![Rule::new("", "namespaces", [Verb::List])],
        }
    }
}

/// The namespace of the context.
pub fn current(client: &Client) -> Result<Namespace, Error> {
    parse(client.default_namespace())
}

fn parse(name: &str) -> Result<Namespace, Error> {
    Namespace::parse(name).map_err(|error| Error::Answer(error.to_string()))
}
