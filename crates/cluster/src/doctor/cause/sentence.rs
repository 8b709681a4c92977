//! The cause in a sentence that names the things concerned.

use super::Cause;

impl Cause {
    /// One sentence, without a full stop.
    #[expect(clippy::too_many_lines, reason = "one arm a cause")]
    pub fn summary(&self) -> String {
        match self {
            Self::NoPullSecret {
                service_account,
                host,
            } => format!(
                "{host} wants a credential, and neither the Pod nor its ServiceAccount {service_account} names a pull secret"
            ),
            Self::SecretAbsent { secret } => {
                format!("pull secret {secret} does not exist, so the kubelet has no credential")
            }
            Self::SecretInOtherNamespace { secret, elsewhere } => format!(
                "pull secret {:?} is in {}, but a Pod of namespace {} can use only one of its own",
                secret.name,
                namespaces(elsewhere),
                secret.namespace
            ),
            Self::SecretWrongType { secret, found } => format!(
                "pull secret {secret} is of type {found}, which the kubelet passes over without a word"
            ),
            Self::SecretUnreadable {
                secret: Some(secret),
                text,
            } => format!("the kubelet cannot read pull secret {secret}: {text}"),
            Self::SecretUnreadable { secret: None, text } => {
                format!("the kubelet cannot read one of the Pod's pull secrets: {text}")
            }
            Self::SecretWithoutAuths { secret } => format!(
                "pull secret {secret} holds no credential: its JSON has nothing under \"auths\""
            ),
            Self::SecretForOtherHost {
                secrets,
                host,
                keys,
            } => {
                let names: Vec<_> = secrets.iter().map(ToString::to_string).collect();
                let (plural, are) = if names.len() == 1 {
                    ("", "is")
                } else {
                    ("s", "are")
                };
                format!(
                    "pull secret{plural} {} {are} for {}, not for {host}",
                    list(&names, "nothing"),
                    list(keys, "other registries")
                )
            }
            Self::SecretForOtherPort { secret, key, host } => format!(
                "pull secret {secret} is for {key:?}, but the image is from {host}: the port has to be the same, even if it is 443"
            ),
            Self::SecretForOtherPath {
                secret,
                key,
                repository,
            } => format!(
                "pull secret {secret} is for {key:?}, which {repository} does not begin with"
            ),
            Self::SecretShadowed {
                service_account,
                secret,
                by,
            } => format!(
                "the Pod lists {} itself, so {secret:?} of ServiceAccount {service_account}, which would do, is not added",
                list(by, "nothing")
            ),
            Self::PodOlderThanAttachment {
                service_account,
                secret,
            } => format!(
                "pull secret {secret:?} was attached to ServiceAccount {service_account} after the Pod had been created"
            ),
            Self::CredentialRejected {
                host,
                secret: Some(secret),
            } => format!("{host} does not accept the credential of pull secret {secret}"),
            Self::CredentialRejected { host, secret: None } => {
                format!("{host} does not accept the credential that the node sends")
            }
            Self::KeyExpired { account, key, at } => {
                format!("key {key} of {account} expired at {at}")
            }
            Self::KeyDisabled { account, key } => format!("key {key} of {account} is disabled"),
            Self::KeyDeleted { account, key } => format!("key {key} of {account} was deleted"),
            Self::AccountDisabled { account } => format!("account {account} is disabled"),
            Self::AccountDeleted { account } => format!("account {account} does not exist"),
            Self::PermissionMissing {
                member,
                permission,
                resource,
                near,
            } => {
                let near = match near.first() {
                    Some(near) => format!("; {near}"),
                    None => String::new(),
                };
                format!("{member} lacks {permission} on {resource}{near}")
            }
            Self::ConditionFalse {
                member,
                role,
                on,
                why,
                ..
            } => format!(
                "{member} has {role} on {on} under a condition that does not hold for this image: {why}"
            ),
            Self::AccessDenied {
                repository,
                secret: Some(secret),
            } => format!(
                "the registry refuses {repository} to the credential of pull secret {secret}: it may lack the right, or the repository may not exist"
            ),
            Self::AccessDenied {
                repository,
                secret: None,
            } => format!(
                "the registry refuses {repository}: the credential may lack the right, or the repository may not exist"
            ),
            Self::StaleCredentialOnPublicImage { host, secret } => format!(
                "the image is public, but {host} does not accept the credential of pull secret {secret}, and with a credential at hand nothing is pulled without one"
            ),
            Self::TokenRefused { host } => {
                format!("{host} does not accept the token that its token service made")
            }
            Self::RepositoryAbsent {
                repository,
                similar,
            } => format!(
                "repository {repository} does not exist{}",
                did_you_mean(similar)
            ),
            Self::TagAbsent { image, similar } => format!(
                "the repository exists, but {image} does not{}",
                did_you_mean(similar)
            ),
            Self::ImageAbsent { image } => {
                format!("{image} does not exist: the repository or the tag is not there")
            }
            Self::BlobAbsent { image } => {
                format!("the registry has {image}, but not all that it is made of")
            }
            Self::PlatformAbsent {
                image,
                wanted,
                available,
            } => format!(
                "{image} is not there for {}, only for {}",
                platform(wanted.as_deref()),
                list(available, "others")
            ),
            Self::WrongArchitecture {
                image,
                wanted,
                available,
            } => format!(
                "{image} was pulled, but its program is not for {}{}",
                platform(wanted.as_deref()),
                match available.as_slice() {
                    [] => String::new(),
                    there => format!(": it is for {}", list(there, "")),
                }
            ),
            Self::UnknownAuthority {
                host,
                issuer: Some(issuer),
            } => format!("the node does not know {issuer:?}, who signed the certificate of {host}"),
            Self::UnknownAuthority { host, issuer: None } => {
                format!("the node does not know who signed the certificate of {host}")
            }
            Self::CertificateWrongName { host, names } => format!(
                "the certificate of {host} is for {}",
                list(names, "another name")
            ),
            Self::CertificateExpired { host, not_after } => format!(
                "the certificate of {host} expired{}",
                at(not_after.as_deref())
            ),
            Self::CertificateNotYetValid { host, not_before } => format!(
                "the certificate of {host} is not valid before {}, or the node's clock is slow",
                not_before.as_deref().unwrap_or("a time to come")
            ),
            Self::PlainHttp { host } => {
                format!("{host} speaks plain HTTP, and the node expects TLS")
            }
            Self::TlsExpected { host } => {
                format!("{host} speaks TLS, and the node is set up for plain HTTP")
            }
            Self::Dns { host } => format!("the node finds no address for {host}"),
            Self::ConnectionRefused { host, address } => match address {
                Some(address) if address != host => {
                    format!("nobody listens at {address}, where {host} should be")
                }
                _ => format!("nobody listens at {host}"),
            },
            Self::Unreachable { host } => {
                format!("the node gets no answer from {host}")
            }
            Self::TokenServiceUnreachable {
                host,
                service,
                because,
            } => format!(
                "{host} sends its clients to {service} for a token, which the node does not reach: {}",
                because.summary()
            ),
            Self::TokenServiceFailing {
                host,
                status: Some(status),
            } => format!("the token service of {host} answers {status}"),
            Self::TokenServiceFailing { host, status: None } => {
                format!("the token service of {host} answers, but with no token")
            }
            Self::NotARegistry { host } => format!("what answers at {host} is no registry"),
            Self::RateLimited { host } => {
                format!("{host} refuses so many pulls in so short a time")
            }
            Self::RegistryFailing {
                host,
                status: Some(status),
            } => format!("{host} fails with {status}"),
            Self::RegistryFailing { host, status: None } => format!("{host} fails"),
            Self::MirrorMisconfigured { host, mirror } => format!(
                "the node asks {mirror} instead of {host}, and does not get the image there"
            ),
            Self::DiskFull { node } => format!("the disk of node {node} is full"),
            Self::CorruptContent { image } => {
                format!("what arrives for {image} is not what its digests say, or ends early")
            }
            Self::Schema1 { image } => {
                format!("{image} is in schema 1, a format that runtimes no longer read")
            }
            Self::Snapshotter { node } => {
                format!(
                    "containerd on node {node} is not set up to unpack images for its snapshotter"
                )
            }
            Self::InvalidImageName { image, why } => {
                format!("{image:?} is no image's name: {why}")
            }
            Self::ShortName { image } => {
                format!("{image:?} names no registry, and the node's runtime wants one")
            }
            Self::NeverPull { image } => format!(
                "imagePullPolicy is Never, and the node does not have {image} or may not give it to this Pod"
            ),
            Self::ImageInspect { node } => {
                format!("the runtime of node {node} cannot say which images it has")
            }
            Self::SignatureRejected { image } => {
                format!("the node's policy for signatures refuses {image}")
            }
            Self::RegistryBlocked { host } => format!("the node's configuration blocks {host}"),
            Self::PullThrottled { node } => {
                format!("node {node} has begun as many pulls as its kubelet may begin at once")
            }
            Self::SandboxImage {
                image,
                node,
                because,
            } => format!(
                "node {node} cannot pull the sandbox's image {image}: {}",
                because.summary()
            ),
            Self::WaitingToRetry { image } => format!(
                "what kept {image} from being pulled is mended, and the kubelet tries again within five minutes"
            ),
            Self::Unexplained { text } => format!("the runtime says: {text}"),
        }
    }
}

fn list(items: &[String], none: &str) -> String {
    match items {
        [] => none.to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn namespaces(names: &[String]) -> String {
    let plural = if names.len() == 1 { "" } else { "s" };
    format!("namespace{plural} {}", list(names, "others"))
}

fn did_you_mean(similar: &[String]) -> String {
    match similar.first() {
        Some(first) => format!("; did you mean {first}?"),
        None => String::new(),
    }
}

fn platform(wanted: Option<&str>) -> &str {
    wanted.unwrap_or("the node's platform")
}

fn at(time: Option<&str>) -> String {
    time.map(|time| format!(" at {time}")).unwrap_or_default()
}
