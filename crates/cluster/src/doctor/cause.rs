//! Why an image is not pulled. One variant a cause; each has a code that scripts may rely on, and a sentence.
//!
//! A payload has what mends the cause needs, and no more: Pods with equal causes are one finding, so what differs from
//! Pod to Pod (the runtime's text, the time) is evidence and stands there.

use serde::Serialize;

use super::observation::NamespacedName;

mod sentence;

/// Why an image is not pulled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(
    tag = "cause",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Cause {
    // No credential was sent.
    /// The registry wants a credential, and the Pod names no pull secret.
    NoPullSecret {
        /// The Pod's ServiceAccount, which names none either.
        service_account: NamespacedName,
        /// The registry, as images name it.
        host: String,
    },
    /// A pull secret that the Pod names is not there.
    SecretAbsent {
        /// Which.
        secret: NamespacedName,
    },
    /// A pull secret that the Pod names is not in the Pod's namespace, but in others.
    SecretInOtherNamespace {
        /// Which, where the kubelet looks for it.
        secret: NamespacedName,
        /// Namespaces that have one of this name, as far as the doctor may see.
        elsewhere: Vec<String>,
    },
    /// The Secret is of a type that the kubelet passes over without a word.
    SecretWrongType {
        /// Which.
        secret: NamespacedName,
        /// Its type.
        found: String,
    },
    /// The kubelet cannot decode a pull secret, and pulls nothing of the Pod's, whatever the others hold.
    SecretUnreadable {
        /// Which. None: the doctor may not read the Secrets either.
        secret: Option<NamespacedName>,
        /// The kubelet's words.
        text: String,
    },
    /// The Secret holds valid JSON without `auths`, which is no credential and no error.
    SecretWithoutAuths {
        /// Which.
        secret: NamespacedName,
    },
    /// The pull secrets hold credentials, but for other registries.
    SecretForOtherHost {
        /// The Pod's pull secrets.
        secrets: Vec<NamespacedName>,
        /// The registry of the image.
        host: String,
        /// For which registries they are.
        keys: Vec<String>,
    },
    /// The pull secret has the host, but the port differs; to the kubelet `:443` differs from none.
    SecretForOtherPort {
        /// Which.
        secret: NamespacedName,
        /// The key as it stands in `auths`.
        key: String,
        /// The registry of the image, with its port.
        host: String,
    },
    /// The pull secret has the host, but a path that the image's name does not begin with.
    SecretForOtherPath {
        /// Which.
        secret: NamespacedName,
        /// The key as it stands in `auths`.
        key: String,
        /// The image's repository.
        repository: String,
    },
    /// The Pod has a list of its own, so the ServiceAccount's pull secret, which would do, was not copied into it.
    SecretShadowed {
        /// The ServiceAccount.
        service_account: NamespacedName,
        /// Its pull secret that would do.
        secret: String,
        /// The Pod's own list.
        by: Vec<String>,
    },
    /// The pull secret was attached to the ServiceAccount after the Pod had been created, and is copied at creation only.
    PodOlderThanAttachment {
        /// The ServiceAccount.
        service_account: NamespacedName,
        /// Its pull secret that would do.
        secret: String,
    },

    // A credential was sent.
    /// The registry does not accept the credential.
    CredentialRejected {
        /// The registry.
        host: String,
        /// The Secret it is from. None: not from one that the doctor can read.
        secret: Option<NamespacedName>,
    },
    /// The key in the pull secret is past its time.
    KeyExpired {
        /// The account.
        account: String,
        /// The key's id.
        key: String,
        /// Since when.
        at: String,
    },
    /// The key in the pull secret is disabled.
    KeyDisabled {
        /// The account.
        account: String,
        /// The key's id.
        key: String,
    },
    /// The key in the pull secret was deleted.
    KeyDeleted {
        /// The account.
        account: String,
        /// The key's id.
        key: String,
    },
    /// The account is disabled.
    AccountDisabled {
        /// Which.
        account: String,
    },
    /// The account was deleted.
    AccountDeleted {
        /// Which.
        account: String,
    },
    /// No binding gives the account what a pull takes.
    PermissionMissing {
        /// Whom: `serviceAccount:EMAIL`, or `allUsers` for somebody without a credential.
        member: String,
        /// What a pull takes.
        permission: String,
        /// On what.
        resource: String,
        /// Bindings that came near, each a sentence.
        near: Vec<String>,
    },
    /// A binding would give the account what a pull takes, but its condition does not hold.
    ConditionFalse {
        /// Whom.
        member: String,
        /// What a pull takes.
        permission: String,
        /// The binding's role.
        role: String,
        /// Whose policy has the binding.
        on: String,
        /// The condition's expression.
        condition: String,
        /// Why it does not hold for this image.
        why: String,
    },
    /// The registry knows the credential and refuses the image; why, only the registry knows.
    AccessDenied {
        /// The image's repository.
        repository: String,
        /// The Secret that the credential is from. None: none was sent, or not from one that the doctor can read.
        secret: Option<NamespacedName>,
    },
    /// The image is public, but a credential that the registry rejects is sent, and nothing is pulled anonymously then.
    StaleCredentialOnPublicImage {
        /// The registry.
        host: String,
        /// The Secret that the credential is from.
        secret: NamespacedName,
    },
    /// The registry does not accept the token that its own token service made.
    TokenRefused {
        /// The registry.
        host: String,
    },

    // The image is not there.
    /// The registry has no such repository.
    RepositoryAbsent {
        /// Which.
        repository: String,
        /// Repositories whose name is like it, the likeliest first.
        similar: Vec<String>,
    },
    /// The repository has no such tag or digest.
    TagAbsent {
        /// The image.
        image: String,
        /// Tags that are like it, the likeliest first.
        similar: Vec<String>,
    },
    /// The registry says 404, which may mean the repository or the tag.
    ImageAbsent {
        /// The image.
        image: String,
    },
    /// The registry has the image's manifest, but not a blob that it names.
    BlobAbsent {
        /// The image.
        image: String,
    },
    /// The image is there, but not for the node's platform.
    PlatformAbsent {
        /// The image.
        image: String,
        /// `OS/ARCHITECTURE` of the node.
        wanted: Option<String>,
        /// For which it is there.
        available: Vec<String>,
    },
    /// The image was pulled, but its program is for another architecture.
    WrongArchitecture {
        /// The image.
        image: String,
        /// `OS/ARCHITECTURE` of the node.
        wanted: Option<String>,
        /// For which the image is, as far as the registry says.
        available: Vec<String>,
    },

    // The registry is not reached.
    /// The node does not know who signed the registry's certificate.
    UnknownAuthority {
        /// The registry.
        host: String,
        /// The signer, where the doctor sees the same.
        issuer: Option<String>,
    },
    /// The registry's certificate is for other names.
    CertificateWrongName {
        /// The name or address that it was asked by.
        host: String,
        /// For which names it is.
        names: Vec<String>,
    },
    /// The registry's certificate is past its time.
    CertificateExpired {
        /// The registry.
        host: String,
        /// Since when.
        not_after: Option<String>,
    },
    /// The time of the registry's certificate has not come, or the node's clock is slow.
    CertificateNotYetValid {
        /// The registry.
        host: String,
        /// From when.
        not_before: Option<String>,
    },
    /// The registry speaks plain HTTP, and the node expects TLS.
    PlainHttp {
        /// The registry.
        host: String,
    },
    /// The registry speaks TLS, and the node was told plain HTTP.
    TlsExpected {
        /// The registry.
        host: String,
    },
    /// The node's resolver has no address for the name.
    Dns {
        /// The name.
        host: String,
    },
    /// Nobody listens at the registry's address.
    ConnectionRefused {
        /// The registry.
        host: String,
        /// `ADDRESS:PORT`, where the runtime names it.
        address: Option<String>,
    },
    /// No way to the registry, or no answer in time.
    Unreachable {
        /// The registry.
        host: String,
    },
    /// The registry sends its clients to a token service that the node does not reach.
    TokenServiceUnreachable {
        /// The registry.
        host: String,
        /// The token service.
        service: String,
        /// Why it is not reached.
        because: Box<Cause>,
    },
    /// The token service answers, but with no token, for reasons of its own.
    TokenServiceFailing {
        /// The registry.
        host: String,
        /// The HTTP status, if that was it.
        status: Option<u16>,
    },
    /// Something answers, but no registry.
    NotARegistry {
        /// Who answers.
        host: String,
    },
    /// The registry refuses so many pulls at once.
    RateLimited {
        /// The registry.
        host: String,
    },
    /// The registry fails (5xx).
    RegistryFailing {
        /// The registry.
        host: String,
        /// The HTTP status, where the runtime names it.
        status: Option<u16>,
    },
    /// The node was told to ask a mirror, and the mirror does not serve the image.
    MirrorMisconfigured {
        /// The registry of the image.
        host: String,
        /// The mirror.
        mirror: String,
    },

    // The image arrives, or could, but the node does not keep it.
    /// No space left.
    DiskFull {
        /// Which node.
        node: String,
    },
    /// What arrives is not what its digest says, or ends early.
    CorruptContent {
        /// The image.
        image: String,
    },
    /// The image is in the format of 2015, which runtimes no longer read.
    #[serde(rename = "schema-1")]
    Schema1 {
        /// The image.
        image: String,
    },
    /// containerd's transfer service is not set up for the snapshotter.
    Snapshotter {
        /// Which node.
        node: String,
    },

    // Nothing is asked of the registry.
    /// The text is no image's name.
    InvalidImageName {
        /// The text.
        image: String,
        /// What is wrong with it, in the kubelet's words.
        why: String,
    },
    /// The name has no registry, and the runtime wants one.
    ShortName {
        /// The image.
        image: String,
    },
    /// `imagePullPolicy: Never`, and the node does not have the image, or may not give it to this Pod.
    NeverPull {
        /// The image.
        image: String,
    },
    /// The runtime cannot say which images it has.
    ImageInspect {
        /// Which node.
        node: String,
    },
    /// The node's policy for signatures refuses the image.
    SignatureRejected {
        /// The image.
        image: String,
    },
    /// The node's configuration blocks the registry.
    RegistryBlocked {
        /// The registry.
        host: String,
    },
    /// The kubelet begins only so many pulls a second.
    PullThrottled {
        /// Which node.
        node: String,
    },
    /// The node cannot pull the sandbox's image, which no pull secret helps.
    SandboxImage {
        /// The sandbox's image.
        image: String,
        /// Which node.
        node: String,
        /// Why.
        because: Box<Cause>,
    },

    // Nothing is wrong any more, or nobody can say.
    /// What was wrong is mended, and the next try will show it.
    WaitingToRetry {
        /// The image.
        image: String,
    },
    /// The runtime's text is none that the doctor knows.
    Unexplained {
        /// The text.
        text: String,
    },
}

impl Cause {
    /// The cause in `-o json`, and what scripts may compare: it stays as it is from release to release.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoPullSecret { .. } => "no-pull-secret",
            Self::SecretAbsent { .. } => "secret-absent",
            Self::SecretInOtherNamespace { .. } => "secret-in-other-namespace",
            Self::SecretWrongType { .. } => "secret-wrong-type",
            Self::SecretUnreadable { .. } => "secret-unreadable",
            Self::SecretWithoutAuths { .. } => "secret-without-auths",
            Self::SecretForOtherHost { .. } => "secret-for-other-host",
            Self::SecretForOtherPort { .. } => "secret-for-other-port",
            Self::SecretForOtherPath { .. } => "secret-for-other-path",
            Self::SecretShadowed { .. } => "secret-shadowed",
            Self::PodOlderThanAttachment { .. } => "pod-older-than-attachment",
            Self::CredentialRejected { .. } => "credential-rejected",
            Self::KeyExpired { .. } => "key-expired",
            Self::KeyDisabled { .. } => "key-disabled",
            Self::KeyDeleted { .. } => "key-deleted",
            Self::AccountDisabled { .. } => "account-disabled",
            Self::AccountDeleted { .. } => "account-deleted",
            Self::PermissionMissing { .. } => "permission-missing",
            Self::ConditionFalse { .. } => "condition-false",
            Self::AccessDenied { .. } => "access-denied",
            Self::StaleCredentialOnPublicImage { .. } => "stale-credential-on-public-image",
            Self::TokenRefused { .. } => "token-refused",
            Self::RepositoryAbsent { .. } => "repository-absent",
            Self::TagAbsent { .. } => "tag-absent",
            Self::ImageAbsent { .. } => "image-absent",
            Self::BlobAbsent { .. } => "blob-absent",
            Self::PlatformAbsent { .. } => "platform-absent",
            Self::WrongArchitecture { .. } => "wrong-architecture",
            Self::UnknownAuthority { .. } => "unknown-authority",
            Self::CertificateWrongName { .. } => "certificate-wrong-name",
            Self::CertificateExpired { .. } => "certificate-expired",
            Self::CertificateNotYetValid { .. } => "certificate-not-yet-valid",
            Self::PlainHttp { .. } => "plain-http",
            Self::TlsExpected { .. } => "tls-expected",
            Self::Dns { .. } => "dns",
            Self::ConnectionRefused { .. } => "connection-refused",
            Self::Unreachable { .. } => "unreachable",
            Self::TokenServiceUnreachable { .. } => "token-service-unreachable",
            Self::TokenServiceFailing { .. } => "token-service-failing",
            Self::NotARegistry { .. } => "not-a-registry",
            Self::RateLimited { .. } => "rate-limited",
            Self::RegistryFailing { .. } => "registry-failing",
            Self::MirrorMisconfigured { .. } => "mirror-misconfigured",
            Self::DiskFull { .. } => "disk-full",
            Self::CorruptContent { .. } => "corrupt-content",
            Self::Schema1 { .. } => "schema-1",
            Self::Snapshotter { .. } => "snapshotter",
            Self::InvalidImageName { .. } => "invalid-image-name",
            Self::ShortName { .. } => "short-name",
            Self::NeverPull { .. } => "never-pull",
            Self::ImageInspect { .. } => "image-inspect",
            Self::SignatureRejected { .. } => "signature-rejected",
            Self::RegistryBlocked { .. } => "registry-blocked",
            Self::PullThrottled { .. } => "pull-throttled",
            Self::SandboxImage { .. } => "sandbox-image",
            Self::WaitingToRetry { .. } => "waiting-to-retry",
            Self::Unexplained { .. } => "unexplained",
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_code_is_the_one_in_json() {
        let image = || "us.example.com/team/app:v1".to_owned();
        let host = || "us.example.com".to_owned();
        let causes = [
            Cause::Schema1 { image: image() },
            Cause::Dns { host: host() },
            Cause::NotARegistry { host: host() },
            Cause::StaleCredentialOnPublicImage {
                host: host(),
                secret: NamespacedName {
                    namespace: "web".to_owned(),
                    name: "regcred".to_owned(),
                },
            },
            Cause::CertificateNotYetValid {
                host: host(),
                not_before: None,
            },
        ];
        for cause in causes {
            let json = serde_json::to_value(&cause).unwrap();
            assert_eq!(json["cause"], cause.code());
        }
    }

    #[test]
    fn every_code_is_in_the_book_and_the_book_has_no_other() {
        let source = include_str!("cause.rs");
        let arms = source
            .lines()
            .filter_map(|line| line.split_once("{ .. } => \""));
        let codes: BTreeSet<_> = arms.map(|(_, code)| code.trim_end_matches("\",")).collect();
        let book = include_str!("../../../../docs/doctor.md");
        let (_, table) = book.split_once("## Causes").unwrap();
        let rows = table.lines().filter(|line| line.starts_with("| `"));
        let names = rows.flat_map(|row| row.split('|').nth(1).unwrap().split(','));
        let named: BTreeSet<_> = names.map(|name| name.trim().trim_matches('`')).collect();
        assert!(codes.len() > 50, "{codes:?}");
        assert_eq!(codes, named);
    }

    #[test]
    fn a_sentence_names_what_it_is_about() {
        let cause = Cause::TokenServiceUnreachable {
            host: "us.example.com".to_owned(),
            service: "auth.example.com".to_owned(),
            because: Box::new(Cause::Dns {
                host: "auth.example.com".to_owned(),
            }),
        };
        assert_eq!(
            cause.summary(),
            "us.example.com sends its clients to auth.example.com for a token, which the node does not reach: the node finds no address for auth.example.com"
        );
    }
}
