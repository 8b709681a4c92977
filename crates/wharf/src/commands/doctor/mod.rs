//! `wharf doctor`.

mod mend;
mod report;
mod style;
mod watch;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use futures_util::StreamExt as _;
use jiff::Timestamp;
use wharf_cluster::doctor::diagnose;
use wharf_cluster::doctor::finding::Finding;
use wharf_cluster::doctor::observation::Observations;
use wharf_cluster::doctor::observe::{self, Scope, Target, observe};
use wharf_cluster::doctor::probe::Prober;
use wharf_cluster::doctor::rights::{Doing, rights};
use wharf_cluster::doctor::testimony;
use wharf_cluster::kubernetes::Client;
use wharf_cluster::rbac;

use super::Common;
use crate::cluster::{Cluster, InNamespace};
use crate::failure::Failure;
use crate::files;
use crate::output::print;
use report::Report;
use style::{Progress, Style};
use watch::Known;

/// After a change the next look waits as long: a rollout changes many Pods at once.
const SETTLE: Duration = Duration::from_millis(800);
/// Between two looks while no Pod changes: a Secret that somebody makes is no change of a Pod.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Say why images are not pulled, and what mends it
///
/// Looks at Pods that are not well, at what their pulls depend on, and tries the pulls from here, as the node does it
/// and with the same credentials. A registry of this kind that one is logged in to is asked why it refused them.
/// Nothing is changed without --fix.
///
/// Exit codes: 0 nothing found, 3 problems found, 1 failed, 2 usage.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    wharf doctor\n  \
    wharf doctor web-5d9c7b9c6d-x2x7v -n web\n  \
    wharf doctor deployment/web --fix\n  \
    wharf doctor -A --no-probe -o json\n  \
    wharf doctor -n web --watch\n  \
    wharf doctor -A --print-rbac=jane | kubectl apply -f -")]
pub(crate) struct Doctor {
    /// A Pod, or what makes Pods: POD, deployment/NAME, statefulset/NAME, daemonset/NAME, job/NAME, cronjob/NAME. By
    /// default all Pods of the namespace
    #[arg(value_name = "POD|TYPE/NAME")]
    target: Option<Target>,
    #[command(flatten)]
    cluster: Cluster,
    #[command(flatten)]
    namespace: InNamespace,
    /// All namespaces
    #[arg(
        short = 'A',
        long,
        conflicts_with_all = ["namespace", "target"],
        help_heading = "Cluster options"
    )]
    all_namespaces: bool,
    /// Mend what is safe to mend: shows what would change, and asks
    #[arg(long, conflicts_with = "watch")]
    fix: bool,
    /// Mend without asking
    #[arg(long, requires = "fix")]
    yes: bool,
    /// Show what --fix would change, and change nothing
    #[arg(long, requires = "fix", conflicts_with = "yes")]
    dry_run: bool,
    /// Go on looking, and print findings as they come and go
    #[arg(long)]
    watch: bool,
    /// Do not try any pull from here: only the cluster is asked
    #[arg(long)]
    no_probe: bool,
    /// Certificates in PEM that nodes trust registries by, besides this machine's own
    #[arg(long, value_name = "FILE")]
    registry_ca: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// What looks are made with.
struct Look {
    client: Client,
    scope: Scope,
    /// None: only the cluster is asked.
    prober: Option<Prober>,
    /// A registry of ours, with the operator's rights. None: the operator is logged in to none.
    registry: Option<wharf_client::Client>,
}

impl Look {
    async fn once(&self, progress: &Progress) -> Result<(Observations, Vec<Finding>), Failure> {
        progress.say(&format!("Looking at {}", self.scope));
        let mut observations = observe(&self.client, &self.scope).await?;
        if let Some(prober) = &self.prober {
            progress.say("Trying the pulls");
            Box::pin(prober.probe(&mut observations)).await;
        }
        if let Some(registry) = &self.registry {
            progress.say(&format!("Asking {}", registry.endpoint()));
            Box::pin(testimony::hear(registry, &mut observations)).await;
        }
        let findings = diagnose(&observations, Timestamp::now());
        Ok((observations, findings))
    }
}

impl Doctor {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        if self.cluster.wants_rights() {
            return self.print_rights();
        }
        let client = self.cluster.connect().await?;
        let look = Look {
            scope: self.scope(&client)?,
            prober: self.prober()?,
            registry: self.registry(),
            client,
        };
        if self.watch {
            return Box::pin(self.watch(&look)).await;
        }
        let progress = Progress::new(self.common.output.is_quiet());
        let (observations, findings) = Box::pin(look.once(&progress)).await?;
        drop(progress);
        let report = Report::new(&look.scope, &observations, findings);
        let text = report.text(Style::of_stdout());
        self.common.output.text_or(&text, &report)?;
        let is_mended = match self.fix {
            true => Box::pin(self.mend(&look.client, &report.findings)).await?,
            false => false,
        };
        match report.findings.is_empty() || is_mended {
            true => Ok(()),
            false => Err(Failure::problems()),
        }
    }

    fn print_rights(&self) -> Result<(), Failure> {
        let rights = rights(Doing {
            mends: self.fix,
            watches: self.watch,
        });
        let scope = match self.all_namespaces {
            true => rbac::Scope::Cluster,
            false => self.namespace.scope(),
        };
        self.cluster.print_rights(&rights, &scope)
    }

    fn scope(&self, client: &Client) -> Result<Scope, Failure> {
        if self.all_namespaces {
            return Ok(Scope::Cluster);
        }
        let namespace = self.namespace.resolve(client)?.to_string();
        Ok(match &self.target {
            Some(target) => Scope::Target {
                namespace,
                target: target.clone(),
            },
            None => Scope::Namespace(namespace),
        })
    }

    fn prober(&self) -> Result<Option<Prober>, Failure> {
        if self.no_probe {
            return Ok(None);
        }
        let certificates = self.registry_ca.as_deref().map(files::read).transpose()?;
        let prober = Prober::new(certificates.as_deref())
            .map_err(|error| Failure::new(error.to_string()))?;
        Ok(Some(prober))
    }

    /// Our registry, which knows why it refused a pull. Without a login that can be used less is found.
    fn registry(&self) -> Option<wharf_client::Client> {
        if self.no_probe {
            return None;
        }
        match self.common.connection.open_if_any() {
            Ok(session) => session.map(|session| session.client),
            Err(failure) => {
                self.common.output.say(failure.to_string().trim_end());
                None
            }
        }
    }

    /// Looks again whenever a Pod changed, until somebody has seen enough.
    async fn watch(&self, look: &Look) -> Result<(), Failure> {
        let mut changes = observe::changes(&look.client, &look.scope);
        let mut known = Known::default();
        let mut is_first = true;
        let interrupted = tokio::signal::ctrl_c();
        tokio::pin!(interrupted);
        loop {
            let progress = Progress::new(self.common.output.is_quiet());
            let looked = Box::pin(look.once(&progress)).await;
            drop(progress);
            match looked {
                Ok((observations, findings)) => {
                    self.show_changes(&mut known, &findings)?;
                    if is_first && findings.is_empty() {
                        let report = Report::new(&look.scope, &observations, findings);
                        self.common
                            .output
                            .say(report.text(Style::of_stderr()).trim_end());
                    }
                }
                // What can be wrong from the start is; later a cluster may be away for a while.
                Err(failure) if is_first => return Err(failure),
                Err(failure) => self.common.output.say(failure.to_string().trim_end()),
            }
            is_first = false;
            tokio::select! {
                _ = &mut interrupted => break,
                _ = changes.next() => tokio::time::sleep(SETTLE).await,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
        match known.is_empty() {
            true => Ok(()),
            false => Err(Failure::problems()),
        }
    }

    fn show_changes(&self, known: &mut Known, findings: &[Finding]) -> Result<(), Failure> {
        for change in known.learn(findings, Timestamp::now()) {
            if self.common.output.is_for_people() {
                print(&change.line(Style::of_stdout()))?;
            } else {
                self.common.output.document(&change)?;
            }
        }
        Ok(())
    }
}
