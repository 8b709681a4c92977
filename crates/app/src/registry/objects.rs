//! The objects of a bucket, read-only: what it holds under the names that access is decided on,
//! `containers/repositories/library/IMAGE/{blob_DIGEST,manifest_DIGEST,tag_TAG}`. They come and go by pushes and deletes.

use jiff::Timestamp;
use wharf_store::meta::Transaction;
use wharf_store::meta::images::objects::{self, Listed};
use wharf_types::error::OciCode;
use wharf_types::permission::{OBJECTS_GET, OBJECTS_LIST};
use wharf_types::resource::IMAGES_FOLDER;
use wharf_types::{
    BucketName, Digest, ImagePath, Object, Reference, Repository, Resource, limits, media,
};

use super::blobs::BlobContent;
use crate::{App, Caller, Error, Missing};

/// Characters in names of objects lie between these: text with the first behind it sorts after the text itself and before
/// every name that begins with it, text with the last behind it after all of those.
const BEFORE_ALL: &str = "!";
const AFTER_ALL: &str = "~";

/// An object as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    /// Its bucket.
    pub bucket: BucketName,
    /// Its name in the bucket.
    pub name: String,
    /// Of its content.
    pub digest: Digest,
    /// Bytes of its content.
    pub size: u64,
    /// The media type of a manifest, also where a tag points to it; arbitrary bytes otherwise.
    pub content_type: String,
    /// When it became what it is: a tag, when it was pointed to this manifest.
    pub created_at: Timestamp,
}

impl StoredObject {
    fn new(bucket: &BucketName, listed: Listed) -> Self {
        Self {
            bucket: bucket.clone(),
            name: format!("{IMAGES_FOLDER}{}", listed.name()),
            digest: listed.digest,
            size: listed.size,
            content_type: listed
                .media_type
                .unwrap_or_else(|| media::OCTET_STREAM.to_owned()),
            created_at: listed.created_at,
        }
    }

    /// Names this state of the object: as in Cloud Storage, the time it is from in microseconds.
    pub fn generation(&self) -> i64 {
        self.created_at.as_microsecond()
    }
}

/// Which objects of a bucket are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectQuery {
    /// What their names begin with.
    pub prefix: String,
    /// Names that have this text after the prefix stand for one another: they are listed once, up to and with it.
    pub delimiter: Option<String>,
    /// Whether a name that ends with the delimiter is listed as an object too.
    pub has_trailing_delimiter: bool,
    /// The first name, if there is such; from a page's `next`, too.
    pub start: String,
    /// The name that they end before.
    pub end: Option<String>,
    /// How many objects and prefixes at most.
    pub limit: usize,
}

/// Some objects of a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectPage {
    /// In order of name.
    pub objects: Vec<StoredObject>,
    /// What names with the delimiter have in common, in order.
    pub prefixes: Vec<String>,
    /// The `start` that asks for what follows.
    pub next: Option<String>,
}

impl ObjectPage {
    fn len(&self) -> usize {
        self.objects.len() + self.prefixes.len()
    }
}

impl App {
    /// A page of a bucket's objects. `storage.objects.list`, on the innermost folder that the prefix names: that of an image,
    /// or of the bucket.
    pub async fn list_objects(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        query: ObjectQuery,
    ) -> Result<ObjectPage, Error> {
        let folder = listing(bucket, &query.prefix);
        self.authorize(caller, &[OBJECTS_LIST], &folder).await?;
        for text in [&query.prefix, &query.start]
            .into_iter()
            .chain(&query.delimiter)
            .chain(&query.end)
        {
            check_name(text)?;
        }
        self.check_bucket(bucket).await?;
        let bucket = bucket.clone();
        self.meta
            .read(move |transaction| read_page(transaction, &bucket, &query))
            .await
    }

    /// An object. `storage.objects.get`.
    pub async fn get_object(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        name: &str,
    ) -> Result<StoredObject, Error> {
        let (listed, _) = self.find_object(caller, bucket, name).await?;
        Ok(StoredObject::new(bucket, listed))
    }

    /// An object and its content. `storage.objects.get`.
    pub async fn open_object(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        name: &str,
    ) -> Result<(StoredObject, BlobContent), Error> {
        let (listed, repository) = self.find_object(caller, bucket, name).await?;
        let content = match listed.object {
            Object::Blob(digest) => self.read_blob(&repository, &digest).await?.1,
            // What a tag points to may change any moment: the digest that was found says what is meant.
            _ => {
                let reference = Reference::Digest(listed.digest);
                let manifest = self.find_manifest(&repository, &reference).await?;
                BlobContent::Inline(manifest.content.clone())
            }
        };
        Ok((StoredObject::new(bucket, listed), content))
    }

    async fn find_object(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        name: &str,
    ) -> Result<(Listed, Repository), Error> {
        // A name that no object can have is decided on as the bucket's folder: who may not look is told nothing.
        let resource = Resource::object_named(bucket.clone(), name).unwrap_or(Resource::Object {
            bucket: bucket.clone(),
            image: None,
            object: Object::Listing,
        });
        self.authorize(caller, &[OBJECTS_GET], &resource).await?;
        self.check_bucket(bucket).await?;
        let absent = || Error::not_found(Missing::Object, format!("{bucket}/{name}"));
        let Resource::Object {
            image: Some(image),
            object,
            ..
        } = resource
        else {
            return Err(absent());
        };
        let repository = Repository {
            bucket: bucket.clone(),
            image,
        };
        let image = repository.image.clone();
        let bucket = bucket.clone();
        let listed = self
            .meta
            .read::<_, Error, _>(move |transaction| {
                Ok(objects::find(transaction, &bucket, &image, &object)?)
            })
            .await?;
        Ok((listed.ok_or_else(absent)?, repository))
    }

    async fn check_bucket(&self, bucket: &BucketName) -> Result<(), Error> {
        match self.has_bucket(bucket).await? {
            true => Ok(()),
            false => Err(Error::not_found(Missing::Bucket, bucket)),
        }
    }
}

/// The folder whose objects begin with a prefix, as a resource.
fn listing(bucket: &BucketName, prefix: &str) -> Resource {
    let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
    let image = folder.strip_prefix(IMAGES_FOLDER);
    Resource::Object {
        bucket: bucket.clone(),
        image: image.and_then(|image| ImagePath::parse(image).ok()),
        object: Object::Listing,
    }
}

fn check_name(text: &str) -> Result<(), Error> {
    if text.len() > limits::OBJECT_NAME_LENGTH_MAX || text.contains('\0') {
        return Err(Error::invalid(
            OciCode::Unsupported,
            format!(
                "prefixes, delimiters, offsets and page tokens have at most {} bytes, none of them 0",
                limits::OBJECT_NAME_LENGTH_MAX
            ),
        ));
    }
    Ok(())
}

impl ObjectQuery {
    fn covers(&self, name: &str) -> bool {
        name.starts_with(&self.prefix) && self.end.as_deref().is_none_or(|end| name < end)
    }

    /// What a name has in common with those that are listed as one with it.
    fn folded<'n>(&self, name: &'n str) -> Option<&'n str> {
        let delimiter = self.delimiter.as_deref()?;
        let at = name.get(self.prefix.len()..)?.find(delimiter)?;
        name.get(..self.prefix.len() + at + delimiter.len())
    }
}

fn read_page(
    transaction: &Transaction<'_>,
    bucket: &BucketName,
    query: &ObjectQuery,
) -> Result<ObjectPage, Error> {
    let mut page = ObjectPage::default();
    let mut from = query.start.clone().max(query.prefix.clone());
    // Behind a name that stands for many the next is likely to do so too: what is read beyond it is read in vain.
    let mut batch = 1;
    loop {
        // One more tells whether there is a next page.
        let room = query.limit.saturating_sub(page.len()) + 1;
        let run = run(transaction, bucket, &from, room.min(batch))?;
        if run.is_empty() {
            return Ok(page);
        }
        batch *= 2;
        for object in run {
            if !query.covers(&object.name) {
                return Ok(page);
            }
            if page.len() >= query.limit {
                page.next = Some(from);
                return Ok(page);
            }
            let Some(prefix) = query.folded(&object.name) else {
                from = format!("{}{BEFORE_ALL}", object.name);
                page.objects.push(object);
                continue;
            };
            // However many lie behind it, the next look begins after them all.
            from = format!("{prefix}{AFTER_ALL}");
            page.prefixes.push(prefix.to_owned());
            if query.has_trailing_delimiter && prefix == object.name {
                page.objects.push(object);
            }
            batch = 1;
            break;
        }
    }
}

fn run(
    transaction: &Transaction<'_>,
    bucket: &BucketName,
    from: &str,
    limit: usize,
) -> Result<Vec<StoredObject>, Error> {
    let from = match from.strip_prefix(IMAGES_FOLDER) {
        Some(from) => from,
        None if from < IMAGES_FOLDER => "",
        None => return Ok(Vec::new()),
    };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let run = objects::run(transaction, bucket, from, limit)?;
    Ok(run
        .into_iter()
        .map(|listed| StoredObject::new(bucket, listed))
        .collect())
}

#[cfg(test)]
mod tests;
