//! Naming a pull secret to those who pull: on a ServiceAccount, or in a Pod template. The list of a ServiceAccount has
//! no merge key, so a patch of it replaces what others wrote; here it is read, changed and written back under the
//! condition that nobody wrote meanwhile.

use std::fmt;

use jiff::Timestamp;
use kube::api::{Patch, PatchParams};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::{Api, Client};
use serde_json::{Value, json};

use super::workload::{WorkloadKind, WorkloadName};
use crate::kubernetes::{Error, FIELD_MANAGER, retry_lost, unless_lost};
use crate::rbac::{Rule, Verb};
use crate::{Namespace, SecretName};

const LIST: &str = "imagePullSecrets";
/// What `kubectl rollout restart` sets.
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// What has a list of pull secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Whose list is copied into each Pod that has none of its own, when the Pod is made.
    ServiceAccount(String),
    /// Whose template has the list of its Pods.
    Workload(WorkloadName),
}

/// What happens to a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The Secret's name is put behind the others, if it is not there.
    Attach,
    /// The Secret's name goes.
    Detach,
}

/// A list before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The names that were there, in order.
    pub before: Vec<String>,
    /// The names that are there now.
    pub after: Vec<String>,
    /// The ServiceAccount of a workload's Pods.
    pub service_account: Option<String>,
}

impl Changed {
    /// Whether there was something to do.
    pub fn is_any(&self) -> bool {
        self.before != self.after
    }

    /// The change as `diff -u` shows it: a name each line, `+` new, `-` gone.
    pub fn diff(&self) -> String {
        let mut text = String::new();
        for name in &self.before {
            let sign = if self.after.contains(name) { ' ' } else { '-' };
            text.push_str(&format!("{sign} - name: {name}\n"));
        }
        for name in self.after.iter().filter(|name| !self.before.contains(name)) {
            text.push_str(&format!("+ - name: {name}\n"));
        }
        text
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ServiceAccount(name) => write!(f, "serviceaccount/{name}"),
            Self::Workload(name) => write!(f, "{name}"),
        }
    }
}

impl Holder {
    fn api(&self, client: &Client, namespace: &Namespace) -> Api<DynamicObject> {
        let resource = match self {
            Self::ServiceAccount(_) => {
                let kind = GroupVersionKind::gvk("", "v1", "ServiceAccount");
                ApiResource::from_gvk_with_plural(&kind, "serviceaccounts")
            }
            Self::Workload(workload) => workload.kind.api_resource(),
        };
        Api::namespaced_with(client.clone(), namespace.as_str(), &resource)
    }

    fn name(&self) -> &str {
        match self {
            Self::ServiceAccount(name) => name,
            Self::Workload(workload) => &workload.name,
        }
    }

    /// Where the list lies in the object.
    fn path(&self) -> Vec<&'static str> {
        let mut path = match self {
            Self::ServiceAccount(_) => Vec::new(),
            Self::Workload(workload) => [workload.kind.template(), &["spec"]].concat(),
        };
        path.push(LIST);
        path
    }

    /// The rights that changing its list needs.
    pub fn rules(&self) -> Vec<Rule> {
        let verbs = [Verb::Get, Verb::Patch];
        let rule = match self {
            Self::ServiceAccount(_) => Rule::new("", "serviceaccounts", verbs),
            Self::Workload(workload) => {
                Rule::new(workload.kind.api_group(), workload.kind.resource(), verbs)
            }
        };
        vec![rule.named([self.name()])]
    }
}

/// Reads who is named in a list, in order.
pub async fn read(
    client: &Client,
    namespace: &Namespace,
    holder: &Holder,
) -> Result<Vec<String>, Error> {
    let object = holder.api(client, namespace).get(holder.name()).await?;
    Ok(names(&list(&object, holder)))
}

/// Puts a Secret's name into a list, or takes it out. Whatever else is in the list stays, in its order; whoever writes
/// it at the same time loses nothing.
pub async fn change(
    client: &Client,
    namespace: &Namespace,
    holder: &Holder,
    secret: &SecretName,
    change: Change,
    dry_run: DryRun,
) -> Result<Changed, Error> {
    let api = holder.api(client, namespace);
    let what = format!("{holder} in namespace {namespace}");
    retry_lost(&what, async || {
        let object = api.get(holder.name()).await.map_err(Error::from)?;
        let old = list(&object, holder);
        let new = changed(&old, secret, change);
        let answer = Changed {
            before: names(&old),
            after: names(&new),
            service_account: account(&object, holder),
        };
        if old == new || dry_run == DryRun::Client {
            return Ok(Some(answer));
        }
        // An empty list and none are the same; none is what was there before we came.
        let value = if new.is_empty() {
            Value::Null
        } else {
            Value::Array(new)
        };
        let mut patch = holder
            .path()
            .into_iter()
            .rev()
            .fold(value, |inner, name| json!({name: inner}));
        patch["metadata"]["resourceVersion"] = json!(object.metadata.resource_version);
        let parameters = parameters(dry_run == DryRun::Server);
        let patched = api
            .patch(holder.name(), &parameters, &Patch::Merge(&patch))
            .await;
        Ok(unless_lost(patched)?.map(|_| answer))
    })
    .await
}

/// How much is done of a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DryRun {
    /// All of it.
    #[default]
    No,
    /// It is worked out and not sent.
    Client,
    /// The API server checks it and keeps nothing.
    Server,
}

fn parameters(dry_run: bool) -> PatchParams {
    PatchParams {
        dry_run,
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PatchParams::default()
    }
}

fn list(object: &DynamicObject, holder: &Holder) -> Vec<Value> {
    let pointer = format!("/{}", holder.path().join("/"));
    let list = object.data.pointer(&pointer).and_then(Value::as_array);
    list.cloned().unwrap_or_default()
}

/// The ServiceAccount that a workload's template names, or the one that Pods get without a name.
fn account(object: &DynamicObject, holder: &Holder) -> Option<String> {
    let Holder::Workload(workload) = holder else {
        return None;
    };
    let pointer = format!(
        "/{}/spec/serviceAccountName",
        workload.kind.template().join("/")
    );
    let named = object.data.pointer(&pointer).and_then(Value::as_str);
    Some(
        named
            .filter(|name| !name.is_empty())
            .unwrap_or("default")
            .to_owned(),
    )
}

fn name(entry: &Value) -> &str {
    entry["name"].as_str().unwrap_or_default()
}

fn names(list: &[Value]) -> Vec<String> {
    list.iter().map(|entry| name(entry).to_owned()).collect()
}

fn changed(list: &[Value], secret: &SecretName, change: Change) -> Vec<Value> {
    let is_it = |entry: &Value| name(entry) == secret.as_str();
    let mut new = list.to_vec();
    match change {
        Change::Attach if list.iter().any(is_it) => {}
        Change::Attach => new.push(json!({"name": secret})),
        Change::Detach => new.retain(|entry| !is_it(entry)),
    }
    new
}

/// Lets a workload make its Pods anew, as `kubectl rollout restart` does.
pub async fn restart(
    client: &Client,
    namespace: &Namespace,
    workload: &WorkloadName,
    now: Timestamp,
    dry_run: bool,
) -> Result<(), Error> {
    let resource = workload.kind.api_resource();
    let api = Api::<DynamicObject>::namespaced_with(client.clone(), namespace.as_str(), &resource);
    let now = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let patch = json!({"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: now}}}}});
    api.patch(&workload.name, &parameters(dry_run), &Patch::Merge(&patch))
        .await?;
    Ok(())
}

/// The kinds that a rollout recreates the Pods of.
pub const RESTARTABLE: [WorkloadKind; 3] = [
    WorkloadKind::Deployment,
    WorkloadKind::StatefulSet,
    WorkloadKind::DaemonSet,
];

/// The rights that restarting workloads needs.
pub fn restart_rules() -> Vec<Rule> {
    let rule = |kind: WorkloadKind| Rule::new(kind.api_group(), kind.resource(), [Verb::Patch]);
    RESTARTABLE.into_iter().map(rule).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_in_a_list_is_lost_or_moved(
            before in prop::collection::vec("[a-c]{0,2}", 0..6),
            secret in "[a-c]{1,2}",
            is_attach in any::<bool>(),
        ) {
            let secret: SecretName = secret.parse().unwrap();
            let list: Vec<_> = before.iter().map(|name| json!({"name": name, "x": 1})).collect();
            let change = if is_attach { Change::Attach } else { Change::Detach };
            let after = changed(&list, &secret, change);
            let others = |list: &[Value]| -> Vec<Value> {
                list.iter().filter(|entry| name(entry) != secret.as_str()).cloned().collect()
            };
            prop_assert_eq!(others(&list), others(&after));
            prop_assert_eq!(after.iter().any(|entry| name(entry) == secret.as_str()), is_attach);
            if is_attach {
                prop_assert!(after.starts_with(&list));
            }
            // Once more changes nothing.
            prop_assert_eq!(&changed(&after, &secret, change), &after);
        }
    }

    #[test]
    fn a_diff_shows_what_comes_and_goes() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let changed = Changed {
            before: names(&["a", "b"]),
            after: names(&["b", "c"]),
            service_account: None,
        };
        assert_eq!(changed.diff(), "- - name: a\n  - name: b\n+ - name: c\n");
    }
}
