//! kube-controller-manager: default ServiceAccounts, Deployments, the end of namespaces.

use std::process::Command;

use super::plan::Plan;

pub(super) fn command(plan: &Plan) -> Command {
    let mut command = Command::new(&plan.kubernetes);
    command
        .arg("kube-controller-manager")
        .args(super::own_kubeconfig(plan, "controller-manager"))
        .arg("--bind-address=127.0.0.1")
        .arg(format!("--secure-port={}", plan.ports.controller_manager))
        .arg("--leader-elect=false")
        .arg("--use-service-account-credentials=true")
        .arg(format!(
            "--service-account-private-key-file={}",
            plan.text("pki/service-accounts-key.pem")
        ))
        .arg(format!("--root-ca-file={}", plan.text("pki/ca.pem")));
    command
}
