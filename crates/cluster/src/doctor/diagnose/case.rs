//! One container that waits for its image, and everything that was seen around it.

use jiff::Timestamp;

use super::Conclusion;
use super::trouble::Trouble;
use crate::Image;
use crate::doctor::cause::Cause;
use crate::doctor::finding::{Affected, Confidence, Evidence};
use crate::doctor::observation::{
    Container, CredentialSource, Looked, NamespacedName, Node, Observations, Obstacle, Pod, Probe,
    ProbeTarget, Sealed, ServiceAccount, Testimony,
};
use crate::keyring::{Keyring, Offer, Undecodable};

/// One container that waits for its image.
#[derive(Debug)]
pub(super) struct Case<'a> {
    pub(super) pod: &'a Pod,
    pub(super) container: &'a Container,
    pub(super) trouble: Trouble,
    /// None: the text is no image's name.
    pub(super) image: Option<Image>,
    pub(super) seen: &'a Observations,
    keyring: Result<Keyring, Undecodable>,
}

impl<'a> Case<'a> {
    pub(super) fn new(
        seen: &'a Observations,
        pod: &'a Pod,
        container: &'a Container,
        trouble: Trouble,
    ) -> Self {
        Self {
            keyring: keyring(seen, &pod.namespace, &pod.pull_secrets),
            image: Image::parse(&container.image).ok(),
            pod,
            container,
            trouble,
            seen,
        }
    }

    pub(super) fn affected(&self) -> Affected {
        Affected {
            namespace: self.pod.namespace.clone(),
            pod: self.pod.name.clone(),
            container: self.container.name.clone(),
            image: self.container.image.clone(),
        }
    }

    /// The registry as the image names it.
    pub(super) fn host(&self) -> String {
        let image = self.image.as_ref();
        image.map_or_else(String::new, |image| image.host().to_owned())
    }

    pub(super) fn repository(&self) -> String {
        let image = self.image.as_ref();
        image.map_or_else(
            || self.container.image.clone(),
            |image| image.repository().to_owned(),
        )
    }

    /// Something of the Pod's namespace.
    pub(super) fn named(&self, name: &str) -> NamespacedName {
        NamespacedName {
            namespace: self.pod.namespace.clone(),
            name: name.to_owned(),
        }
    }

    pub(super) fn secret(&self, name: &str) -> Option<&'a Looked<Sealed>> {
        self.seen.secrets.get(&self.named(name))
    }

    /// The name of the Pod's `ServiceAccount`.
    pub(super) fn account(&self) -> NamespacedName {
        match self.pod.service_account.as_str() {
            "" => self.named("default"),
            name => self.named(name),
        }
    }

    /// The Pod's `ServiceAccount`, if the doctor may see it.
    pub(super) fn service_account(&self) -> Option<&'a ServiceAccount> {
        match self.seen.service_accounts.get(&self.account()) {
            Some(Looked::Found(account)) => Some(account),
            _ => None,
        }
    }

    /// The credentials of the Pod's own list for the image. Empty if a Secret of the list cannot be decoded.
    pub(super) fn offers(&self) -> Vec<Offer> {
        match (&self.keyring, &self.image) {
            (Ok(keyring), Some(image)) => keyring.offers(image),
            _ => Vec::new(),
        }
    }

    /// The Secret of the Pod's own list that spoils it.
    pub(super) fn undecodable(&self) -> Option<&Undecodable> {
        self.keyring.as_ref().err()
    }

    /// The credentials that a list of Secrets of the Pod's namespace would give.
    pub(super) fn offers_of(&self, names: &[String]) -> Vec<Offer> {
        match (keyring(self.seen, &self.pod.namespace, names), &self.image) {
            (Ok(keyring), Some(image)) => keyring.offers(image),
            _ => Vec::new(),
        }
    }

    /// Another Secret of the namespace that the doctor happens to have seen and that has a credential for the image.
    pub(super) fn fitting_secret(&self) -> Option<NamespacedName> {
        let names = self.seen.secrets.keys();
        names
            .filter(|name| name.namespace == self.pod.namespace)
            .find(|name| !self.offers_of(std::slice::from_ref(&name.name)).is_empty())
            .cloned()
    }

    fn target(&self, credential: CredentialSource) -> ProbeTarget {
        ProbeTarget {
            image: self.container.image.clone(),
            credential,
        }
    }

    /// The pulls that the kubelet makes: one a credential, else one without.
    fn targets(&self) -> Vec<ProbeTarget> {
        let offers = self.offers();
        if offers.is_empty() {
            return vec![self.target(CredentialSource::Anonymous)];
        }
        offers
            .iter()
            .map(|offer| self.target(source(offer)))
            .collect()
    }

    /// What came of trying the pull with the Pod's own credentials: the success, if one succeeded.
    pub(super) fn probe(&self) -> Option<&'a Probe> {
        let seen = self.seen;
        let probes: Vec<_> = self
            .targets()
            .iter()
            .filter_map(|target| seen.probes.get(target))
            .collect();
        let success = probes.iter().find(|probe| probe.outcome.is_ok());
        success.or(probes.first()).copied()
    }

    /// What came of trying it without a credential.
    pub(super) fn anonymous_probe(&self) -> Option<&'a Probe> {
        self.seen
            .probes
            .get(&self.target(CredentialSource::Anonymous))
    }

    /// What our registry says about it, each with the credential that it is about.
    pub(super) fn testimonies(&self) -> Vec<&'a Testimony> {
        let seen = self.seen;
        self.targets()
            .iter()
            .filter_map(|target| seen.testimonies.get(target))
            .collect()
    }

    /// Whether the doctor's own try of the pull, with the Pod's own credentials, succeeds.
    pub(super) fn is_reached(&self) -> bool {
        self.probe().is_some_and(|probe| probe.outcome.is_ok())
    }

    pub(super) fn node(&self) -> Option<&'a Node> {
        match self.seen.nodes.get(self.pod.node.as_ref()?) {
            Some(Looked::Found(node)) => Some(node),
            _ => None,
        }
    }

    pub(super) fn node_name(&self) -> String {
        self.pod.node.clone().unwrap_or_default()
    }

    /// `OS/ARCHITECTURE` of the node.
    pub(super) fn platform(&self) -> Option<String> {
        let node = self.node()?;
        Some(format!("{}/{}", node.operating_system, node.architecture))
    }

    /// For which platforms the image is, as far as the doctor's own try told.
    pub(super) fn platforms(&self) -> Vec<String> {
        let mut probes = self.seen.probes.iter();
        let reached = probes
            .find(|(target, probe)| target.image == self.container.image && probe.outcome.is_ok())
            .and_then(|(_, probe)| probe.outcome.as_ref().ok());
        reached.map_or_else(Vec::new, |reached| reached.platforms.clone())
    }

    pub(super) fn waiting_to_retry(&self, confidence: Confidence) -> Conclusion {
        let image = self.container.image.clone();
        Conclusion::new(Cause::WaitingToRetry { image }, confidence).because(self.probe_evidence())
    }

    /// What the runtime said, and where.
    pub(super) fn testimony_of_runtime(&self, now: Timestamp) -> Evidence {
        let place = format!(
            "pod {}/{}, container {}",
            self.pod.namespace, self.pod.name, self.container.name
        );
        match &self.trouble.event {
            None => {
                let reason = self.container.waiting.as_ref();
                let reason = reason.map(|waiting| waiting.reason.as_str());
                let text = shorten_text(&self.trouble.text);
                Evidence {
                    place,
                    what: match reason {
                        Some(reason) if !reason.is_empty() && reason != text => {
                            format!("{reason}: {text}")
                        }
                        _ => text,
                    },
                }
            }
            Some(event) => {
                let when = event.last_seen.map(|at| age(now, at)).unwrap_or_default();
                Evidence {
                    place: format!("{place}, event {}{when}", event.reason),
                    what: shorten_text(&event.message),
                }
            }
        }
    }

    /// What came of the doctor's own try.
    pub(super) fn probe_evidence(&self) -> Option<Evidence> {
        self.probe().map(evidence_of)
    }

    pub(super) fn anonymous_evidence(&self) -> Option<Evidence> {
        self.anonymous_probe().map(evidence_of)
    }
}

const PROBE: &str = "the doctor's own try, made from where it runs and not from the node";

/// Whether it is what came of the doctor's own try.
pub(super) fn is_of_probe(evidence: &Evidence) -> bool {
    evidence.place == PROBE
}

/// What a probe met, in words.
fn evidence_of(probe: &Probe) -> Evidence {
    Evidence {
        place: PROBE.to_owned(),
        what: match &probe.outcome {
            Ok(reached) if reached.platforms.is_empty() => "the image may be pulled".to_owned(),
            Ok(reached) => format!(
                "the image may be pulled; it is for {}",
                reached.platforms.join(", ")
            ),
            Err(obstacle) => met(obstacle),
        },
    }
}

fn met(obstacle: &Obstacle) -> String {
    let words = |text: &str| {
        if text.is_empty() {
            String::new()
        } else {
            format!(": {}", shorten_text(text))
        }
    };
    match obstacle {
        Obstacle::Dns { text } => format!("the name has no address{}", words(text)),
        Obstacle::Refused { address } => format!("nobody listens at {address}"),
        Obstacle::Unreachable { text } => format!("no answer{}", words(text)),
        Obstacle::Certificate { text, .. } => {
            format!("the certificate is not trusted{}", words(text))
        }
        Obstacle::PlainHttp => "it speaks plain HTTP".to_owned(),
        Obstacle::NotARegistry { text } => format!("it is no registry{}", words(text)),
        Obstacle::Realm { realm, text } => {
            format!("the token endpoint {realm} cannot be used{}", words(text))
        }
        Obstacle::Token { status, message } => {
            format!("the token endpoint answers {status}{}", words(message))
        }
        Obstacle::Denied {
            status,
            code,
            message,
        } => format!("the registry answers {status} {code}{}", words(message)),
        Obstacle::NotFound { code, message } => {
            format!("the registry answers 404 {code}{}", words(message))
        }
        Obstacle::RateLimited { message, .. } => {
            format!("the registry answers 429{}", words(message))
        }
        Obstacle::Failing { status, message } => {
            format!("the registry answers {status}{}", words(message))
        }
    }
}

fn source(offer: &Offer) -> CredentialSource {
    CredentialSource::PullSecret {
        secret: secret_of(offer),
        key: offer.key.clone(),
    }
}

/// The Secret that a credential is from.
pub(super) fn secret_of(offer: &Offer) -> NamespacedName {
    NamespacedName {
        namespace: offer.namespace.clone(),
        name: offer.name.clone(),
    }
}

fn keyring(seen: &Observations, namespace: &str, names: &[String]) -> Result<Keyring, Undecodable> {
    let secrets = names.iter().filter_map(|name| {
        let name = NamespacedName {
            namespace: namespace.to_owned(),
            name: name.clone(),
        };
        match seen.secrets.get(&name) {
            Some(Looked::Found(secret)) => Some(&secret.0),
            _ => None,
        }
    });
    Keyring::of(secrets)
}

/// Long enough for the longest of the runtimes' texts that say something at their end.
const TEXT_LENGTH_MAX: usize = 600;

fn shorten_text(text: &str) -> String {
    let line: String = text
        .chars()
        .take(TEXT_LENGTH_MAX)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(TEXT_LENGTH_MAX).is_some() {
        format!("{line}…")
    } else {
        line
    }
}

/// `, 5 minutes ago`
fn age(now: Timestamp, at: Timestamp) -> String {
    match now.as_second().saturating_sub(at.as_second()) {
        ..=0 => String::new(),
        seconds @ ..120 => format!(", {seconds} seconds ago"),
        seconds @ ..7_200 => format!(", {} minutes ago", seconds / 60),
        seconds => format!(", {} hours ago", seconds / 3_600),
    }
}
