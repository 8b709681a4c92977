//! What a container runtime's text says about a pull that failed: containerd 1.6 to 2.x, and containers/image as CRI-O
//! and podman use it.
//!
//! | module | what it reads |
//! | --- | --- |
//! | [`wrappers`] | what stands around an error, and where several are in one text |
//! | [`kubelet`] | what the kubelet says itself: reasons, events, pull secrets that it cannot decode |
//! | [`policy`] | what the node's configuration forbids |
//! | [`containers_image`] | the registry's error codes, as containers/image prints them |
//! | [`token`] | the way to a token |
//! | [`status`] | HTTP statuses |
//! | [`containerd`] | refusals and absences, in containerd's words |
//! | [`content`] | what a registry sent that is no image for the node |
//! | [`node`] | what the node could not do with the bytes |
//! | [`transport`] | TLS, names, connections: Go's words, the same in every runtime |
//! | [`url`], [`fragment`] | where the request went, and what a reader is shown |
//!
//! A registry writes a part of these texts, and whoever names an image another. So phrases have a space in them, which
//! no name has, and what a runtime says itself is looked at before what a server may have said through it.

mod containerd;
mod containers_image;
mod content;
mod fragment;
mod kubelet;
mod node;
mod phrase;
mod policy;
mod status;
mod token;
mod transport;
mod url;
mod wrappers;

#[cfg(test)]
mod tests;

pub(super) use kubelet::EXEC_FORMAT;
use phrase::Text;

/// Bytes of a text that are looked at. Two wrappers and three names of images, each as long as they may be, are far less.
const LENGTH_MAX: usize = 32 * 1024;

/// Reads why a pull failed.
///
/// `reason` is that of a waiting or terminated container, or of an event, and may be empty; for a pull secret that cannot
/// be decoded it is the decoder's text. `message` is the text that came with it. Whatever they are, there is an answer:
/// [`Complaint::Unknown`] for what nobody has seen.
pub fn classify(reason: &str, message: &str) -> Symptom {
    let raw = bounded(match message.trim() {
        "" if !kubelet::is_word(reason) => reason.trim(),
        message => message,
    });
    let lower = raw.to_ascii_lowercase();
    let text = Text::new(raw, &lower);
    if let Some(told) = kubelet::read_reason(reason, text) {
        return told.into_symptom();
    }
    let said = wrappers::unwrap(text);
    let mut most = Told::new(
        Complaint::Unknown,
        said.errors.first().copied().unwrap_or(text),
        0,
    );
    for error in said.errors {
        let told = read(error);
        if told.complaint.weight() > most.complaint.weight() {
            most = told;
        }
    }
    if most.complaint == Complaint::Unknown {
        most.complaint = kubelet::without_cause(reason, text);
    }
    if said.are_of_credentials && most.credential == CredentialSent::Unknown {
        most.credential = CredentialSent::Yes;
    }
    most.into_symptom()
}

/// Reads one error: the specific before the general, and a runtime's own words before those that a server may choose.
fn read(error: Text<'_>) -> Told<'_> {
    const READERS: [fn(Text<'_>) -> Option<Told<'_>>; 10] = [
        kubelet::read,
        policy::read,
        containers_image::read,
        token::read,
        status::read,
        containerd::read,
        content::read,
        node::read,
        transport::read,
        containerd::read_absence,
    ];
    READERS
        .iter()
        .find_map(|reader| reader(error))
        .unwrap_or_else(|| Told::new(Complaint::Unknown, error, 0))
}

fn bounded(text: &str) -> &str {
    let mut end = text.len().min(LENGTH_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// A complaint, and where it stands.
#[derive(Clone, Debug)]
struct Told<'a> {
    complaint: Complaint,
    credential: CredentialSent,
    error: Text<'a>,
    at: usize,
}

impl<'a> Told<'a> {
    fn new(complaint: Complaint, error: Text<'a>, at: usize) -> Self {
        Self {
            complaint,
            credential: CredentialSent::Unknown,
            error,
            at,
        }
    }

    fn with_credential(self, credential: CredentialSent) -> Self {
        Self { credential, ..self }
    }

    fn into_symptom(self) -> Symptom {
        Symptom {
            host: url::host(self.error, self.at),
            fragment: fragment::cut(self.error.raw(), self.at),
            complaint: self.complaint,
            credential: self.credential,
        }
    }
}

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
    /// The caller is known and may not pull this: `insufficient_scope`, 403, `denied`. A caller without a credential,
    /// who got a token for nobody, is told the same.
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
    /// No way there, a connection that breaks, or no answer in time.
    Unreachable,
    /// The certificate is signed by nobody whom the node trusts.
    UnknownAuthority,
    /// The certificate is for other names.
    WrongName,
    /// The certificate's time is over or has not come, or the node's clock is wrong.
    CertificateTime,
    /// The registry speaks plain HTTP where HTTPS is expected.
    PlainHttp,
    /// The registry speaks HTTPS where plain HTTP is expected. containerd 1.6 says only "400 Bad Request", without a URL:
    /// that is `Status(400)`.
    TlsExpected,
    /// The token endpoint answered with something else than a token, or with this status. What 401, 403 and 429 say is the
    /// same there as at the registry itself, so they are [`Complaint::Unauthorized`], [`Complaint::Forbidden`] and
    /// [`Complaint::RateLimited`].
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
    /// The runtime cannot say what it has, or cannot be asked at all.
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

impl Complaint {
    /// Of several errors in one text, the heaviest counts, and of two of one weight the first. The kubelet tries one
    /// credential after another: an answer that takes a credential tells more than one that refuses it, and what no
    /// credential can change tells most.
    fn weight(&self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::BackOff => 1,
            Self::Cancelled => 2,
            Self::Throttled => 3,
            Self::Status(_) => 4,
            Self::Unauthorized => 5,
            Self::TokenEndpoint { .. } => 6,
            Self::Forbidden => 7,
            Self::RateLimited | Self::ServerError { .. } => 8,
            Self::NotFound => 9,
            _ => 10,
        }
    }
}
