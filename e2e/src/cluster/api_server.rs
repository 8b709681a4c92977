//! kube-apiserver, with the authorization and the admission of a genuine cluster.

use std::process::Command;

use super::plan::Plan;

pub(super) fn command(plan: &Plan) -> Command {
    let pki = |name: &str| plan.path("pki").join(name);
    let ports = &plan.ports;
    let mut command = Command::new(&plan.kubernetes);
    command
        .arg("kube-apiserver")
        .arg(format!("--etcd-servers=http://127.0.0.1:{}", ports.etcd))
        .arg("--bind-address=127.0.0.1")
        .arg(format!("--secure-port={}", ports.api_server))
        .arg(format!("--advertise-address={}", plan.node_address))
        .arg("--endpoint-reconciler-type=none")
        .arg("--service-cluster-ip-range=10.96.0.0/16")
        .arg("--authorization-mode=Node,RBAC")
        .arg("--enable-admission-plugins=NodeRestriction")
        .arg("--allow-privileged=true")
        .arg("--kubelet-preferred-address-types=InternalIP")
        .arg(format!("--service-account-issuer=https://{}", plan.name));
    for (flag, file) in [
        ("tls-cert-file", "api-server.pem"),
        ("tls-private-key-file", "api-server-key.pem"),
        ("client-ca-file", "ca.pem"),
        ("service-account-key-file", "service-accounts.pem"),
        (
            "service-account-signing-key-file",
            "service-accounts-key.pem",
        ),
        ("kubelet-certificate-authority", "ca.pem"),
        ("kubelet-client-certificate", "kubelet-client.pem"),
        ("kubelet-client-key", "kubelet-client-key.pem"),
    ] {
        command.arg(format!("--{flag}={}", pki(file).display()));
    }
    command
}
