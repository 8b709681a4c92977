//! Trying a pull from where the doctor runs, step by step, as containerd does it. It is not where the node is: a
//! difference between the two is a finding of its own.
//!
//! | module | step |
//! | --- | --- |
//! | `door` | name, connection, certificate, and whether it speaks TLS at all |
//! | `certificate` | what is wrong with a certificate |
//! | `http` | bounded requests, redirects without credentials |
//! | `challenge` | what a registry asks for |
//! | `token` | the token endpoint |
//! | `pull` | `/v2/`, the manifest and its platforms |
//!
//! A Pod's credential goes where the node would send it: to the registry that its key names and the token endpoint that
//! this one names. It never goes over plain HTTP, save within this machine, and never along a redirect.

mod certificate;
mod challenge;
mod door;
mod http;
mod pull;
#[cfg(test)]
mod tests;
mod token;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};

use self::certificate::Trust;
use self::door::Door;
use self::http::Http;
use super::observation::{Observations, Obstacle, Probe};
use super::trials::{self, TRIALS_MAX, Trial};

/// Pulls, or registries, that are tried at once.
const CONCURRENCY: usize = 8;
/// Time for one pull: four requests, and somebody waits at a terminal.
const TRIAL_MAX: Duration = Duration::from_secs(8);

/// The doctor's own tries cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The file with CA certificates has none.
    #[error("the CA file holds no certificate in PEM")]
    Certificates,
    /// TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

/// Tries pulls.
#[derive(Debug)]
pub struct Prober {
    trust: Trust,
    http: Http,
}

impl Prober {
    /// A prober that trusts this machine's CAs, and those in PEM that are given. Nothing is sent yet.
    pub fn new(ca_certificates: Option<&[u8]>) -> Result<Self, ProbeError> {
        let trust = Trust::new(ca_certificates)?;
        let http = Http::new(&trust)?;
        Ok(Self { trust, http })
    }

    /// Tries the pulls that Pods wait for, and puts what came of them to the observations.
    pub async fn probe(&self, observations: &mut Observations) {
        let (trials, left_out) = trials::of(observations);
        if left_out > 0 {
            observations.survey.unseen.push(format!(
                "pulls: {left_out} more images and credentials than the {TRIALS_MAX} that were tried"
            ));
        }
        let doors = self.doors(&trials).await;
        let tries = trials.into_iter().filter_map(|trial| {
            let door = doors.get(trial.image.api_host())?;
            Some(async move {
                let outcome = self.attempt(&trial, door).await;
                let addresses = door.addresses.clone();
                (trial.target, Probe { addresses, outcome })
            })
        });
        let mut tries = stream::iter(tries).buffer_unordered(CONCURRENCY);
        while let Some((target, probe)) = tries.next().await {
            observations.probes.insert(target, probe);
        }
    }

    /// Knocks at each registry once.
    async fn doors(&self, trials: &[Trial]) -> BTreeMap<String, Door> {
        let hosts: std::collections::BTreeSet<_> = trials
            .iter()
            .map(|trial| trial.image.api_host().to_owned())
            .collect();
        let knocks = hosts.into_iter().map(|host| async move {
            let door = door::knock(&host, &self.trust).await;
            (host, door)
        });
        stream::iter(knocks)
            .buffer_unordered(CONCURRENCY)
            .collect()
            .await
    }

    async fn attempt(
        &self,
        trial: &Trial,
        door: &Door,
    ) -> Result<super::observation::Reached, Obstacle> {
        let base = door.entry.clone()?;
        let pull = pull::pull(&self.http, &base, &trial.image, trial.credential.as_ref());
        match tokio::time::timeout(TRIAL_MAX, Box::pin(pull)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Obstacle::Unreachable {
                text: format!("no whole answer within {} s", TRIAL_MAX.as_secs()),
            }),
        }
    }
}
