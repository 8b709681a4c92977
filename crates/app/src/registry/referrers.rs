//! Referrers: the manifests whose subject is a given one.

use wharf_types::{Digest, Repository};

use super::list::Page;
use crate::{App, Caller, Error};

/// A referrer, as its descriptor shows it.
#[derive(Clone, Debug)]
pub struct Referrer {
    /// Its digest.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// Bytes of the manifest.
    pub size: u64,
    /// `artifactType`, or the config's media type.
    pub artifact_type: Option<String>,
    /// Its annotations, a JSON object.
    pub annotations: Option<serde_json::Map<String, serde_json::Value>>,
}

impl App {
    /// Lists referrers in order of digest after `last`, filtered by artifact type, one page.
    pub async fn list_referrers(
        &self,
        caller: &Caller,
        repository: &Repository,
        subject: &Digest,
        artifact_type: Option<&str>,
        last: Option<&Digest>,
    ) -> Result<Page<Referrer>, Error> {
        let _ = (caller, repository, subject, artifact_type, last);
        unimplemented!()
    }
}
