//! From what was seen to what it means: a function that asks nobody.
//!
//! | module | what it decides |
//! | --- | --- |
//! | [`trouble`] | whether a container waits for its image, and what the runtime says of it |
//! | [`case`] | one such container, with everything that was seen around it |
//! | [`credential`] | why no credential was sent, or why the one that was sent does not count |
//! | [`registry`] | what our own registry decided: accounts, keys, policies, images |
//! | [`network`] | what stands between the node and the registry |
//! | [`node`] | what the node itself does with the image |
//! | [`remedy`] | what mends a cause |
//!
//! The runtime's text says what happened to the node, so it leads. Where it has several readings, what is in the cluster
//! and what the registry says decide; the doctor's own try, which is made from another place, only supports.

mod case;
mod credential;
mod network;
mod node;
mod registry;
mod remedy;
mod trouble;

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;

use super::cause::Cause;
use super::finding::{Confidence, Evidence, Finding};
use super::observation::Observations;
use super::text::{Complaint, CredentialSent};
use case::Case;

/// What is wrong with one container, and why it is believed.
#[derive(Clone, Debug)]
struct Conclusion {
    cause: Cause,
    confidence: Confidence,
    /// The strongest first.
    evidence: Vec<Evidence>,
}

impl Conclusion {
    fn new(cause: Cause, confidence: Confidence) -> Self {
        Self {
            cause,
            confidence,
            evidence: Vec::new(),
        }
    }

    fn because(mut self, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        self.evidence.extend(evidence);
        self
    }
}

/// Concludes why images are not pulled: one finding a cause, those first from which most suffer. A container that does
/// not wait for an image is in none of them.
pub fn diagnose(observations: &Observations, now: Timestamp) -> Vec<Finding> {
    let cases: Vec<_> = observations
        .pods
        .iter()
        .flat_map(|pod| trouble::of_pod(pod, observations))
        .map(|(pod, container, trouble)| Case::new(observations, pod, container, trouble))
        .collect();
    let mut causes: BTreeMap<Cause, Vec<(Conclusion, &Case<'_>)>> = BTreeMap::new();
    for case in &cases {
        for mut conclusion in conclude(case) {
            // The doctor's own try is from another place, and comes behind what the node saw.
            let evidence = &mut conclusion.evidence;
            let tries = evidence.iter().position(case::is_of_probe);
            evidence.insert(
                tries.unwrap_or(evidence.len()),
                case.testimony_of_runtime(now),
            );
            evidence.dedup();
            causes
                .entry(conclusion.cause.clone())
                .or_default()
                .push((conclusion, case));
        }
    }
    let mut findings: Vec<_> = causes.into_values().filter_map(finding).collect();
    findings.sort_by_key(|finding| Reverse(finding.affected.len()));
    findings
}

/// One finding of all that has the same cause. The surest case speaks for the others.
fn finding(cases: Vec<(Conclusion, &Case<'_>)>) -> Option<Finding> {
    let patients: Vec<_> = cases.iter().map(|(_, case)| *case).collect();
    let mut affected: Vec<_> = patients.iter().map(|case| case.affected()).collect();
    affected.sort();
    affected.dedup();
    let (surest, _) = cases
        .into_iter()
        .rev()
        .max_by_key(|(conclusion, _)| conclusion.confidence)?;
    Some(Finding {
        remedy: remedy::of(&surest.cause, &patients),
        cause: surest.cause,
        confidence: surest.confidence,
        evidence: surest.evidence,
        affected,
    })
}

/// One cause; two, where two that do not depend on each other stand in the way.
fn conclude(case: &Case<'_>) -> Vec<Conclusion> {
    let symptom = &case.trouble.symptom;
    if let Some(conclusion) = node::conclude(case) {
        return vec![conclusion];
    }
    match &symptom.complaint {
        Complaint::Unauthorized => unauthorized(case),
        Complaint::Forbidden => forbidden(case),
        Complaint::NotFound
        | Complaint::NameUnknown
        | Complaint::ManifestUnknown
        | Complaint::BlobUnknown => vec![registry::not_found(case)],
        _ => match network::conclude(case) {
            Some(conclusion) => vec![conclusion],
            None => without_text(case),
        },
    }
}

/// 401. With a credential, the credential does not count, or what it may do; without one, the question is why.
fn unauthorized(case: &Case<'_>) -> Vec<Conclusion> {
    if case.trouble.text.contains("server message: invalid_token") {
        let cause = Cause::TokenRefused { host: case.host() };
        return vec![Conclusion::new(cause, Confidence::Likely).because(case.probe_evidence())];
    }
    match case.trouble.symptom.credential {
        CredentialSent::Yes => vec![credential::rejected(case)],
        CredentialSent::No => credential::unsent(case),
        CredentialSent::Unknown if case.offers().is_empty() => credential::unsent(case),
        CredentialSent::Unknown => vec![credential::rejected(case)],
    }
}

/// The registry knows who asks, and refuses. Somebody without a credential gets this too, where anybody is given a token.
fn forbidden(case: &Case<'_>) -> Vec<Conclusion> {
    // Who gets the manifest and not the blobs lacks no credential.
    let is_blob = ["/blobs/", "fetching blob"];
    if is_blob.iter().any(|word| case.trouble.text.contains(word)) {
        return registry::denied(case);
    }
    match case.trouble.symptom.credential {
        CredentialSent::Yes => registry::denied(case),
        _ if case.offers().is_empty() => credential::unsent(case),
        CredentialSent::No => credential::unsent(case),
        CredentialSent::Unknown => registry::denied(case),
    }
}

/// The text has no cause, as older kubelets leave it when their events are gone: what the doctor's own try met, else
/// nothing but the text.
fn without_text(case: &Case<'_>) -> Vec<Conclusion> {
    if case.trouble.symptom.complaint == Complaint::BackOff {
        if let Some(conclusion) = credential::undecodable(case) {
            return vec![conclusion];
        }
        if let Some(conclusions) = by_probe(case) {
            return conclusions;
        }
    }
    let text = case.trouble.symptom.fragment.clone();
    vec![
        Conclusion::new(Cause::Unexplained { text }, Confidence::Possible)
            .because(case.probe_evidence()),
    ]
}

/// What the kubelet will have met, if it met what the doctor does.
fn by_probe(case: &Case<'_>) -> Option<Vec<Conclusion>> {
    use super::observation::Obstacle;
    let obstacle = match &case.probe()?.outcome {
        Ok(_) => return Some(vec![case.waiting_to_retry(Confidence::Possible)]),
        Err(obstacle) => obstacle,
    };
    let mut conclusions = match obstacle {
        Obstacle::Token {
            status: 401 | 403, ..
        }
        | Obstacle::Denied { status: 401, .. }
            if case.offers().is_empty() =>
        {
            credential::unsent(case)
        }
        Obstacle::Token {
            status: 401 | 403, ..
        } => vec![credential::rejected(case)],
        Obstacle::Denied { .. } => registry::denied(case),
        Obstacle::NotFound { .. } => vec![registry::not_found(case)],
        other => vec![
            Conclusion::new(network::met(case, other)?, Confidence::Possible)
                .because(case.probe_evidence()),
        ],
    };
    for conclusion in &mut conclusions {
        conclusion.confidence = conclusion.confidence.min(Confidence::Likely);
    }
    Some(conclusions)
}
