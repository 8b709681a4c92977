//! Referrers: the manifests whose subject is a given one (distribution-spec, "Listing Referrers").

use std::ops::ControlFlow;

use wharf_store::meta::Transaction;
use wharf_store::meta::images::repositories::RepositoryId;
use wharf_store::meta::images::{manifests, repositories};
use wharf_types::permission::OBJECTS_LIST;
use wharf_types::{Digest, Object, Repository, Tag, limits};

use super::list::Page;
use super::manifest;
use crate::{App, Caller, Error};

/// What a descriptor takes in JSON besides the texts that vary.
const DESCRIPTOR_SIZE: usize = 300;
/// Characters of a digest that stand in a tag of the referrers tag schema, for algorithm and hash.
const SCHEMA_LENGTHS: (usize, usize) = (32, 64);

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

impl Referrer {
    fn from_row(row: manifests::Referrer) -> Result<Self, Error> {
        let annotations = row.annotations.as_deref().map(serde_json::from_str);
        Ok(Self {
            digest: row.digest,
            media_type: row.media_type,
            size: row.size,
            artifact_type: row.artifact_type,
            annotations: annotations.transpose().map_err(Error::internal)?,
        })
    }

    fn from_entry(entry: manifest::Descriptor) -> Self {
        let annotations = entry.annotations.map(|annotations| {
            let texts = annotations.into_iter();
            texts.map(|(key, value)| (key, value.into())).collect()
        });
        Self {
            digest: entry.digest,
            media_type: entry.media_type,
            size: entry.size,
            artifact_type: entry.artifact_type,
            annotations,
        }
    }

    /// About how many bytes it takes in JSON.
    fn json_size(&self) -> usize {
        let texts = self.media_type.len() + self.artifact_type.as_ref().map_or(0, String::len);
        let annotations = self.annotations.iter().flatten();
        DESCRIPTOR_SIZE
            + texts
            + annotations
                .map(|(key, value)| key.len() + value.as_str().map_or(0, str::len) + 6)
                .sum::<usize>()
    }
}

impl App {
    /// Lists referrers in order of digest after `last`, filtered by artifact type, one page. `storage.objects.list`.
    /// A manifest that is not there has none.
    pub async fn list_referrers(
        &self,
        caller: &Caller,
        repository: &Repository,
        subject: &Digest,
        artifact_type: Option<&str>,
        last: Option<&Digest>,
    ) -> Result<Page<Referrer>, Error> {
        let object = repository.object(Object::Listing);
        self.authorize(caller, &[OBJECTS_LIST], &object).await?;
        let repository = repository.clone();
        let query = Query {
            subject: *subject,
            artifact_type: artifact_type.map(ToOwned::to_owned),
            last: last.copied(),
        };
        self.meta
            .read(
                move |transaction| match repositories::find(transaction, &repository)? {
                    Some(id) => query.run(transaction, &repository, id),
                    None => Ok(Page {
                        items: Vec::new(),
                        next: None,
                    }),
                },
            )
            .await
    }
}

struct Query {
    subject: Digest,
    artifact_type: Option<String>,
    last: Option<Digest>,
}

impl Query {
    fn run(
        &self,
        transaction: &Transaction<'_>,
        repository: &Repository,
        id: RepositoryId,
    ) -> Result<Page<Referrer>, Error> {
        let (mut items, is_cut) = self.rows(transaction, id)?;
        let end = items.last().filter(|_| is_cut).map(|last| last.digest);
        let tagged = self.tagged(transaction, repository, id)?;
        items.extend(
            tagged
                .into_iter()
                .filter(|entry| end.is_none_or(|end| entry.digest < end)),
        );
        items.sort_by_key(|item| item.digest);
        items.dedup_by_key(|item| item.digest);
        let kept = page_length(&items);
        let is_cut = is_cut || kept < items.len();
        items.truncate(kept);
        let next = items
            .last()
            .filter(|_| is_cut)
            .map(|last| last.digest.to_string());
        Ok(Page { items, next })
    }

    /// Those that name the subject themselves, and whether more follow.
    fn rows(
        &self,
        transaction: &Transaction<'_>,
        id: RepositoryId,
    ) -> Result<(Vec<Referrer>, bool), Error> {
        let last = self.last.map(|last| last.to_string()).unwrap_or_default();
        let (mut rows, mut size, mut is_cut) = (Vec::new(), 0, false);
        manifests::scan_referrers(transaction, id, &self.subject, &last, |row| {
            if !self.wants(row.artifact_type.as_deref()) {
                return ControlFlow::Continue(());
            }
            if rows.len() == limits::PAGE_SIZE_DEFAULT || size > limits::REFERRERS_PAGE_BYTES_MAX {
                is_cut = true;
                return ControlFlow::Break(());
            }
            size += DESCRIPTOR_SIZE + row.annotations.as_ref().map_or(0, String::len);
            rows.push(row);
            ControlFlow::Continue(())
        })?;
        let rows: Result<_, _> = rows.into_iter().map(Referrer::from_row).collect();
        Ok((rows?, is_cut))
    }

    /// Those that only the index under the subject's tag names, as clients keep it for registries without referrers
    /// (distribution-spec, "Referrers Tag Schema"), as far as they are there.
    fn tagged(
        &self,
        transaction: &Transaction<'_>,
        repository: &Repository,
        id: RepositoryId,
    ) -> Result<Vec<Referrer>, Error> {
        let Some(tag) = schema_tag(&self.subject) else {
            return Ok(Vec::new());
        };
        let Some(index) = manifests::find_tagged(transaction, repository, &tag)? else {
            return Ok(Vec::new());
        };
        let mut tagged = Vec::new();
        for entry in manifest::index_entries(&index.content) {
            if self.last.is_none_or(|last| entry.digest > last)
                && self.wants(entry.artifact_type.as_deref())
                && manifests::is_about(transaction, id, &entry.digest, &self.subject)?
                    == Some(false)
            {
                tagged.push(Referrer::from_entry(entry));
            }
        }
        Ok(tagged)
    }

    fn wants(&self, artifact_type: Option<&str>) -> bool {
        self.artifact_type.is_none() || self.artifact_type.as_deref() == artifact_type
    }
}

/// How many of the first items fit a page: at least one.
fn page_length(items: &[Referrer]) -> usize {
    let mut size = 0;
    let fitting = items
        .iter()
        .take(limits::PAGE_SIZE_DEFAULT)
        .take_while(|item| {
            size += item.json_size();
            size <= limits::REFERRERS_PAGE_BYTES_MAX
        });
    fitting.count().max(1).min(items.len())
}

/// `sha256-HEX`, cut as the specification says.
fn schema_tag(subject: &Digest) -> Option<Tag> {
    let (algorithm, hash) = (subject.algorithm().to_string(), subject.hex());
    let cut = |text: &str, length: usize| text.chars().take(length).collect::<String>();
    let (algorithm, hash) = (
        cut(&algorithm, SCHEMA_LENGTHS.0),
        cut(&hash, SCHEMA_LENGTHS.1),
    );
    Tag::parse(&format!("{algorithm}-{hash}")).ok()
}

#[cfg(test)]
mod tests;
