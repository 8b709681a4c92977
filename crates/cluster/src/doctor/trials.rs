//! Which pulls are tried: each image with each credential once, however many Pods wait for it.

use std::collections::BTreeMap;

use super::observation::{
    Container, CredentialSource, Looked, NamespacedName, Observations, Pod, ProbeTarget,
};
use super::text::{Complaint, classify};
use crate::Image;
use crate::keyring::{Keyring, Offer};

/// Pulls that are tried at most, those first that most containers wait for: registries count pulls.
pub const TRIALS_MAX: usize = 32;

/// A pull to try.
#[derive(Clone, Debug)]
pub struct Trial {
    /// What it is called in [`Observations`].
    pub target: ProbeTarget,
    /// The image.
    pub image: Image,
    /// None: anonymously.
    pub credential: Option<Offer>,
}

impl Trial {
    fn new(text: &str, image: &Image, credential: Option<Offer>) -> Self {
        Self {
            target: ProbeTarget {
                image: text.to_owned(),
                credential: credential
                    .as_ref()
                    .map_or(CredentialSource::Anonymous, |offer| {
                        CredentialSource::PullSecret {
                            secret: NamespacedName {
                                namespace: offer.namespace.clone(),
                                name: offer.name.clone(),
                            },
                            key: offer.key.clone(),
                        }
                    }),
            },
            image: image.clone(),
            credential,
        }
    }
}

/// The pulls that containers wait for, those first that most wait for, and how many are left out.
pub fn of(observations: &Observations) -> (Vec<Trial>, usize) {
    let mut trials: BTreeMap<ProbeTarget, (usize, Trial)> = BTreeMap::new();
    let mut keyrings = BTreeMap::new();
    for pod in &observations.pods {
        for container in pod.containers.iter().filter(|c| is_worth_a_try(c)) {
            let Ok(image) = Image::parse(&container.image) else {
                continue;
            };
            for names in lists(observations, pod) {
                let keyring = keyrings
                    .entry((&pod.namespace, names))
                    .or_insert_with(|| keyring(observations, &pod.namespace, names));
                let mut tried = of_image(&container.image, &image, keyring);
                // Where a credential does not count: whether the image is to be had without one.
                if is_refused(container) && tried.iter().all(|trial| trial.credential.is_some()) {
                    tried.push(Trial::new(&container.image, &image, None));
                }
                for trial in tried {
                    let count = trials.entry(trial.target.clone()).or_insert((0, trial));
                    count.0 += 1;
                }
            }
        }
    }
    let mut trials: Vec<_> = trials.into_values().collect();
    trials.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let left_out = trials.len().saturating_sub(TRIALS_MAX);
    let trials = trials.into_iter().take(TRIALS_MAX).map(|(_, trial)| trial);
    (trials.collect(), left_out)
}

/// Whether a try of the pull may say why a container does not run. An image that may never be pulled is not pulled here
/// either.
fn is_worth_a_try(container: &Container) -> bool {
    container.pull_policy != "Never" && container.concerns_pulling()
}

/// Whether the runtime's text is about a credential that does not count.
fn is_refused(container: &Container) -> bool {
    let waiting = container.waiting.as_ref();
    waiting.is_some_and(|waiting| {
        classify(&waiting.reason, &waiting.message).complaint == Complaint::Unauthorized
    })
}

/// The lists of pull secrets that count for a Pod: its own, and, where that is empty, the one that its `ServiceAccount`
/// has by now, which the Pod gets when it is made anew.
fn lists<'a>(observations: &'a Observations, pod: &'a Pod) -> Vec<&'a [String]> {
    let mut lists = vec![pod.pull_secrets.as_slice()];
    let account = NamespacedName {
        namespace: pod.namespace.clone(),
        name: pod.service_account.clone(),
    };
    if pod.pull_secrets.is_empty()
        && let Some(Looked::Found(account)) = observations.service_accounts.get(&account)
        && !account.pull_secrets.is_empty()
    {
        lists.push(&account.pull_secrets);
    }
    lists
}

/// The keyring of a list. None: one of its Secrets cannot be decoded, so that the kubelet sends nothing at all.
fn keyring(observations: &Observations, namespace: &str, names: &[String]) -> Option<Keyring> {
    let secrets = names.iter().filter_map(|name| {
        let name = NamespacedName {
            namespace: namespace.to_owned(),
            name: name.clone(),
        };
        match observations.secrets.get(&name) {
            Some(Looked::Found(secret)) => Some(&secret.0),
            _ => None,
        }
    });
    Keyring::of(secrets).ok()
}

fn of_image(text: &str, image: &Image, keyring: &Option<Keyring>) -> Vec<Trial> {
    let trial = |credential| Trial::new(text, image, credential);
    let offers = keyring.as_ref().map(|keyring| keyring.offers(image));
    match offers {
        Some(offers) if !offers.is_empty() => offers
            .into_iter()
            // containerd sends none without a user: it fails by itself.
            .filter(|offer| !offer.username.is_empty())
            .map(|offer| trial(Some(offer)))
            .collect(),
        _ => vec![trial(None)],
    }
}
