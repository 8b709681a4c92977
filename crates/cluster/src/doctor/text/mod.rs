//! What a container runtime's text says about a pull that failed: containerd 1.6 to 2.x, and containers/image as CRI-O
//! and podman use it.

/// What a text says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symptom {
    /// What went wrong.
    pub complaint: Complaint,
    /// Whether a credential was sent, as far as the text tells.
    pub credential: CredentialSent,
    /// `HOST[:PORT]` that the failed request went to, where the text has its URL. It may be a mirror, or the host of
    /// the token endpoint.
    pub host: Option<String>,
    /// The part of the text that says it, without the wrappers around it, bounded.
    pub fragment: String,
}

/// Whether the runtime had a credential for the registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CredentialSent {
    /// It had one, and sent it.
    Yes,
    /// It had none.
    No,
    /// The text does not tell.
    #[default]
    Unknown,
}

/// What went wrong with a pull.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Complaint {
    /// 401, or the token endpoint refused: no credential, or one that does not count.
    Unauthorized,
    /// The credential is good, and may not pull this: `insufficient_scope`, 403, `denied`.
    Forbidden,
    /// No such repository, tag or digest; the text of most runtimes does not tell which.
    NotFound,
    /// containers/image: the repository is there, the tag is not.
    ManifestUnknown,
    /// containers/image: no such repository.
    NameUnknown,
    /// A blob of the image is not there.
    BlobUnknown,
    /// The index has nothing for the node's platform.
    NoPlatform,
    /// The program is for another processor: `exec format error`, after a pull that succeeded.
    ExecFormat,
    /// The host's name has no address.
    Dns {
        /// The name.
        name: Option<String>,
    },
    /// Nobody listens there.
    Refused,
    /// No way there, or no answer in time.
    Unreachable,
    /// The certificate is signed by nobody whom the node trusts.
    UnknownAuthority,
    /// The certificate is for other names.
    WrongName,
    /// The certificate's time is over or has not come, or the node's clock is wrong.
    CertificateTime,
    /// The registry speaks plain HTTP where HTTPS is expected.
    PlainHttp,
    /// The registry speaks HTTPS where plain HTTP is expected.
    TlsExpected,
    /// The token endpoint answered with something else than a token, or with this status.
    TokenEndpoint {
        /// The HTTP status, if the text has it.
        status: Option<u16>,
    },
    /// Something answers, but it is no registry: HTML, a portal.
    NotARegistry,
    /// 429, or a registry's own limit.
    RateLimited,
    /// 5xx
    ServerError {
        /// The HTTP status, if the text has it.
        status: Option<u16>,
    },
    /// Another HTTP status.
    Status(u16),
    /// No space left on the node.
    DiskFull,
    /// The bytes are not what the digest says, or end too soon.
    Corrupt,
    /// An image of the old schema 1, which the runtime no longer takes.
    SchemaOne,
    /// The snapshotter or the unpacker is misconfigured.
    Snapshotter,
    /// The image's name does not parse.
    InvalidName,
    /// `imagePullPolicy: Never`, and the image is not on the node, or not for this Pod.
    NeverPull,
    /// The runtime cannot say what it has.
    Inspect,
    /// A policy or signature forbids the image.
    SignatureRejected,
    /// The node's configuration blocks the registry, or refuses the short name.
    RegistryBlocked,
    /// The kubelet's own limit of pulls a second.
    Throttled,
    /// A pull secret cannot be decoded; the text is the kubelet's.
    SecretUnreadable,
    /// Pull secrets that the Pod names are not there: the kubelet's event.
    SecretsMissing {
        /// Their names.
        names: Vec<String>,
    },
    /// The image of the sandbox, the pause container, is not to be had.
    SandboxImage,
    /// The pull is waiting for its next try, and the text has no cause.
    BackOff,
    /// The pull was cancelled: a deadline, a restart.
    Cancelled,
    /// None of these.
    Unknown,
}
