//! `wharf pull-secret attach` and `detach`.

use std::collections::BTreeSet;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use wharf_cluster::kubernetes::Client;
use wharf_cluster::pull_secrets::attach::{self, Change, Changed, Holder};
use wharf_cluster::pull_secrets::reach::{self, Reach};
use wharf_cluster::pull_secrets::store::Stored;
use wharf_cluster::pull_secrets::workload::{WorkloadKind, WorkloadName};
use wharf_cluster::rbac::{Rights, Rule, Verb};
use wharf_cluster::{Namespace, SecretName};

use super::DryRun;
use super::report::Tally;
use crate::cluster::{Cluster, InNamespaces};
use crate::failure::Failure;
use crate::output::{Output, Table};

/// How many Pods are named one by one.
const NAMED_MAX: usize = 10;

#[derive(Args, Debug)]
struct Arguments {
    /// The Secret's name
    name: SecretName,
    /// The ServiceAccount whose Pods use it. By default `default`, which Pods have that name no other
    #[arg(long, value_name = "NAME", conflicts_with = "to")]
    service_account: Option<String>,
    /// A workload, whose own list it is put into: deployment/NAME, statefulset, daemonset, replicaset or cronjob; may
    /// be repeated. A list of its own suppresses the ServiceAccount's
    #[arg(long, value_name = "KIND/NAME")]
    to: Vec<WorkloadName>,
    /// Make the Pods anew that were made before, by a rollout of their workloads
    #[arg(long, conflicts_with = "to")]
    restart: bool,
    /// client: show the change as a diff. server: the API server checks it and keeps nothing
    #[arg(long, value_name = "WHERE", num_args = 0..=1, default_value = "none", default_missing_value = "client", require_equals = true)]
    dry_run: DryRun,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    namespaces: InNamespaces,
    #[command(flatten)]
    cluster: Cluster,
}

/// Let Pods use a pull secret, by their ServiceAccount or in a workload's template
///
/// The Secret's name is put behind those that are in the list; none is lost or moved, whoever else writes at the same
/// time. (`kubectl patch serviceaccount` replaces the list.) Pods get their list when they are made: those that are
/// there already must be made anew, and the command says which.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    wharf pull-secret attach gcr-json-key\n  \
    wharf pull-secret attach gcr-json-key -n web,shop --service-account builder --restart\n  \
    wharf pull-secret attach gcr-json-key --all-namespaces --dry-run\n  \
    wharf pull-secret attach gcr-json-key -n web --to deployment/web --to cronjob/nightly")]
pub(super) struct Attach {
    #[command(flatten)]
    arguments: Arguments,
}

/// Take a pull secret out of the list of a ServiceAccount or a workload's template
///
/// The Secret itself stays. Pods that were made before keep it in their list until they are made anew.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    wharf pull-secret detach gcr-json-key -n web\n  \
    wharf pull-secret detach gcr-json-key -n web --to deployment/web")]
pub(super) struct Detach {
    #[command(flatten)]
    arguments: Arguments,
}

/// What was done to one list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    namespace: Namespace,
    holder: String,
    before: Vec<String>,
    after: Vec<String>,
    /// Workloads whose Pods were made before.
    outdated: Vec<String>,
    /// Pods that were made before, and that no rollout makes anew.
    outdated_pods: Vec<String>,
    /// What has a list of its own.
    shadowed: Vec<String>,
    restarted: Vec<String>,
}

impl Table for Row {
    const HEADERS: &'static [&'static str] = &[
        "NAMESPACE",
        "HOLDER",
        "PULL_SECRETS",
        "OUTDATED",
        "RESTARTED",
    ];

    fn rows(&self) -> Vec<Vec<String>> {
        let outdated = [self.outdated.as_slice(), &self.outdated_pods].concat();
        vec![vec![
            self.namespace.to_string(),
            self.holder.clone(),
            self.after.join(","),
            outdated.join(","),
            self.restarted.join(","),
        ]]
    }
}

impl Attach {
    pub(super) async fn run(self) -> Result<(), Failure> {
        self.arguments.run(Change::Attach).await
    }
}

impl Detach {
    pub(super) async fn run(self) -> Result<(), Failure> {
        self.arguments.run(Change::Detach).await
    }
}

impl Arguments {
    async fn run(&self, change: Change) -> Result<(), Failure> {
        let holders = self.holders()?;
        let choice = self.namespaces.choice();
        if self.cluster.wants_rights() {
            let rights = self.rights(change, &holders);
            return self.cluster.print_rights(&rights, &choice.scope());
        }
        let client = self.cluster.connect().await?;
        let mut tally = Tally::new(self.output);
        let mut rows = Vec::new();
        for namespace in choice.resolve(&client).await? {
            for holder in &holders {
                let row = self.in_namespace(&client, &namespace, holder, change);
                rows.extend(tally.add(&namespace, row.await));
            }
        }
        self.output.done_list(&rows)?;
        tally.finish()
    }

    fn holders(&self) -> Result<Vec<Holder>, Failure> {
        if let Some(job) = self.to.iter().find(|it| it.kind == WorkloadKind::Job) {
            return Err(
                Failure::usage(format!("the template of {job} can never be changed"))
                    .hint("attach to the Pods' ServiceAccount, and make the Job anew"),
            );
        }
        if self.to.is_empty() {
            let name = self.service_account.as_deref().unwrap_or("default");
            return Ok(vec![Holder::ServiceAccount(name.to_owned())]);
        }
        Ok(self.to.iter().cloned().map(Holder::Workload).collect())
    }

    fn rights(&self, change: Change, holders: &[Holder]) -> Rights {
        let mut rules: Vec<_> = holders.iter().flat_map(Holder::rules).collect();
        if change == Change::Attach {
            rules.push(Rule::new("", "secrets", [Verb::Get]).named([self.name.as_str()]));
        }
        if self.to.is_empty() {
            rules.extend(reach::rules());
        } else if change == Change::Attach {
            rules.push(Rule::new("", "serviceaccounts", [Verb::Get]));
        }
        if self.restart {
            rules.extend(attach::restart_rules());
        }
        let verb = match change {
            Change::Attach => "attach",
            Change::Detach => "detach",
        };
        Rights {
            name: format!("wharf-pull-secret-{verb}-{}", self.name),
            cluster: self.namespaces.choice().rules(),
            namespaced: rules,
        }
    }

    async fn in_namespace(
        &self,
        client: &Client,
        namespace: &Namespace,
        holder: &Holder,
        change: Change,
    ) -> Result<Row, Failure> {
        let dry_run = match self.dry_run {
            DryRun::None => attach::DryRun::No,
            DryRun::Client => attach::DryRun::Client,
            DryRun::Server => attach::DryRun::Server,
        };
        let changed =
            attach::change(client, namespace, holder, &self.name, change, dry_run).await?;
        self.say_change(namespace, holder, &changed, change);
        if change == Change::Attach {
            self.warn_if_absent(client, namespace).await?;
        }
        let mut row = Row {
            namespace: namespace.clone(),
            holder: holder.to_string(),
            before: changed.before.clone(),
            after: changed.after.clone(),
            outdated: Vec::new(),
            outdated_pods: Vec::new(),
            shadowed: Vec::new(),
            restarted: Vec::new(),
        };
        match holder {
            Holder::ServiceAccount(name) => {
                let reach =
                    reach::look(client, namespace, name, &changed.before, &self.name, change)
                        .await?;
                self.follow(client, namespace, &reach, &mut row).await?;
            }
            Holder::Workload(workload) => {
                self.say_rollout(workload, &changed);
                self.warn_if_suppressed(client, namespace, workload, &changed)
                    .await?;
            }
        }
        Ok(row)
    }

    fn say_change(
        &self,
        namespace: &Namespace,
        holder: &Holder,
        changed: &Changed,
        change: Change,
    ) {
        let name = &self.name;
        let verb = match (change, changed.is_any()) {
            (Change::Attach, true) => "Attached",
            (Change::Detach, true) => "Detached",
            (Change::Attach, false) => {
                return self.output.say(&format!(
                    "Secret [{name}] is attached to [{holder}] in namespace [{namespace}] already."
                ));
            }
            (Change::Detach, false) => {
                return self.output.say(&format!(
                    "Secret [{name}] is not attached to [{holder}] in namespace [{namespace}]."
                ));
            }
        };
        let preposition = if change == Change::Attach {
            "to"
        } else {
            "from"
        };
        let dry_run = if self.dry_run == DryRun::None {
            ""
        } else {
            " (dry run)"
        };
        self.output.say(&format!(
            "{verb} secret [{name}] {preposition} [{holder}] in namespace [{namespace}]{dry_run}."
        ));
        if self.dry_run != DryRun::None {
            self.output.say(&format!(
                "  imagePullSecrets:\n{}",
                changed.diff().trim_end()
            ));
        }
    }

    async fn warn_if_absent(&self, client: &Client, namespace: &Namespace) -> Result<(), Failure> {
        let stored = Stored::new(client, namespace, &self.name);
        let warning = match stored.get().await? {
            None => format!(
                "there is no secret [{}] in namespace [{namespace}]: until there is, the kubelet passes over the name",
                self.name
            ),
            Some(secret) => match stored.document(&secret) {
                Ok(_) => return Ok(()),
                Err(error) => error.to_string(),
            },
        };
        self.output.say(&format!("warning: {warning}"));
        Ok(())
    }

    /// Makes anew what can be, and says what cannot.
    async fn follow(
        &self,
        client: &Client,
        namespace: &Namespace,
        reach: &Reach,
        row: &mut Row,
    ) -> Result<(), Failure> {
        let say = |text: String| self.output.say(&text);
        for holder in &reach.shadowed {
            say(format!(
                "warning: {holder} has a list of its own, so the ServiceAccount's does not count for it: wharf pull-secret attach {} -n {namespace} --to {holder}",
                self.name
            ));
        }
        row.shadowed = reach.shadowed.iter().cloned().collect();
        row.outdated = reach.outdated.iter().map(ToString::to_string).collect();
        row.outdated_pods = reach.by_hand.iter().map(|(pod, _)| pod.clone()).collect();
        if self.restart {
            for workload in &reach.outdated {
                let is_dry = self.dry_run != DryRun::None;
                if self.dry_run != DryRun::Client {
                    attach::restart(client, namespace, workload, Timestamp::now(), is_dry).await?;
                }
                let dry_run = if is_dry { " (dry run)" } else { "" };
                say(format!(
                    "Restarted [{workload}] in namespace [{namespace}]{dry_run}."
                ));
                row.restarted.push(workload.to_string());
            }
            for workload in &reach.paused {
                say(format!(
                    "warning: {workload} is paused; its Pods are made anew after: kubectl rollout resume {workload} -n {namespace}"
                ));
            }
        } else if !reach.outdated.is_empty() {
            say(format!(
                "Made before this, so their Pods must be made anew: {}. --restart does it, or: kubectl rollout restart {} -n {namespace}",
                join(&reach.outdated, ", "),
                join(&reach.outdated, " "),
            ));
        }
        if !reach.by_hand.is_empty() {
            let named = reach.by_hand.iter().take(NAMED_MAX);
            let named: Vec<_> = named
                .map(|(pod, maker)| match maker {
                    Some(maker) => format!("{pod} (of {maker})"),
                    None => pod.clone(),
                })
                .collect();
            let more = match reach.by_hand.len().saturating_sub(NAMED_MAX) {
                0 => String::new(),
                count => format!(" and {count} more"),
            };
            say(format!(
                "Made before this, and no rollout makes them anew: {}{more}. Delete them, and let them be made again.",
                named.join(", ")
            ));
        }
        Ok(())
    }

    fn say_rollout(&self, workload: &WorkloadName, changed: &Changed) {
        if !changed.is_any() {
            return;
        }
        self.output.say(match workload.kind {
            WorkloadKind::Deployment => "Its rollout makes the Pods anew.",
            WorkloadKind::StatefulSet | WorkloadKind::DaemonSet => {
                "Its rollout makes the Pods anew, unless its strategy is OnDelete."
            }
            WorkloadKind::ReplicaSet => {
                "Pods that are there stay as they are: delete them, and it makes them anew."
            }
            WorkloadKind::CronJob | WorkloadKind::Job => "It counts from its next run on.",
        });
    }

    /// A first entry in a template's list takes the ServiceAccount's away from its Pods.
    async fn warn_if_suppressed(
        &self,
        client: &Client,
        namespace: &Namespace,
        workload: &WorkloadName,
        changed: &Changed,
    ) -> Result<(), Failure> {
        let (true, Some(account)) = (
            changed.before.is_empty() && changed.is_any(),
            &changed.service_account,
        ) else {
            return Ok(());
        };
        let holder = Holder::ServiceAccount(account.clone());
        let inherited: Vec<_> = attach::read(client, namespace, &holder)
            .await?
            .into_iter()
            .filter(|name| *name != self.name.as_str())
            .collect();
        for name in &inherited {
            self.output.say(&format!(
                "warning: {workload} no longer gets [{name}] from {holder}. If it needs it: wharf pull-secret attach {name} -n {namespace} --to {workload}"
            ));
        }
        Ok(())
    }
}

fn join(names: &BTreeSet<WorkloadName>, separator: &str) -> String {
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    names.join(separator)
}
