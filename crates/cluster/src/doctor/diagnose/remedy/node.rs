//! What mends a node, or the way from it to the registry.

use super::advice;
use super::commands::{line, quoted};
use crate::doctor::cause::Cause;
use crate::doctor::diagnose::case::Case;
use crate::doctor::remedy::Remedy;

pub(super) fn remedy(cause: &Cause, cases: &[&Case<'_>]) -> Remedy {
    let runtime = cases
        .first()
        .and_then(|case| case.node())
        .map_or("", |node| node.runtime.as_str());
    match cause {
        Cause::UnknownAuthority { host, .. } => unknown_authority(host, runtime),
        Cause::PlainHttp { host } => plain_http(host, runtime),
        Cause::TokenServiceUnreachable { because, .. } => remedy(because, cases),
        Cause::SandboxImage { because, .. } => {
            let inner = remedy(because, cases);
            Remedy {
                advice: format!(
                    "on the node: {}. The sandbox's image is configured in the runtime (containerd: sandbox_image, or pinned_images in 2.x), and no pull secret is used for it",
                    inner.advice
                ),
                ..inner
            }
        }
        cause => advice(advice_of(cause), commands_of(cause)),
    }
}

fn advice_of(cause: &Cause) -> String {
    match cause {
        Cause::CertificateWrongName { host, .. } => format!(
            "give {host} a certificate for this name, or name the image by a host that the certificate is for"
        ),
        Cause::CertificateExpired { host, .. } => {
            format!("renew the certificate of {host}; if it is not expired, set the node's clock")
        }
        Cause::CertificateNotYetValid { .. } => "set the node's clock".to_owned(),
        Cause::TlsExpected { host } => {
            format!("on the node: let the runtime's configuration for {host} say https")
        }
        Cause::Dns { host } => format!(
            "correct the name in the image, or make {host} known to the node's own resolver: the cluster's DNS is not asked for images"
        ),
        Cause::ConnectionRefused { host, .. } => format!(
            "start the registry, or correct the port in the image or the address that {host} has on the node"
        ),
        Cause::Unreachable { host } => {
            format!("open the way from the node to {host}: routes, firewall, proxy of the runtime")
        }
        Cause::TokenServiceFailing { host, .. } => {
            format!("look at the token service of {host}; the kubelet goes on trying")
        }
        Cause::TokenRefused { host } => format!(
            "look at {host}: its clock, and whether it is meant to trust the token service that it names"
        ),
        Cause::NotARegistry { host } => format!(
            "correct the host in the image, or look for a proxy or portal between the node and {host}"
        ),
        Cause::RateLimited { host } => format!(
            "wait, pull with an account of {host}, or keep the images in a registry of your own; the kubelet goes on trying"
        ),
        Cause::RegistryFailing { host, .. } => {
            format!("look at {host} and its logs; the kubelet goes on trying")
        }
        Cause::MirrorMisconfigured { host, mirror } => format!(
            "on the node: correct or remove the mirror {mirror} in the runtime's configuration for {host}"
        ),
        Cause::DiskFull { node } => {
            format!("make room on node {node}: remove unused images and logs")
        }
        Cause::Snapshotter { node } => format!(
            "on node {node}: add the snapshotter to unpack_config of containerd's transfer service, or set use_local_image_pull = true"
        ),
        Cause::ImageInspect { node } => {
            format!("look at the runtime on node {node}: whether it runs, and its logs")
        }
        Cause::SignatureRejected { image } => {
            format!("sign {image} as the node's policy demands, or change the policy")
        }
        Cause::RegistryBlocked { host } => {
            format!("on the node: take {host} off the blocked registries in registries.conf")
        }
        Cause::PullThrottled { .. } => {
            "wait; if it happens often, raise registryPullQPS in the kubelet's configuration"
                .to_owned()
        }
        _ => "none that the doctor knows; the text is the runtime's".to_owned(),
    }
}

fn commands_of(cause: &Cause) -> Vec<String> {
    match cause {
        Cause::DiskFull { node } if !node.is_empty() => {
            vec![line(&["kubectl", "describe", "node", node])]
        }
        _ => Vec::new(),
    }
}

fn unknown_authority(host: &str, runtime: &str) -> Remedy {
    if runtime.starts_with("cri-o") {
        let folder = format!("/etc/containers/certs.d/{host}");
        return advice(
            format!("on every node: trust the CA that signed the certificate of {host}"),
            vec![
                line(&["mkdir", "-p", &folder]),
                line(&["cp", "ca.pem", &format!("{folder}/ca.crt")]),
            ],
        );
    }
    let folder = format!("/etc/containerd/certs.d/{host}");
    // Twice, since containerd asks the server once more after a 404, and then with the server's own CA.
    let ca = format!(r#"ca = "{folder}/ca.pem""#);
    let hosts = format!(r#"server = "https://{host}"\n{ca}\n\n[host."https://{host}"]\n  {ca}\n"#);
    advice(
        format!(
            "on every node: trust the CA that signed the certificate of {host}; containerd reads the file anew on each pull, if its config_path is /etc/containerd/certs.d"
        ),
        vec![
            line(&["mkdir", "-p", &folder]),
            line(&["cp", "ca.pem", &format!("{folder}/ca.pem")]),
            format!(
                "printf {} > {}",
                quoted(&hosts),
                quoted(&format!("{folder}/hosts.toml"))
            ),
        ],
    )
}

fn plain_http(host: &str, runtime: &str) -> Remedy {
    let text =
        format!("serve {host} over TLS; for a test, tell every node that it speaks plain HTTP");
    if runtime.starts_with("cri-o") {
        return advice(text, Vec::new());
    }
    let folder = format!("/etc/containerd/certs.d/{host}");
    let hosts = format!(
        r#"server = "http://{host}"\n\n[host."http://{host}"]\n  capabilities = ["pull", "resolve"]\n"#
    );
    advice(
        text,
        vec![
            line(&["mkdir", "-p", &folder]),
            format!(
                "printf {} > {}",
                quoted(&hosts),
                quoted(&format!("{folder}/hosts.toml"))
            ),
        ],
    )
}
