//! etcd: where the cluster's objects are kept.

use std::process::Command;

use super::plan::Plan;

pub(super) fn command(plan: &Plan) -> Command {
    let client = format!("http://127.0.0.1:{}", plan.ports.etcd);
    let peer = format!("http://127.0.0.1:{}", plan.ports.etcd_peer);
    let mut command = Command::new("etcd");
    command
        .args(["--name", &plan.name])
        .arg("--data-dir")
        .arg(plan.path("etcd"))
        .args(["--listen-client-urls", &client])
        .args(["--advertise-client-urls", &client])
        .args(["--listen-peer-urls", &peer])
        .args(["--initial-advertise-peer-urls", &peer])
        .args(["--initial-cluster", &format!("{}={peer}", plan.name)])
        // Debian builds it for more architectures than its makers want it to start on by itself.
        .env("ETCD_UNSUPPORTED_ARCH", std::env::consts::ARCH);
    command
}
