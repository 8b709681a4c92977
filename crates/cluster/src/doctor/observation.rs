//! What the doctor saw: plain values, without an opinion. Whoever collects fills them in, [`super::diagnose`] reads them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::ops::Deref;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use serde::Serialize;
use wharf_types::wire::troubleshooter::TroubleshootIamPolicyResponse;

use super::text::EXEC_FORMAT;

/// The name of something in a namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct NamespacedName {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl fmt::Display for NamespacedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// Something that was looked for in the cluster.
#[derive(Clone, Debug, PartialEq)]
pub enum Looked<T> {
    /// It is there.
    Found(T),
    /// It is not there.
    Absent,
    /// The cluster would not show it: the doctor's own rights do not reach.
    Forbidden,
}

impl<T> Looked<T> {
    /// The same look at another side of what was found.
    pub fn map<U>(self, of: impl FnOnce(T) -> U) -> Looked<U> {
        match self {
            Self::Found(thing) => Looked::Found(of(thing)),
            Self::Absent => Looked::Absent,
            Self::Forbidden => Looked::Forbidden,
        }
    }
}

/// One look at a cluster, at the registries that its Pods pull from, and at what those say.
#[derive(Clone, Debug, Default)]
pub struct Observations {
    /// The Pods that were asked about.
    pub pods: Vec<Pod>,
    /// The ServiceAccounts of those Pods.
    pub service_accounts: BTreeMap<NamespacedName, Looked<ServiceAccount>>,
    /// The Secrets that those Pods and ServiceAccounts name. The doctor never lists Secrets.
    pub secrets: BTreeMap<NamespacedName, Looked<Sealed>>,
    /// For the name of a Secret that is absent where it is needed: other namespaces that have one of this name, as far as
    /// the doctor's rights reach.
    pub elsewhere: BTreeMap<String, BTreeSet<String>>,
    /// The nodes that those Pods are on.
    pub nodes: BTreeMap<String, Looked<Node>>,
    /// What came of trying the pull from where the doctor runs, for each image and credential that was tried.
    pub probes: BTreeMap<ProbeTarget, Probe>,
    /// What our own registry says about an image and a credential; nothing for a registry of somebody else's.
    pub testimonies: BTreeMap<ProbeTarget, Testimony>,
    /// How far the look went.
    pub survey: Survey,
}

/// How far a look went, and where it was stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Survey {
    /// Pods that were seen at all; those in [`Observations::pods`] are not healthy.
    pub pods: usize,
    /// Namespaces that Pods were seen in.
    pub namespaces: usize,
    /// What was not looked at, and why, in sentences.
    pub unseen: Vec<String>,
}

/// A Secret as the cluster has it. No debug output shows what is in it.
#[derive(Clone, PartialEq)]
pub struct Sealed(pub Secret);

impl Deref for Sealed {
    type Target = Secret;
    fn deref(&self) -> &Secret {
        &self.0
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(secret) = self;
        write!(f, "Secret({:?}, {:?})", secret.metadata.name, secret.type_)
    }
}

/// A Pod.
#[derive(Clone, Debug, Default)]
pub struct Pod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// What made it, at the top: the Deployment, not its ReplicaSet. None: a Pod by itself.
    pub workload: Option<Workload>,
    /// Its ServiceAccount.
    pub service_account: String,
    /// `spec.imagePullSecrets`, in order, as it stands in the Pod.
    pub pull_secrets: Vec<String>,
    /// Whether the list stands in the workload's own template, so that admission copied nothing.
    pub has_own_pull_secrets: Option<bool>,
    /// The node that it is bound to.
    pub node: Option<String>,
    /// `status.phase`.
    pub phase: String,
    /// `status.reason`, such as `Evicted`.
    pub reason: Option<String>,
    /// `status.message`.
    pub message: Option<String>,
    /// Init containers first, then containers, then ephemeral ones, then image volumes, in the order of the spec.
    pub containers: Vec<Container>,
    /// Its events, the oldest first.
    pub events: Vec<Event>,
}

impl Pod {
    /// Whether what its pulls depend on may say why it does not run.
    pub fn concerns_pulling(&self) -> bool {
        self.containers.iter().any(Container::concerns_pulling)
    }
}

/// What made a Pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Workload {
    /// `Deployment`, `StatefulSet`, `DaemonSet`, `Job`, `CronJob`, `ReplicaSet`, or a kind that we do not know.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// Which list of a Pod a container stands in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContainerKind {
    /// `initContainers`
    Init,
    /// `containers`
    #[default]
    Regular,
    /// `ephemeralContainers`
    Ephemeral,
    /// `volumes[].image`: no container, but pulled like one's image. It waits where a container waits on its account.
    Volume,
}

/// A container, or an image volume, of a Pod.
#[derive(Clone, Debug, Default)]
pub struct Container {
    /// Which list it stands in.
    pub kind: ContainerKind,
    /// Its name.
    pub name: String,
    /// `image`, as the spec has it.
    pub image: String,
    /// `imagePullPolicy`, as the spec has it.
    pub pull_policy: String,
    /// Why it waits: `state.waiting`.
    pub waiting: Option<Waiting>,
    /// How it ended the last time: `lastState.terminated`, or `state.terminated`.
    pub terminated: Option<Terminated>,
    /// Whether it runs now.
    pub is_running: bool,
}

impl Container {
    /// Whether its image may be why it does not run: it waits for it, or it is for another machine.
    pub fn concerns_pulling(&self) -> bool {
        let waiting = self.waiting.as_ref();
        let ended = self.terminated.as_ref();
        self.waits_for_image()
            || waiting.is_some_and(|waiting| waiting.message.contains(EXEC_FORMAT))
            || ended
                .is_some_and(|end| end.message.contains(EXEC_FORMAT) || end.may_not_have_begun())
    }

    /// Whether it waits for its image: for a reason that is none of the known others, since a pull secret that cannot be
    /// read has its decoder's words for a reason.
    pub fn waits_for_image(&self) -> bool {
        const OTHERS: [&str; 15] = [
            "",
            "ContainerCreating",
            "PodInitializing",
            "CrashLoopBackOff",
            "CreateContainerConfigError",
            "CreateContainerError",
            "RunContainerError",
            "PreCreateHookError",
            "PreStartHookError",
            "PostStartHookError",
            "CreatePodSandboxError",
            "ConfigPodSandboxError",
            "KillPodSandboxError",
            "KillContainerError",
            "VerifyNonRootError",
        ];
        let waiting = self.waiting.as_ref();
        waiting.is_some_and(|waiting| !OTHERS.contains(&waiting.reason.as_str()))
    }
}

/// `state.waiting`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Such as `ImagePullBackOff`; for a pull secret that cannot be read, the decoder's own text.
    pub reason: String,
    /// The runtime's text.
    pub message: String,
}

/// `state.terminated`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terminated {
    /// Such as `Error`, `StartError`.
    pub reason: String,
    /// The runtime's text.
    pub message: String,
    /// The process's exit code.
    pub exit_code: i32,
}

impl Terminated {
    /// Whether this may be the end of a program that could not be executed: runc, containerd's shim and a shell exit so
    /// when a file is for another processor, and say why only in the container's log. Others exit so as well.
    pub fn may_not_have_begun(&self) -> bool {
        matches!(self.exit_code, 1 | 126 | 127 | 128 | 255)
    }
}

/// An event on a Pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Such as `Failed`, `FailedToRetrieveImagePullSecret`.
    pub reason: String,
    /// What the kubelet wrote.
    pub message: String,
    /// Of which container, by `involvedObject.fieldPath`.
    pub container: Option<String>,
    /// How often.
    pub count: i32,
    /// When it was last seen.
    pub last_seen: Option<Timestamp>,
}

/// A ServiceAccount.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceAccount {
    /// `imagePullSecrets`, in order.
    pub pull_secrets: Vec<String>,
    /// When `imagePullSecrets` was last written, as `managedFields` tells.
    pub pull_secrets_written: Option<Timestamp>,
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// Such as `containerd://1.7.24`.
    pub runtime: String,
    /// Such as `v1.34.9`.
    pub kubelet: String,
    /// Such as `linux`.
    pub operating_system: String,
    /// Such as `amd64`.
    pub architecture: String,
    /// Whether its disk is full: condition `DiskPressure`.
    pub has_disk_pressure: bool,
}

/// Which credential a pull is tried with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CredentialSource {
    /// None: the registry is asked anonymously.
    Anonymous,
    /// The entry `key` of a pull secret.
    PullSecret {
        /// The Secret.
        secret: NamespacedName,
        /// The key in `auths`, as it is written there.
        key: String,
    },
}

/// One pull that is tried.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProbeTarget {
    /// The image as the container names it.
    pub image: String,
    /// With which credential.
    pub credential: CredentialSource,
}

/// What came of trying a pull from where the doctor runs, which is not where the node is.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The addresses that the host's name has.
    pub addresses: Vec<IpAddr>,
    /// What the registry would hand out, or the first step that failed.
    pub outcome: Result<Reached, Obstacle>,
}

/// The manifest is there and may be pulled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// Its digest.
    pub digest: String,
    /// `OS/ARCHITECTURE[/VARIANT]` of every child of an index, or of the image's config. Empty: not known.
    pub platforms: Vec<String>,
}

/// The step of a pull at which the doctor's own try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The host's name has no address.
    Dns {
        /// The resolver's words.
        text: String,
    },
    /// Nobody listens.
    Refused {
        /// `ADDRESS:PORT`.
        address: String,
    },
    /// No answer, or no way there.
    Unreachable {
        /// The system's words.
        text: String,
    },
    /// The certificate is not to be trusted from here.
    Certificate {
        /// What is wrong with it.
        fault: CertificateFault,
        /// The verifier's words.
        text: String,
    },
    /// It speaks plain HTTP.
    PlainHttp,
    /// Something answers, but no registry: no `/v2/`, or no JSON.
    NotARegistry {
        /// What came instead.
        text: String,
    },
    /// The token endpoint that the registry names cannot be used: not reached, not trusted, or on plain HTTP, where no
    /// credential is sent.
    Realm {
        /// Its URL.
        realm: String,
        /// What came of it.
        text: String,
    },
    /// The token endpoint refuses.
    Token {
        /// The HTTP status.
        status: u16,
        /// Its words, if it has any.
        message: String,
    },
    /// The registry refuses the manifest: 401 or 403.
    Denied {
        /// The HTTP status.
        status: u16,
        /// The OCI error code.
        code: String,
        /// Its words.
        message: String,
    },
    /// 404: no such manifest, or none that this credential may know of.
    NotFound {
        /// The OCI error code: `MANIFEST_UNKNOWN`, `NAME_UNKNOWN`.
        code: String,
        /// Its words.
        message: String,
    },
    /// 429
    RateLimited {
        /// `Retry-After`, in seconds.
        retry_after: Option<u64>,
        /// Its words.
        message: String,
    },
    /// 5xx
    Failing {
        /// The HTTP status.
        status: u16,
        /// Its words.
        message: String,
    },
}

/// What is wrong with a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateFault {
    /// Signed by nobody whom this machine trusts.
    UnknownAuthority {
        /// The issuer's name.
        issuer: String,
    },
    /// It is for other names.
    WrongName {
        /// For which.
        names: Vec<String>,
    },
    /// Its time is over.
    Expired {
        /// Since when.
        not_after: String,
    },
    /// Its time has not come.
    NotYetValid {
        /// From when.
        not_before: String,
    },
    /// Something else.
    Other,
}

/// What our own registry says about an image and a credential, asked with the operator's own rights.
#[derive(Clone, Debug, Default)]
pub struct Testimony {
    /// The account that the credential is of: an e-mail address. None: anonymous, or no account of this registry's.
    pub account: Option<String>,
    /// The account's state.
    pub account_state: AccountState,
    /// The key's id.
    pub key_id: Option<String>,
    /// The key's state.
    pub key_state: KeyState,
    /// Whether the image is there.
    pub image: ImageState,
    /// Why the account may or may not pull it.
    pub policy: Option<TroubleshootIamPolicyResponse>,
    /// The newest records of the audit log about this image or this account, the newest first.
    pub audit: Vec<AuditRecord>,
    /// What could not be asked, and why.
    pub unasked: Vec<String>,
}

/// The state of a service account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccountState {
    /// Nobody could say.
    #[default]
    Unknown,
    /// In use.
    Enabled,
    /// Disabled.
    Disabled,
    /// Deleted, or never there.
    Absent,
}

/// The state of a service account's key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KeyState {
    /// Nobody could say.
    #[default]
    Unknown,
    /// In use.
    Enabled,
    /// Disabled.
    Disabled,
    /// Its time is over.
    Expired {
        /// Since when.
        at: String,
    },
    /// Deleted, or never there.
    Absent,
    /// The password in the pull secret is no key file.
    NotAKeyFile,
}

/// Whether an image is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ImageState {
    /// Nobody could say.
    #[default]
    Unknown,
    /// It is.
    Present,
    /// The repository is, but not this tag or digest.
    ReferenceAbsent {
        /// Tags that look like the one that is missing, the likeliest first.
        similar: Vec<String>,
    },
    /// No such repository.
    RepositoryAbsent {
        /// Images whose name looks like the one that is missing, the likeliest first, with the registry's host.
        similar: Vec<String>,
    },
}

/// One record of a registry's audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditRecord {
    /// When.
    pub time: Option<Timestamp>,
    /// Who asked: a member. Empty: a credential that proved nothing.
    pub principal: String,
    /// From where.
    pub address: Option<String>,
    /// With which program.
    pub user_agent: String,
    /// For what.
    pub permission: String,
    /// On what.
    pub resource: String,
    /// Whether it was granted.
    pub is_granted: bool,
    /// Why, or why not.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_of_a_secret_is_in_no_debug_output() {
        let secret = Secret {
            string_data: Some([("password".to_owned(), "hunter2".to_owned())].into()),
            ..Secret::default()
        };
        let name = NamespacedName {
            namespace: "web".to_owned(),
            name: "regcred".to_owned(),
        };
        let observations = Observations {
            secrets: [(name, Looked::Found(Sealed(secret)))].into(),
            ..Observations::default()
        };
        let text = format!("{observations:?}");
        assert!(
            text.contains("regcred") && !text.contains("hunter2"),
            "{text}"
        );
    }
}
