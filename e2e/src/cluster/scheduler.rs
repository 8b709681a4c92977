//! kube-scheduler.

use std::process::Command;

use super::plan::Plan;

pub(super) fn command(plan: &Plan) -> Command {
    let mut command = Command::new(&plan.kubernetes);
    command
        .arg("kube-scheduler")
        .args(super::own_kubeconfig(plan, "scheduler"))
        .arg("--bind-address=127.0.0.1")
        .arg(format!("--secure-port={}", plan.ports.scheduler))
        .arg("--leader-elect=false");
    command
}
