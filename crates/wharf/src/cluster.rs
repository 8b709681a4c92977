//! Which Kubernetes cluster a command speaks to, and in which namespaces: kubectl's options.

use std::path::PathBuf;

use clap::Args;
use wharf_cluster::Namespace;
use wharf_cluster::kubernetes::{self, Client, ConnectOptions};
use wharf_cluster::namespaces::{self, Namespaces};
use wharf_cluster::rbac::{Rights, Scope};

use crate::failure::Failure;
use crate::output::print;

/// The options by which a command finds its cluster.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Cluster {
    /// The kubeconfig file. By default those of KUBECONFIG, then ~/.kube/config, then a Pod's own service account
    #[arg(long, value_name = "FILE", help_heading = "Cluster options")]
    kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig. By default its current one
    #[arg(long, value_name = "NAME", help_heading = "Cluster options")]
    context: Option<String>,
    /// Print the Role with the least rights that this command needs, bound to USER if one is named, and do nothing
    /// else. USER as the API server knows it: jane, or system:serviceaccount:NAMESPACE:NAME
    #[arg(
        long,
        value_name = "USER",
        num_args = 0..=1,
        require_equals = true,
        help_heading = "Cluster options"
    )]
    print_rbac: Option<Option<String>>,
}

impl Cluster {
    /// The way to the cluster. Nothing is sent yet.
    pub(crate) async fn connect(&self) -> Result<Client, Failure> {
        Ok(kubernetes::connect(&self.options()).await?)
    }

    /// The same, for a command that is of use without one. None: no cluster is named.
    pub(crate) async fn find(&self) -> Result<Option<Client>, Failure> {
        match kubernetes::connect(&self.options()).await {
            Err(kubernetes::Error::NoCluster) => Ok(None),
            client => Ok(Some(client?)),
        }
    }

    fn options(&self) -> ConnectOptions {
        ConnectOptions {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
        }
    }

    /// Whether the rights shall be printed and nothing else be done.
    pub(crate) fn wants_rights(&self) -> bool {
        self.print_rbac.is_some()
    }

    /// Prints the rights that a command needs.
    pub(crate) fn print_rights(&self, rights: &Rights, scope: &Scope) -> Result<(), Failure> {
        let user = self.print_rbac.as_ref().and_then(Option::as_deref);
        print(&rights.to_yaml(scope, user))
    }
}

/// The namespace of a command that works in one.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct InNamespace {
    /// The namespace. By default that of the context
    #[arg(
        short,
        long,
        value_name = "NAMESPACE",
        help_heading = "Cluster options"
    )]
    pub(crate) namespace: Option<Namespace>,
}

impl InNamespace {
    /// The namespace that is meant.
    pub(crate) fn resolve(&self, client: &Client) -> Result<Namespace, Failure> {
        match &self.namespace {
            Some(namespace) => Ok(namespace.clone()),
            None => Ok(namespaces::current(client)?),
        }
    }

    /// Where the rights are needed.
    pub(crate) fn scope(&self) -> Scope {
        Scope::Namespaces(self.namespace.iter().cloned().collect())
    }
}

/// The namespaces of a command that works in many.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct InNamespaces {
    /// The namespaces: repeated, or with commas between them. By default that of the context
    #[arg(
        short,
        long = "namespace",
        value_name = "NAMESPACE",
        value_delimiter = ',',
        help_heading = "Cluster options"
    )]
    pub(crate) namespaces: Vec<Namespace>,
    /// All namespaces that there are
    #[arg(
        short = 'A',
        long,
        conflicts_with_all = ["namespaces", "namespace_selector"],
        help_heading = "Cluster options"
    )]
    pub(crate) all_namespaces: bool,
    /// The namespaces with these labels, as kubectl's -l takes them: team=blue, 'tier in (a,b)', !system
    #[arg(
        long,
        value_name = "SELECTOR",
        conflicts_with = "namespaces",
        help_heading = "Cluster options"
    )]
    pub(crate) namespace_selector: Option<String>,
}

impl InNamespaces {
    /// The namespaces that are meant.
    pub(crate) fn choice(&self) -> Namespaces {
        match &self.namespace_selector {
            Some(selector) => Namespaces::Labelled(selector.clone()),
            None if self.all_namespaces => Namespaces::All,
            None => Namespaces::Named(self.namespaces.clone()),
        }
    }
}
