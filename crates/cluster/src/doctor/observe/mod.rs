//! Looking at a cluster: Pods that are not well and everything that their pulls depend on, in few requests however many
//! Pods there are. Only the list of Pods must succeed; what else the cluster does not show is said in
//! [`Survey::unseen`](super::observation::Survey::unseen) and concluded without.
//!
//! | module | what it looks at |
//! | --- | --- |
//! | `scope` | which Pods |
//! | `cluster` | gets and paged lists, and what came of those that were refused |
//! | `pods` | Pods as they stand |
//! | `workloads` | what made them, up to the top |
//! | `events` | what the kubelet wrote about them |
//! | `watch` | word of changes |
//! | `references` | ServiceAccounts, Secrets and nodes that they name |

mod cluster;
mod events;
mod pods;
mod references;
mod scope;
#[cfg(test)]
mod tests;
mod watch;
mod workloads;

use std::collections::BTreeSet;

use kube::Client;

use self::cluster::Cluster;
use super::observation::{Observations, Survey};
use crate::kubernetes::Error;

pub use self::scope::{Scope, ScopeError, Target};
pub use self::watch::changes;

/// Looks at a cluster. Nothing outside of its API server is asked.
pub async fn observe(client: &Client, scope: &Scope) -> Result<Observations, Error> {
    let cluster = Cluster::new(client.clone());
    let listed = pods::list(&cluster, scope).await?;
    let mut survey = Survey {
        pods: listed.len(),
        namespaces: namespaces(&listed),
        unseen: Vec::new(),
    };
    let mut seen = pods::unwell(&listed, scope);
    drop(listed);
    let makers = Box::pin(workloads::find(&cluster, &seen)).await;
    makers.tell(&mut seen);
    seen.retain(|seen| scope.covers(&seen.pod));
    let (events, references) = tokio::join!(
        Box::pin(events::of(&cluster, &seen)),
        Box::pin(references::of(&cluster, &seen)),
    );
    events.tell(&mut seen);
    survey.unseen = cluster.into_unseen();
    Ok(Observations {
        pods: seen.into_iter().map(|seen| seen.pod).collect(),
        service_accounts: references.service_accounts,
        secrets: references.secrets,
        elsewhere: references.elsewhere,
        nodes: references.nodes,
        survey,
        ..Observations::default()
    })
}

fn namespaces(pods: &[k8s_openapi::api::core::v1::Pod]) -> usize {
    let names: BTreeSet<_> = pods.iter().map(|pod| &pod.metadata.namespace).collect();
    names.len()
}
