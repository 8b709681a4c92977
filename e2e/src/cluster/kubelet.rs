//! The kubelet.

use std::fs;
use std::process::Command;

use serde_json::json;

use super::plan::Plan;

/// Pods on the node at once: as many as a test of many stuck Pods wants. The /20 has addresses for them.
const PODS_MAX: u32 = 1_200;

pub(super) fn command(plan: &Plan) -> Command {
    let mut command = Command::new(&plan.kubernetes);
    command
        .arg("kubelet")
        .arg(format!("--config={}", plan.text("kubelet.json")))
        .arg(format!("--kubeconfig={}", plan.text("kubelet.kubeconfig")))
        .arg(format!("--hostname-override={}", plan.name))
        .arg(format!("--node-ip={}", plan.node_address))
        .arg(format!("--root-dir={}", plan.text("kubelet")))
        .arg(format!("--cert-dir={}", plan.text("kubelet-pki")));
    command
}

pub(super) fn configure(plan: &Plan) {
    let configuration = json!({
        "kind": "KubeletConfiguration",
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "address": plan.node_address,
        "port": plan.ports.kubelet,
        "healthzPort": plan.ports.kubelet_health,
        "readOnlyPort": 0,
        "tlsCertFile": plan.path("pki/kubelet-server.pem"),
        "tlsPrivateKeyFile": plan.path("pki/kubelet-server-key.pem"),
        "authentication": {
            "anonymous": {"enabled": false},
            "webhook": {"enabled": true},
            "x509": {"clientCAFile": plan.path("pki/ca.pem")},
        },
        "authorization": {"mode": "Webhook"},
        "containerRuntimeEndpoint": format!("unix://{}", plan.containerd_socket().display()),
        "podLogsDir": plan.path("pod-logs"),
        "resolvConf": "",
        // A machine without systemd, with cgroups of either version, with swap.
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": format!("/{}", plan.name),
        "failCgroupV1": false,
        "failSwapOn": false,
        // The machine's packet filter is not the cluster's.
        "makeIPTablesUtilChains": false,
        // The machine's disk may be full; nobody's image is thrown away while a test needs it.
        "evictionHard": {
            "memory.available": "0%", "nodefs.available": "0%",
            "nodefs.inodesFree": "0%", "imagefs.available": "0%",
        },
        "imageGCHighThresholdPercent": 100,
        "maxPods": PODS_MAX,
        "serializeImagePulls": false,
        // One slow registry does not hold up the pulls of other tests.
        "registryPullQPS": 0,
    });
    fs::write(
        plan.path("kubelet.json"),
        serde_json::to_string_pretty(&configuration).unwrap(),
    )
    .unwrap();
}
