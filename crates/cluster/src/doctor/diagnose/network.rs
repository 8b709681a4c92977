//! What stands between the node and the registry.

use std::net::SocketAddr;

use super::Conclusion;
use super::case::Case;
use super::{credential, registry};
use crate::doctor::cause::Cause;
use crate::doctor::finding::Confidence;
use crate::doctor::observation::{CertificateFault, Obstacle};
use crate::doctor::text::{Complaint, CredentialSent, Symptom};

/// What the runtime met on its way to the registry. None: the text is about something else.
pub(super) fn conclude(case: &Case<'_>) -> Option<Conclusion> {
    let symptom = &case.trouble.symptom;
    if let Complaint::Status(status)
    | Complaint::TokenEndpoint {
        status: Some(status),
    } = symptom.complaint
        && let Some(conclusion) = of_status(case, status)
    {
        return Some(conclusion);
    }
    let registry = case.host();
    let asked = symptom.host.clone().unwrap_or_else(|| registry.clone());
    let plain = cause(symptom, &case.trouble.text, &asked)?;
    if case.is_reached() && is_over(case, &plain) {
        return Some(case.waiting_to_retry(Confidence::Likely));
    }
    let plain = complete(case, plain);
    let is_of_registry = is_registry(case, &asked);
    let cause = match plain {
        Cause::TokenServiceFailing { status, .. } => Cause::TokenServiceFailing {
            host: registry,
            status,
        },
        cause if is_of_registry || !is_network(&cause) => cause,
        cause if is_about_token(&case.trouble.text) => Cause::TokenServiceUnreachable {
            host: registry,
            service: asked,
            because: Box::new(cause),
        },
        // What is wrong with a mirror's TLS has a name of its own, and a remedy.
        Cause::Dns { .. } | Cause::ConnectionRefused { .. } | Cause::Unreachable { .. }
            if mirror(case).is_some() =>
        {
            Cause::MirrorMisconfigured {
                host: registry,
                mirror: asked,
            }
        }
        cause => cause,
    };
    let confidence = match (&symptom.complaint, case.is_reached()) {
        // A restart of the runtime gives the same text.
        (Complaint::Cancelled, _) => Confidence::Possible,
        (_, true) => Confidence::Likely,
        (_, false) => Confidence::Certain,
    };
    Some(Conclusion::new(cause, confidence).because(case.probe_evidence()))
}

/// A status that has a meaning of its own here.
fn of_status(case: &Case<'_>, status: u16) -> Option<Conclusion> {
    let is_sent = match case.trouble.symptom.credential {
        CredentialSent::Yes => true,
        CredentialSent::No => false,
        CredentialSent::Unknown => !case.offers().is_empty(),
    };
    match status {
        401 if is_sent => Some(credential::rejected(case)),
        403 if is_sent => registry::denied(case).into_iter().next(),
        401 | 403 => credential::unsent(case).into_iter().next(),
        404 if matches!(case.trouble.symptom.complaint, Complaint::Status(_)) => {
            Some(registry::not_found(case))
        }
        _ => None,
    }
}

/// What a text says, if it is about the way to `host`.
pub(super) fn cause(symptom: &Symptom, text: &str, host: &str) -> Option<Cause> {
    let host = host.to_owned();
    Some(match &symptom.complaint {
        Complaint::Dns { name } => Cause::Dns {
            host: name.clone().unwrap_or(host),
        },
        Complaint::Refused => Cause::ConnectionRefused {
            address: dialled(text).map(|address| address.to_string()),
            host,
        },
        Complaint::Unreachable | Complaint::Cancelled => Cause::Unreachable { host },
        Complaint::UnknownAuthority => Cause::UnknownAuthority { host, issuer: None },
        Complaint::WrongName => Cause::CertificateWrongName {
            host,
            names: names_in(text),
        },
        Complaint::CertificateTime if text.contains("is before") => Cause::CertificateNotYetValid {
            host,
            not_before: time_in(text, "is before "),
        },
        Complaint::CertificateTime => Cause::CertificateExpired {
            host,
            not_after: time_in(text, "is after "),
        },
        Complaint::PlainHttp => Cause::PlainHttp { host },
        Complaint::TlsExpected => Cause::TlsExpected { host },
        Complaint::TokenEndpoint { status } => Cause::TokenServiceFailing {
            host,
            status: *status,
        },
        Complaint::NotARegistry => Cause::NotARegistry { host },
        Complaint::RateLimited => Cause::RateLimited { host },
        Complaint::ServerError { status } => Cause::RegistryFailing {
            host,
            status: *status,
        },
        _ => return None,
    })
}

/// What the doctor's own try met.
pub(super) fn met(case: &Case<'_>, obstacle: &Obstacle) -> Option<Cause> {
    let host = case.host();
    Some(match obstacle {
        Obstacle::Dns { .. } => Cause::Dns { host },
        Obstacle::Refused { address } => Cause::ConnectionRefused {
            host,
            address: Some(address.clone()),
        },
        Obstacle::Unreachable { .. } => Cause::Unreachable { host },
        Obstacle::Certificate { fault, .. } => match fault {
            CertificateFault::UnknownAuthority { issuer } => Cause::UnknownAuthority {
                host,
                issuer: Some(issuer.clone()),
            },
            CertificateFault::WrongName { names } => Cause::CertificateWrongName {
                host,
                names: names.clone(),
            },
            CertificateFault::Expired { not_after } => Cause::CertificateExpired {
                host,
                not_after: Some(not_after.clone()),
            },
            CertificateFault::NotYetValid { not_before } => Cause::CertificateNotYetValid {
                host,
                not_before: Some(not_before.clone()),
            },
            CertificateFault::Other => return None,
        },
        Obstacle::PlainHttp => Cause::PlainHttp { host },
        Obstacle::NotARegistry { .. } => Cause::NotARegistry { host },
        Obstacle::Token { status, .. } => Cause::TokenServiceFailing {
            host,
            status: Some(*status),
        },
        Obstacle::RateLimited { .. } => Cause::RateLimited { host },
        Obstacle::Failing { status, .. } => Cause::RegistryFailing {
            host,
            status: Some(*status),
        },
        Obstacle::Realm { .. } | Obstacle::Denied { .. } | Obstacle::NotFound { .. } => {
            return None;
        }
    })
}

/// Adds what the text leaves out, where the doctor met the same.
fn complete(case: &Case<'_>, cause: Cause) -> Cause {
    let Some(Err(obstacle)) = case.probe().map(|probe| &probe.outcome) else {
        return cause;
    };
    let met = met(case, obstacle);
    match (cause, met) {
        (
            Cause::UnknownAuthority { host, issuer: None },
            Some(Cause::UnknownAuthority { issuer, host: met }),
        ) if host == met => Cause::UnknownAuthority { host, issuer },
        (
            Cause::CertificateWrongName { host, .. },
            Some(Cause::CertificateWrongName { names, host: met }),
        ) if host == met => Cause::CertificateWrongName { host, names },
        (cause, _) => cause,
    }
}

/// Whether what was met is the registry's own doing, so that a try that succeeds from elsewhere shows that it is over.
/// What a node trusts and how it resolves names is its own affair; so is an address that only the node sees.
fn is_over(case: &Case<'_>, cause: &Cause) -> bool {
    match cause {
        Cause::RateLimited { .. }
        | Cause::RegistryFailing { .. }
        | Cause::TokenServiceFailing { .. }
        | Cause::NotARegistry { .. }
        | Cause::CertificateExpired { .. }
        | Cause::CertificateWrongName { .. } => true,
        Cause::ConnectionRefused { .. } | Cause::Unreachable { .. } => {
            let addresses = case.probe().map(|probe| probe.addresses.as_slice());
            dialled(&case.trouble.text)
                .is_some_and(|dialled| addresses.is_some_and(|known| known.contains(&dialled.ip())))
        }
        _ => false,
    }
}

fn is_network(cause: &Cause) -> bool {
    matches!(
        cause,
        Cause::Dns { .. }
            | Cause::ConnectionRefused { .. }
            | Cause::Unreachable { .. }
            | Cause::UnknownAuthority { .. }
            | Cause::CertificateWrongName { .. }
            | Cause::CertificateExpired { .. }
            | Cause::CertificateNotYetValid { .. }
            | Cause::PlainHttp { .. }
            | Cause::TlsExpected { .. }
    )
}

fn is_registry(case: &Case<'_>, host: &str) -> bool {
    let Some(image) = &case.image else {
        return true;
    };
    let plain = |host: &str| host.strip_suffix(":443").unwrap_or(host).to_owned();
    plain(host) == plain(image.host()) || host == image.api_host()
}

fn is_about_token(text: &str) -> bool {
    ["anonymous token", "oauth token", "bearer token", "scope="]
        .iter()
        .any(|word| text.contains(word))
}

/// The mirror that the runtime asked instead of the registry, if it did.
pub(super) fn mirror(case: &Case<'_>) -> Option<String> {
    let text = &case.trouble.text;
    let host = case.trouble.symptom.host.as_ref()?;
    let is_mirrored = text.contains("?ns=") || text.contains("&ns=") || text.contains("Mirrors");
    (is_mirrored && !is_registry(case, host)).then(|| host.clone())
}

/// The address in `dial tcp ADDRESS:PORT: …`.
fn dialled(text: &str) -> Option<SocketAddr> {
    let (_, rest) = text.split_once("dial tcp ")?;
    rest.split_once(": ")
        .map_or(rest, |(address, _)| address)
        .parse()
        .ok()
}

/// The names in `certificate is valid for A, B, not C`.
fn names_in(text: &str) -> Vec<String> {
    text.split_once("is valid for ")
        .and_then(|(_, rest)| rest.split_once(", not "))
        .map(|(names, _)| names.split(", ").map(str::to_owned).collect())
        .unwrap_or_default()
}

fn time_in(text: &str, before: &str) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    let time = rest.split_whitespace().next()?;
    Some(time.trim_end_matches([']', ',', ';', ':']).to_owned())
}
