//! Why a command was not done, and what to do about it: `error: …`, `hint: …`, and the exit code.

use std::io::Write as _;
use std::process::ExitCode;

use wharf_client::policies::PolicyHolder;
use wharf_client::{Error, Refusal};
use wharf_cluster::kubernetes;
use wharf_types::role::PredefinedRole;
use wharf_types::{Permission, Resource};

/// Why a command was not done.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    hints: Vec<String>,
    kind: Kind,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// Exit code 1.
    Failed,
    /// Exit code 2: what was typed or configured cannot be meant.
    Usage,
    /// Exit code 3: the command did what it is for, and what it looked at is not in order. It has said so already.
    Problems,
    /// Whoever read our output has enough of it.
    OutputClosed,
}

impl Failure {
    /// It failed.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hints: Vec::new(),
            kind: Kind::Failed,
        }
    }

    /// What was typed or configured cannot be meant.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Usage,
            ..Self::new(message)
        }
    }

    /// What was looked at is not in order, as the command has shown.
    pub(crate) fn problems() -> Self {
        Self {
            kind: Kind::Problems,
            ..Self::new("problems were found")
        }
    }

    /// Nobody reads what we print any more (`wharf … | head`).
    pub(crate) fn output(error: &std::io::Error) -> Self {
        let failure = Self::new(format!("cannot write the output: {error}"));
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self {
                kind: Kind::OutputClosed,
                ..failure
            },
            _ => failure,
        }
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Tells the person, and the shell.
    pub(crate) fn report(&self) -> ExitCode {
        if matches!(self.kind, Kind::Failed | Kind::Usage) {
            // When even stderr is closed there is nobody to tell.
            let _ = write!(std::io::stderr(), "{self}");
        }
        match self.kind {
            Kind::Failed => ExitCode::from(1),
            Kind::Usage => ExitCode::from(2),
            Kind::Problems => ExitCode::from(3),
            Kind::OutputClosed => ExitCode::SUCCESS,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "error: {}", printable(&self.message))?;
        for hint in &self.hints {
            writeln!(f, "hint: {}", printable(hint))?;
        }
        Ok(())
    }
}

/// What a server says must not steer the terminal.
fn printable(text: &str) -> String {
    text.replace(|c: char| c.is_control() && c != '\n', "\u{fffd}")
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let failure = Self::new(error.to_string());
        match error {
            Error::Unreachable { endpoint, .. } => failure.hint(format!(
                "is `wharf serve` running there? `curl {endpoint}/healthz` tells; --endpoint or WHARF_ENDPOINT names another place"
            )),
            Error::Timeout(endpoint) => failure.hint(format!(
                "a firewall that drops packets, or a registry under too much load: `curl {endpoint}/readyz` tells"
            )),
            Error::UnknownAuthority(_) => failure.hint(
                "a registry with a certificate of its own: name its CA with --ca-file or WHARF_CA_FILE (`wharf serve --tls-self-signed` prints where it is)",
            ),
            Error::Certificate { .. } => failure.hint(
                "the certificate must be valid now and carry the name in --endpoint; `wharf serve --host NAME` adds one to a self-signed certificate",
            ),
            Error::NotTls(endpoint) => failure.hint(format!(
                "if it serves plain HTTP, say so: --endpoint http://{}",
                endpoint.authority()
            )),
            Error::Redirected { .. } => failure.hint(
                "credentials are not carried across redirects: name the place itself with --endpoint",
            ),
            Error::Unexpected { .. } => {
                failure.hint("is that a Wharfinger? --endpoint or WHARF_ENDPOINT names another place")
            }
            Error::Unauthenticated {
                endpoint,
                account: None,
                ..
            } => failure.hint(format!(
                "name a service account's key with --key-file or WHARF_KEY_FILE, or log in once: wharf auth login {endpoint} --key-file KEY.json"
            )),
            Error::Unauthenticated {
                account: Some(account),
                ..
            } => failure.hint(format!(
                "that was a key of {account}; --key-file or WHARF_KEY_FILE names another one"
            )),
            Error::Refused(refusal) => explain(failure, &refusal),
            Error::Contended(_) | Error::Corrupted => failure.hint("try again in a moment"),
            Error::DigestMismatch { .. } | Error::Setup(_) => failure,
        }
    }
}

impl From<kubernetes::Error> for Failure {
    fn from(error: kubernetes::Error) -> Self {
        let failure = Self::new(error.to_string());
        match error {
            kubernetes::Error::NoCluster => failure.hint(
                "name it with --kubeconfig FILE or KUBECONFIG; `kubectl config current-context` tells which one kubectl speaks to",
            ),
            kubernetes::Error::Kubeconfig(_) => {
                failure.hint("`kubectl config get-contexts` shows the contexts that there are")
            }
            kubernetes::Error::Unreachable(_) | kubernetes::Error::Timeout => {
                failure.hint("`kubectl cluster-info` tells which API server is asked; --context names another cluster")
            }
            kubernetes::Error::Unauthenticated => failure.hint(
                "`kubectl auth whoami` tells as whom the kubeconfig speaks; its credential may have expired",
            ),
            kubernetes::Error::Forbidden(forbidden) => failure
                .hint("the same command with --print-rbac prints the Role that it needs; --print-rbac=USER binds it too")
                .hint(format!(
                    "to see whether it is granted: kubectl auth can-i {} {} {}",
                    forbidden.verb,
                    forbidden.resource,
                    match &forbidden.namespace {
                        Some(namespace) => format!("-n {namespace}"),
                        None => "--all-namespaces".to_owned(),
                    }
                )),
            kubernetes::Error::Contended { .. } => failure.hint(
                "try again; if it goes on, `kubectl get -o yaml --show-managed-fields` tells who writes it",
            ),
            kubernetes::Error::Credential(_)
            | kubernetes::Error::NotFound(_)
            | kubernetes::Error::Conflict(_)
            | kubernetes::Error::Refused(_)
            | kubernetes::Error::Answer(_) => failure,
        }
    }
}

fn explain(failure: Failure, refusal: &Refusal) -> Failure {
    let failure = match refusal.retry_after {
        Some(wait) => failure.hint(format!("try again in {} s", wait.as_secs())),
        None => failure,
    };
    let failure = match &refusal.request_id {
        Some(id) if refusal.status >= 500 => {
            failure.hint(format!("the server's log says more about the request {id}"))
        }
        _ => failure,
    };
    let (Some(permission), Some(resource)) = (&refusal.permission, &refusal.resource) else {
        return failure;
    };
    let member = match &refusal.account {
        Some(account) => format!("serviceAccount:{account}"),
        None => "allUsers".to_owned(),
    };
    let failure = match grant(permission, resource, &member) {
        Some(command) => failure.hint(format!("who may grant it, does so with: {command}")),
        None => failure,
    };
    failure.hint(format!(
        "why: wharf iam troubleshoot {member} --permission {permission} --resource {resource}"
    ))
}

/// The command that grants a permission: the role that carries it and the least besides, on the nearest policy. The
/// legacy roles carry the least of all, but not what a whole pull or push needs.
fn grant(permission: &str, resource: &str, member: &str) -> Option<String> {
    let permission = Permission::parse(permission).ok()?;
    let role = PredefinedRole::all()
        .iter()
        .filter(|role| !role.name.contains(".legacy"))
        .filter(|role| role.permissions().any(|carried| carried == permission))
        .min_by_key(|role| role.permissions().count())?;
    let holder = match Resource::parse(resource).ok()? {
        Resource::Project(id) => PolicyHolder::Project(id),
        Resource::Bucket(name) | Resource::Object { bucket: name, .. } => {
            PolicyHolder::Bucket(name)
        }
        Resource::ServiceAccount(email) => PolicyHolder::ServiceAccount(email),
        Resource::KeyRing(ring) => PolicyHolder::KeyRing(ring),
        Resource::CryptoKey(key) => PolicyHolder::CryptoKey(key),
        Resource::CryptoKeyVersion(version) => PolicyHolder::CryptoKey(version.key),
        Resource::Organization => return None,
    };
    let command = match holder {
        PolicyHolder::Project(id) => format!("projects add-iam-policy-binding {id}"),
        PolicyHolder::Bucket(name) => format!("buckets add-iam-policy-binding gs://{name}"),
        PolicyHolder::ServiceAccount(email) => {
            format!("iam service-accounts add-iam-policy-binding {email}")
        }
        PolicyHolder::KeyRing(ring) => format!("kms keyrings add-iam-policy-binding {ring}"),
        PolicyHolder::CryptoKey(key) => format!("kms keys add-iam-policy-binding {key}"),
    };
    Some(format!(
        "wharf {command} --member {member} --role {}",
        role.name
    ))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_refusal_names_the_command_that_grants_least() {
        let refusal = Refusal {
            status: 403,
            code: "PERMISSION_DENIED".to_owned(),
            message: "no".to_owned(),
            permission: Some("storage.objects.get".to_owned()),
            resource: Some("projects/_/buckets/artifacts.my-project.appspot.com".to_owned()),
            account: Some(
                "gcr-puller@my-project.iam.gserviceaccount.com"
                    .parse()
                    .unwrap(),
            ),
            request_id: None,
            retry_after: None,
        };
        let text = Failure::from(Error::Refused(Box::new(refusal))).to_string();
        let expected = "error: no\n\
            hint: who may grant it, does so with: wharf buckets add-iam-policy-binding gs://artifacts.my-project.appspot.com --member serviceAccount:gcr-puller@my-project.iam.gserviceaccount.com --role roles/storage.objectViewer\n\
            hint: why: wharf iam troubleshoot serviceAccount:gcr-puller@my-project.iam.gserviceaccount.com --permission storage.objects.get --resource projects/_/buckets/artifacts.my-project.appspot.com\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_a_server_says_does_not_steer_the_terminal() {
        let text = Failure::new("a\u{1b}[2Jb").to_string();
        assert_eq!(text, "error: a\u{fffd}[2Jb\n");
    }

    #[test]
    fn every_failure_of_the_connection_names_a_way_out() {
        let endpoint: wharf_client::Endpoint = "https://registry.example.com".parse().unwrap();
        for error in [
            Error::Unreachable {
                endpoint: endpoint.clone(),
                reason: "refused".to_owned(),
            },
            Error::Timeout(endpoint.clone()),
            Error::UnknownAuthority(endpoint.clone()),
            Error::NotTls(endpoint.clone()),
            Error::Unauthenticated {
                endpoint,
                account: None,
                message: "no key".to_owned(),
            },
        ] {
            let text = Failure::from(error).to_string();
            assert!(text.contains("\nhint: "), "{text}");
        }
    }
}
