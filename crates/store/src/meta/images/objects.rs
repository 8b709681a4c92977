//! The objects of a bucket in the order of their names: tags, manifests and blobs as `IMAGE/OBJECT`, that is
//! `IMAGE/blob_DIGEST`, `IMAGE/manifest_DIGEST` and `IMAGE/tag_TAG`. Each look goes by an index to where it begins, so that a
//! page costs what is on it, however many images there are.

use jiff::Timestamp;
use wharf_types::{BucketName, Digest, ImagePath, Object, Tag};

use crate::Error;
use crate::meta::{Row, Transaction, Value};

/// An object as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its image.
    pub image: ImagePath,
    /// Which of the image's objects.
    pub object: Object,
    /// Of its content.
    pub digest: Digest,
    /// Bytes of its content.
    pub size: u64,
    /// Of a manifest, and of a tag that points to one.
    pub media_type: Option<String>,
    /// When it became what it is: a tag, when it was pointed to this manifest.
    pub created_at: Timestamp,
}

impl Listed {
    /// `IMAGE/OBJECT`
    pub fn name(&self) -> String {
        format!("{}/{}", self.image, self.object)
    }
}

/// Sorts after every character that a name can have, and before none.
const AFTER_ALL: &str = "~";

/// The objects from `from` on, in order of name and up to `limit`, as far as they lie side by side in the folder of one image.
/// None at all only when no object is left. `from` need be no object's name.
pub fn run(
    transaction: &Transaction<'_>,
    bucket: &BucketName,
    from: &str,
    limit: i64,
) -> Result<Vec<Listed>, Error> {
    let Some((folder, name)) = first(transaction, bucket, from)? else {
        return Ok(Vec::new());
    };
    // Images below this one have their folders between its objects: a/blob_x, a/c/…, a/manifest_x.
    let before = next_folder(transaction, bucket, &name)?.map(|next| next.path);
    let before = before
        .as_deref()
        .and_then(|next| next.strip_prefix(&*folder.path));
    let leaf = name.strip_prefix(&*folder.path).unwrap_or_default();
    let before = before.unwrap_or(AFTER_ALL);
    objects(transaction, &folder, leaf, before, limit)
}

/// One object of an image.
pub fn find(
    transaction: &Transaction<'_>,
    bucket: &BucketName,
    image: &ImagePath,
    object: &Object,
) -> Result<Option<Listed>, Error> {
    let Some(folder) = folder(transaction, bucket, &format!("{image}/"))? else {
        return Ok(None);
    };
    let leaf = object.to_string();
    let found = objects(transaction, &folder, &leaf, AFTER_ALL, 1)?.pop();
    Ok(found.filter(|found| found.object == *object))
}

/// The folder of an image.
struct Folder {
    repository: i64,
    /// `IMAGE/`
    path: String,
}

fn read_folder(row: &Row<'_>) -> Result<Folder, Error> {
    Ok(Folder {
        repository: row.integer(0)?,
        path: row.text(1)?,
    })
}

fn folder(
    transaction: &Transaction<'_>,
    bucket: &BucketName,
    path: &str,
) -> Result<Option<Folder>, Error> {
    transaction.find(
        "SELECT id, image || '/' FROM repositories WHERE bucket = $1 AND image || '/' = $2",
        &[(&bucket.to_string()).into(), path.into()],
        read_folder,
    )
}

fn next_folder(
    transaction: &Transaction<'_>,
    bucket: &BucketName,
    after: &str,
) -> Result<Option<Folder>, Error> {
    transaction.find(
        "SELECT id, image || '/' FROM repositories WHERE bucket = $1 AND image || '/' > $2 \
         ORDER BY image || '/' LIMIT 1",
        &[(&bucket.to_string()).into(), after.into()],
        read_folder,
    )
}

/// The first object from `from` on: its folder and its name.
fn first(
    transaction: &Transaction<'_>,
    bucket: &BucketName,
    from: &str,
) -> Result<Option<(Folder, String)>, Error> {
    let mut best: Option<(Folder, String)> = None;
    let mut consider = |folder: Folder, leaf: &str| -> Result<String, Error> {
        let found = objects(transaction, &folder, leaf, AFTER_ALL, 1)?.pop();
        if let Some(name) = found.map(|found| found.name())
            && best.as_ref().is_none_or(|(_, best)| name < *best)
        {
            best = Some((folder, name));
        }
        let best = best.as_ref().map(|(_, name)| name.clone());
        Ok(best.unwrap_or_else(|| AFTER_ALL.to_owned()))
    };
    // The folders that `from` itself is in.
    let mut nearest = AFTER_ALL.to_owned();
    for (slash, _) in from.match_indices('/') {
        let (path, leaf) = from.split_at(slash + 1);
        if let Some(folder) = folder(transaction, bucket, path)? {
            nearest = consider(folder, leaf)?;
        }
    }
    // The next folder, and the next one inside it, as long as that begins before the best so far.
    let mut after = from.to_owned();
    while let Some(folder) = next_folder(transaction, bucket, &after)?
        && folder.path < nearest
    {
        after.clone_from(&folder.path);
        nearest = consider(folder, "")?;
    }
    Ok(best)
}

/// An image's objects, the kinds in the order of their names.
fn objects(
    transaction: &Transaction<'_>,
    folder: &Folder,
    from: &str,
    before: &str,
    limit: i64,
) -> Result<Vec<Listed>, Error> {
    let kinds: [(&str, Query); 3] = [("blob_", blobs), ("manifest_", manifests), ("tag_", tags)];
    let mut found = Vec::new();
    for (prefix, list) in kinds {
        let Some(from) = within(prefix, from) else {
            continue;
        };
        let before = match within(prefix, before) {
            Some("") => break,
            before => before.unwrap_or(AFTER_ALL),
        };
        let left = limit - i64::try_from(found.len()).unwrap_or(i64::MAX);
        if left <= 0 {
            break;
        }
        let values = [
            folder.repository.into(),
            from.into(),
            before.into(),
            left.into(),
        ];
        found.extend(list(transaction, folder, &values)?);
    }
    Ok(found)
}

/// Where among the names with a prefix a text stands, without the prefix: empty when before all, `None` when after all.
fn within<'t>(prefix: &str, text: &'t str) -> Option<&'t str> {
    match text.strip_prefix(prefix) {
        Some(rest) => Some(rest),
        None if text < prefix => Some(""),
        None => None,
    }
}

type Query = fn(&Transaction<'_>, &Folder, &[Value<'_>; 4]) -> Result<Vec<Listed>, Error>;

fn image(folder: &Folder) -> Result<ImagePath, Error> {
    ImagePath::parse(folder.path.trim_end_matches('/'))
        .map_err(|error| Error::Corrupt(error.to_string()))
}

fn blobs(
    transaction: &Transaction<'_>,
    folder: &Folder,
    values: &[Value<'_>; 4],
) -> Result<Vec<Listed>, Error> {
    let image = image(folder)?;
    transaction.list(
        "SELECT l.digest, b.size, b.created_at FROM repository_blobs l JOIN blobs b ON b.id = l.blob \
         WHERE l.repository = $1 AND l.digest >= $2 AND l.digest < $3 ORDER BY l.digest LIMIT $4",
        values,
        |row| {
            let digest: Digest = row.parsed(0)?;
            Ok(Listed {
                image: image.clone(),
                object: Object::Blob(digest),
                digest,
                size: row.count(1)?,
                media_type: None,
                created_at: row.time(2)?,
            })
        },
    )
}

fn manifests(
    transaction: &Transaction<'_>,
    folder: &Folder,
    values: &[Value<'_>; 4],
) -> Result<Vec<Listed>, Error> {
    let image = image(folder)?;
    transaction.list(
        "SELECT digest, length(content), created_at, media_type FROM manifests \
         WHERE repository = $1 AND digest >= $2 AND digest < $3 ORDER BY digest LIMIT $4",
        values,
        |row| {
            let digest: Digest = row.parsed(0)?;
            Ok(Listed {
                image: image.clone(),
                object: Object::Manifest(digest),
                digest,
                size: row.count(1)?,
                media_type: Some(row.text(3)?),
                created_at: row.time(2)?,
            })
        },
    )
}

fn tags(
    transaction: &Transaction<'_>,
    folder: &Folder,
    values: &[Value<'_>; 4],
) -> Result<Vec<Listed>, Error> {
    let image = image(folder)?;
    transaction.list(
        "SELECT t.digest, length(m.content), t.updated_at, m.media_type, t.name FROM tags t \
         JOIN manifests m ON m.repository = t.repository AND m.digest = t.digest \
         WHERE t.repository = $1 AND t.name >= $2 AND t.name < $3 ORDER BY t.name LIMIT $4",
        values,
        |row| {
            let tag: Tag = row.parsed(4)?;
            Ok(Listed {
                image: image.clone(),
                object: Object::Tag(tag),
                digest: row.parsed(0)?,
                size: row.count(1)?,
                media_type: Some(row.text(3)?),
                created_at: row.time(2)?,
            })
        },
    )
}

#[cfg(test)]
mod tests;
