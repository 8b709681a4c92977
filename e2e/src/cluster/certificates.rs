//! The cluster's own CA, the certificates of its components, and their kubeconfigs.

use std::fs;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType,
};

use super::plan::Plan;

/// Who a client certificate says that its bearer is: a user and a group.
const CLIENTS: [(&str, &str, &str); 4] = [
    ("admin", "admin", "system:masters"),
    ("controller-manager", "system:kube-controller-manager", ""),
    ("scheduler", "system:kube-scheduler", ""),
    (
        "kubelet-client",
        "kube-apiserver-kubelet-client",
        "system:masters",
    ),
];

/// Writes all of them into the cluster's folder.
pub(super) fn write(plan: &Plan) {
    plan.make_folder("pki");
    let ca = authority();
    fs::write(plan.path("pki/ca.pem"), ca.pem()).unwrap();
    for (name, user, group) in CLIENTS {
        client(plan, &ca, name, user, group);
    }
    let node = format!("system:node:{}", plan.name);
    client(plan, &ca, "kubelet", &node, "system:nodes");
    let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let node_address = IpAddr::V4(plan.node_address);
    server(
        plan,
        &ca,
        "api-server",
        &["kubernetes.default.svc"],
        &[local, node_address],
    );
    server(plan, &ca, "kubelet-server", &[&plan.name], &[node_address]);
    // The key that service accounts' tokens are signed with.
    let key = KeyPair::generate().unwrap();
    write_key(&plan.path("pki/service-accounts-key.pem"), &key);
    fs::write(plan.path("pki/service-accounts.pem"), key.public_key_pem()).unwrap();
    for name in ["admin", "controller-manager", "scheduler", "kubelet"] {
        kubeconfig(plan, name);
    }
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::default();
    parameters
        .distinguished_name
        .push(DnType::CommonName, "wharf-e2e cluster CA");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

fn client(plan: &Plan, ca: &CertifiedIssuer<'_, KeyPair>, name: &str, user: &str, group: &str) {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, user);
    if !group.is_empty() {
        parameters
            .distinguished_name
            .push(DnType::OrganizationName, group);
    }
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    issue(plan, ca, name, parameters);
}

fn server(
    plan: &Plan,
    ca: &CertifiedIssuer<'_, KeyPair>,
    name: &str,
    names: &[&str],
    addresses: &[IpAddr],
) {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut parameters = CertificateParams::new(names).unwrap();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters
        .subject_alt_names
        .extend(addresses.iter().copied().map(SanType::IpAddress));
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    issue(plan, ca, name, parameters);
}

fn issue(
    plan: &Plan,
    ca: &CertifiedIssuer<'_, KeyPair>,
    name: &str,
    mut parameters: CertificateParams,
) {
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let key = KeyPair::generate().unwrap();
    let certificate = parameters.signed_by(&key, ca).unwrap();
    fs::write(plan.path(&format!("pki/{name}.pem")), certificate.pem()).unwrap();
    write_key(&plan.path(&format!("pki/{name}-key.pem")), &key);
}

fn write_key(path: &Path, key: &KeyPair) {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .unwrap();
    file.write_all(key.serialize_pem().as_bytes()).unwrap();
}

fn kubeconfig(plan: &Plan, name: &str) {
    let pki = plan.text("pki");
    let server = plan.ports.api_server;
    let cluster = &plan.name;
    let text = format!(
        "apiVersion: v1
kind: Config
current-context: {cluster}
clusters:
- name: {cluster}
  cluster:
    server: https://127.0.0.1:{server}
    certificate-authority: {pki}/ca.pem
users:
- name: {name}
  user:
    client-certificate: {pki}/{name}.pem
    client-key: {pki}/{name}-key.pem
contexts:
- name: {cluster}
  context:
    cluster: {cluster}
    user: {name}
    namespace: default
"
    );
    fs::write(plan.path(&format!("{name}.kubeconfig")), text).unwrap();
}
