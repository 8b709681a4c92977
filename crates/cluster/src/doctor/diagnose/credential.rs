//! Why no credential was sent, or why the one that was sent does not count.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Secret;
use serde_json::Value;

use super::Conclusion;
use super::case::{Case, secret_of};
use super::registry;
use crate::doctor::cause::Cause;
use crate::doctor::finding::{Confidence, Evidence};
use crate::doctor::observation::{KeyState, Looked, NamespacedName, Obstacle};
use crate::doctor::text::{Complaint, CredentialSent, classify};
use crate::keyring::{LintCode, lint};

/// Nothing was sent. Where the registry says that the image is not there either, that stands in the way as well.
pub(super) fn unsent(case: &Case<'_>) -> Vec<Conclusion> {
    let why = why_unsent(case);
    let is_absent = match &why.cause {
        Cause::WaitingToRetry { .. } => None,
        _ => registry::absent(case),
    };
    [why].into_iter().chain(is_absent).collect()
}

fn why_unsent(case: &Case<'_>) -> Conclusion {
    if let Some(conclusion) = undecodable(case) {
        return conclusion;
    }
    if !case.offers().is_empty() {
        return sent_by_now(case);
    }
    let conclusion = if case.pod.pull_secrets.is_empty() {
        of_account(case)
    } else {
        shadowed(case).unwrap_or_else(|| of_list(case, &case.pod.pull_secrets))
    };
    let conclusion = conclusion.because(case.anonymous_evidence());
    // Of somebody else's registry, "you may not" is also what an image that is not there gets.
    let is_ambiguous =
        case.trouble.symptom.complaint == Complaint::Forbidden && case.testimonies().is_empty();
    if is_ambiguous {
        return Conclusion {
            confidence: conclusion.confidence.min(Confidence::Likely),
            ..conclusion
        };
    }
    conclusion
}

/// The Pod's list has a credential for the image, though none was sent when the runtime's text was written.
fn sent_by_now(case: &Case<'_>) -> Conclusion {
    if case.is_reached() {
        return case.waiting_to_retry(Confidence::Certain);
    }
    let is_refused = case.probe().is_some_and(|probe| {
        matches!(
            probe.outcome,
            Err(Obstacle::Token { .. } | Obstacle::Denied { .. } | Obstacle::NotFound { .. })
        )
    });
    let testimonies = case.testimonies();
    let speaks_against = testimonies.iter().any(|testimony| {
        registry::identity(testimony).is_some() || testimony.key_state == KeyState::NotAKeyFile
    });
    if is_refused || speaks_against {
        return rejected(case);
    }
    if let Some(conclusion) = registry::denied_by_policy(case) {
        return conclusion;
    }
    case.waiting_to_retry(Confidence::Likely)
}

/// A Secret of the Pod's list spoils the others.
pub(super) fn undecodable(case: &Case<'_>) -> Option<Conclusion> {
    let found = case.undecodable()?;
    let secret = NamespacedName {
        namespace: found.namespace.clone(),
        name: found.name.clone(),
    };
    let evidence = Evidence {
        place: place(&secret),
        what: format!(
            "decoded as the kubelet does, it gives the error: {}",
            found.text
        ),
    };
    let cause = Cause::SecretUnreadable {
        secret: Some(secret),
        text: found.text.clone(),
    };
    Some(Conclusion::new(cause, Confidence::Likely).because([evidence]))
}

/// The Pod has no list: its `ServiceAccount` has none, or got one too late.
fn of_account(case: &Case<'_>) -> Conclusion {
    let name = case.account();
    let Some(account) = case.service_account() else {
        return none_named(case, Confidence::Likely).because([Evidence {
            place: format!("pod {}/{}", case.pod.namespace, case.pod.name),
            what: "spec.imagePullSecrets is empty".to_owned(),
        }]);
    };
    if account.pull_secrets.is_empty() {
        return none_named(case, Confidence::Certain).because([Evidence {
            place: format!("serviceaccount {name}"),
            what: "imagePullSecrets is empty, and so is spec.imagePullSecrets of the Pod"
                .to_owned(),
        }]);
    }
    let fits = case.offers_of(&account.pull_secrets);
    let unseen = account
        .pull_secrets
        .iter()
        .find(|secret| matches!(case.secret(secret), Some(Looked::Forbidden)));
    let Some(secret) = fits.first().map(|offer| &offer.name).or(unseen) else {
        // Made anew, the Pod would have these, and they would not do.
        return of_list(case, &account.pull_secrets);
    };
    older(case, secret)
}

fn older(case: &Case<'_>, secret: &str) -> Conclusion {
    let name = case.account();
    let written = case
        .service_account()
        .and_then(|account| account.pull_secrets_written);
    let confidence = match (case.pod.created, written) {
        (Some(created), Some(written)) if created <= written => Confidence::Certain,
        _ => Confidence::Likely,
    };
    let at = |time: Option<jiff::Timestamp>| {
        time.map_or_else(|| "an unknown time".to_owned(), |time| format!("{time:.0}"))
    };
    let evidence = [
        Evidence {
            place: format!("serviceaccount {name}"),
            what: format!(
                "imagePullSecrets has {secret:?} and was last written at {}",
                at(written)
            ),
        },
        Evidence {
            place: format!("pod {}/{}", case.pod.namespace, case.pod.name),
            what: format!(
                "created at {}, and spec.imagePullSecrets does not have it",
                at(case.pod.created)
            ),
        },
    ];
    let cause = Cause::PodOlderThanAttachment {
        service_account: name,
        secret: secret.to_owned(),
    };
    Conclusion::new(cause, confidence).because(evidence)
}

fn none_named(case: &Case<'_>, confidence: Confidence) -> Conclusion {
    let cause = Cause::NoPullSecret {
        service_account: case.account(),
        host: case.host(),
    };
    Conclusion::new(cause, confidence)
}

/// The Pod's own list does not do, the `ServiceAccount`'s would.
fn shadowed(case: &Case<'_>) -> Option<Conclusion> {
    let account = case.service_account()?;
    let own = &case.pod.pull_secrets;
    let offers = case.offers_of(&account.pull_secrets);
    let secret = &offers.iter().find(|offer| !own.contains(&offer.name))?.name;
    let is_copy = match case.pod.has_own_pull_secrets {
        Some(is_own) => !is_own,
        None => {
            account.pull_secrets.starts_with(own)
                && case.pod.created.is_some()
                && case.pod.created <= account.pull_secrets_written
        }
    };
    if is_copy {
        return Some(older(case, secret));
    }
    let cause = Cause::SecretShadowed {
        service_account: case.account(),
        secret: secret.clone(),
        by: own.clone(),
    };
    let evidence = [
        Evidence {
            place: format!("pod {}/{}", case.pod.namespace, case.pod.name),
            what: format!(
                "spec.imagePullSecrets has {}, none of which is for {}",
                own.join(", "),
                case.host()
            ),
        },
        Evidence {
            place: format!("serviceaccount {}", case.account()),
            what: format!(
                "imagePullSecrets has {secret:?}, which is; it is added only to Pods without a list of their own"
            ),
        },
    ];
    Some(Conclusion::new(cause, Confidence::Certain).because(evidence))
}

/// Why none of these Secrets gives a credential: the one that comes nearest, since one that does is enough.
fn of_list(case: &Case<'_>, names: &[String]) -> Conclusion {
    let missing = missing(case);
    let mut faults: Vec<(Nearness, Conclusion)> = names
        .iter()
        .filter_map(|name| of_secret(case, name, &missing))
        .collect();
    faults.sort_by_key(|(nearness, _)| *nearness);
    if let Some((_, conclusion)) = faults.into_iter().next() {
        return conclusion;
    }
    let is_unseen = |name: &String| matches!(case.secret(name), Some(Looked::Forbidden) | None);
    let confidence = if names.iter().any(is_unseen) {
        Confidence::Possible
    } else {
        Confidence::Certain
    };
    let mut keys = BTreeSet::new();
    let mut evidence = Vec::new();
    for name in names {
        match case.secret(name) {
            Some(Looked::Found(secret)) => {
                let has = keys_of(secret);
                let mut what = format!("its keys are {}", has.join(", "));
                for lint in lint(secret).iter().take(3) {
                    what.push_str("; ");
                    what.push_str(&lint.to_string());
                }
                keys.extend(has);
                let place = place(&case.named(name));
                evidence.push(Evidence { place, what });
            }
            Some(Looked::Absent) => {}
            Some(Looked::Forbidden) | None => evidence.push(Evidence {
                place: place(&case.named(name)),
                what: "the doctor may not read it".to_owned(),
            }),
        }
    }
    let cause = Cause::SecretForOtherHost {
        secrets: names.iter().map(|name| case.named(name)).collect(),
        host: case.host(),
        keys: keys.into_iter().collect(),
    };
    Conclusion::new(cause, confidence).because(evidence)
}

/// How little is missing for a Secret to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    /// It has the registry, but written so that it does not match.
    RightHost,
    /// It cannot give any credential.
    Useless,
    /// It is not there.
    Absent,
}

/// What is wrong with a Secret of the list, whatever else it is for. None: it is as it should be, but for others.
fn of_secret(
    case: &Case<'_>,
    name: &str,
    missing: &BTreeSet<String>,
) -> Option<(Nearness, Conclusion)> {
    let named = case.named(name);
    match case.secret(name) {
        Some(Looked::Absent) => Some((Nearness::Absent, absent(case, name, missing))),
        None | Some(Looked::Forbidden) if missing.contains(name) => {
            Some((Nearness::Absent, absent(case, name, missing)))
        }
        None | Some(Looked::Forbidden) => None,
        Some(Looked::Found(secret)) => useless(&named, secret)
            .map(|conclusion| (Nearness::Useless, conclusion))
            .or_else(|| {
                near_miss(case, &named, secret).map(|conclusion| (Nearness::RightHost, conclusion))
            }),
    }
}

fn absent(case: &Case<'_>, name: &str, missing: &BTreeSet<String>) -> Conclusion {
    let secret = case.named(name);
    let mut evidence = vec![Evidence {
        place: format!("namespace {}", secret.namespace),
        what: format!("it has no Secret {name:?}"),
    }];
    if missing.contains(name) {
        evidence.push(Evidence {
            place: format!(
                "pod {}/{}, event FailedToRetrieveImagePullSecret",
                case.pod.namespace, case.pod.name
            ),
            what: format!("the kubelet did not get {name:?}"),
        });
    }
    let elsewhere: Vec<_> = case
        .seen
        .elsewhere
        .get(name)
        .into_iter()
        .flatten()
        .filter(|namespace| **namespace != secret.namespace)
        .cloned()
        .collect();
    let cause = if elsewhere.is_empty() {
        Cause::SecretAbsent { secret }
    } else {
        Cause::SecretInOtherNamespace { secret, elsewhere }
    };
    Conclusion::new(cause, Confidence::Certain).because(evidence)
}

/// The Secrets that the kubelet said it did not get.
fn missing(case: &Case<'_>) -> BTreeSet<String> {
    let events = case.pod.events.iter();
    events
        .filter(|event| event.reason == "FailedToRetrieveImagePullSecret")
        .filter_map(
            |event| match classify(&event.reason, &event.message).complaint {
                Complaint::SecretsMissing { names } => Some(names),
                _ => None,
            },
        )
        .flatten()
        .collect()
}

/// A Secret that gives no credential for any image.
fn useless(name: &NamespacedName, secret: &Secret) -> Option<Conclusion> {
    let lint = lint(secret).into_iter().find(|lint| {
        matches!(
            lint.code,
            LintCode::WrongType
                | LintCode::MissingData
                | LintCode::NoAuths
                | LintCode::Empty
                | LintCode::CredentialHelper
        )
    })?;
    let cause = match lint.code {
        LintCode::WrongType | LintCode::MissingData => Cause::SecretWrongType {
            secret: name.clone(),
            found: secret.type_.clone().unwrap_or_else(|| "Opaque".to_owned()),
        },
        _ => Cause::SecretWithoutAuths {
            secret: name.clone(),
        },
    };
    let evidence = Evidence {
        place: place(name),
        what: lint.to_string(),
    };
    Some(Conclusion::new(cause, Confidence::Certain).because([evidence]))
}

/// A Secret that has the image's registry, but with another port or path.
fn near_miss(case: &Case<'_>, name: &NamespacedName, secret: &Secret) -> Option<Conclusion> {
    let image = case.image.as_ref()?;
    let (host, port) = split_port(image.host());
    for key in keys_of(secret) {
        let (authority, path) = normalise(&key);
        let (key_host, key_port) = split_port(authority);
        if key_host != host {
            continue;
        }
        let cause = if key_port != port {
            Cause::SecretForOtherPort {
                secret: name.clone(),
                key: key.clone(),
                host: image.host().to_owned(),
            }
        } else if path.is_empty() {
            continue;
        } else {
            Cause::SecretForOtherPath {
                secret: name.clone(),
                key: key.clone(),
                repository: image.repository().to_owned(),
            }
        };
        let lint = lint(secret)
            .into_iter()
            .find(|lint| lint.key.as_deref() == Some(&key));
        let what = lint.map_or_else(
            || format!("it has {key:?}, and the image is {}", image.repository()),
            |lint| lint.to_string(),
        );
        let evidence = Evidence {
            place: place(name),
            what,
        };
        return Some(Conclusion::new(cause, Confidence::Certain).because([evidence]));
    }
    None
}

/// Host with port, and path, as the kubelet reads a key.
fn normalise(key: &str) -> (&str, &str) {
    let key = key
        .strip_prefix("https://")
        .or(key.strip_prefix("http://"))
        .unwrap_or(key);
    let (authority, path) = key.split_once('/').unwrap_or((key, ""));
    let path = path
        .strip_prefix("v1/")
        .or(path.strip_prefix("v2/"))
        .unwrap_or(path);
    (authority, path)
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    }
}

/// The keys of a pull secret as they are written there.
pub(super) fn keys_of(secret: &Secret) -> Vec<String> {
    let data = |key: &str| secret.data.as_ref()?.get(key).map(|data| &data.0);
    let json = |data: &Vec<u8>| serde_json::from_slice::<Value>(data).ok();
    let entries = match data(".dockerconfigjson") {
        Some(bytes) => json(bytes).and_then(|mut value| value.get_mut("auths").map(Value::take)),
        None => data(".dockercfg").and_then(json),
    };
    match entries {
        Some(Value::Object(entries)) => entries.into_iter().map(|(key, _)| key).collect(),
        _ => Vec::new(),
    }
}

fn place(secret: &NamespacedName) -> String {
    format!("secret {secret}")
}

/// A credential was sent and does not count.
pub(super) fn rejected(case: &Case<'_>) -> Conclusion {
    if case.is_reached() {
        return case.waiting_to_retry(Confidence::Likely);
    }
    let offers = case.offers();
    let secret = offers.first().map(secret_of);
    let identity = case.testimonies().into_iter().find_map(registry::identity);
    if let Some(secret) = &secret
        && let Some(public) = public(case)
    {
        let cause = Cause::StaleCredentialOnPublicImage {
            host: case.host(),
            secret: secret.clone(),
        };
        let why = identity.into_iter().flat_map(|identity| identity.evidence);
        return Conclusion::new(cause, Confidence::Certain)
            .because([public])
            .because(why);
    }
    if let Some(identity) = identity {
        return identity;
    }
    let evidence = offers.first().and_then(|offer| {
        let Some(Looked::Found(secret)) = case.secret(&offer.name) else {
            return None;
        };
        let lint = lint(secret)
            .into_iter()
            .find(|lint| lint.key.as_deref() == Some(&offer.key))?;
        Some(Evidence {
            place: place(&secret_of(offer)),
            what: lint.to_string(),
        })
    });
    let not_a_key = case
        .testimonies()
        .iter()
        .any(|testimony| testimony.key_state == KeyState::NotAKeyFile)
        .then(|| Evidence {
            place: "the registry".to_owned(),
            what: "the password in the pull secret is no key file".to_owned(),
        });
    // A good key of an account without the right is refused at the token endpoint by some registries.
    if not_a_key.is_none()
        && let Some(conclusion) = registry::denied_by_policy(case)
    {
        return conclusion;
    }
    // Some registries answer 401 to a credential that counts, too, where it lacks the right.
    let confidence = match (case.trouble.symptom.credential, offers.len()) {
        (CredentialSent::Yes, 1) => Confidence::Certain,
        _ => Confidence::Likely,
    };
    Conclusion::new(
        Cause::CredentialRejected {
            host: case.host(),
            secret,
        },
        confidence,
    )
    .because(not_a_key)
    .because(evidence)
    .because(registry::audit(case))
    .because(case.probe_evidence())
}

/// What says that anybody may pull the image.
fn public(case: &Case<'_>) -> Option<Evidence> {
    if case
        .anonymous_probe()
        .is_some_and(|probe| probe.outcome.is_ok())
    {
        return case.anonymous_evidence();
    }
    case.testimonies().into_iter().find_map(registry::is_public)
}
